"""What every benchmark here needs: rivals in turn in one process, peak memory in fresh ones, a table with the machine.

A benchmark is a script: `.venv/bin/python benchmarks/NAME.py` prints a table and writes benchmarks/results/NAME.json.
No test asserts a time; claims in the documentation quote these files.
"""

import gc
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


def machine(*libraries: str) -> dict[str, Any]:
    """Return what a reader must know of the machine, and the versions of `libraries`."""
    model = platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        names = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        **{name: version(name) for name in libraries},
    }


def alternate(
    rivals: Mapping[str, Callable[[], Any]],
    rounds: int = 5,
    warm_up: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Run the rivals in turn, A B A B …, so that a machine whose speed drifts treats them alike; return seconds.

    clock: `time.process_time` for work of one thread on a machine that others use too."""
    seconds: dict[str, list[float]] = {name: [] for name in rivals}
    for number in range(warm_up + rounds):
        for name, run in rivals.items():
            gc.collect()
            begin = clock()
            run()
            if number >= warm_up:
                seconds[name].append(clock() - begin)
    return seconds


def peak_memory(run: Callable[[], Any]) -> int:
    """Return by how many bytes `run` raises the peak resident memory of a forked process above where it began."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
            before = _status("VmRSS")
            run()
            os.write(writing, str(_status("VmHWM") - before).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as stream:
        said = stream.read()
    _, status = os.waitpid(child, 0)
    if status:
        raise RuntimeError(f"the measured process ended with status {status}")
    return int(said)


def summary(values: Sequence[float]) -> dict[str, float]:
    """Return minimum, median and maximum."""
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def write(name: str, title: str, rows: Sequence[Mapping[str, Any]], *libraries: str, **facts: Any) -> None:
    """Print `rows` as a table and write them with the machine to benchmarks/results/{name}.json."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    table = [columns, *([_shown(row.get(column)) for column in columns] for row in rows)]
    widths = [max(len(row[index]) for row in table) for index in range(len(columns))]
    print(title)
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    RESULTS.mkdir(exist_ok=True)
    content = {"title": title, "machine": machine(*libraries), **facts, "rows": list(rows)}
    (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else "" if value is None else str(value)


def _status(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) * 1024
