"""`kill -9` at random moments of a sampling run: nothing is lost, nothing is paid twice but what was in flight.

    .venv/bin/python tests/workflow/kill_sampling.py [--kills 50] [--problems 200] [--samples 10] [--seed 1]

A local teacher with 50 ms of latency counts what it serves; the sampler is killed again and again and then left alone.
The short version is test_kill_sampling.py.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from specialize.core.files import write_json, write_records, write_text
from specialize.lineage.code_digest import code_digest
from specialize.lineage.recipe import recipe_text
from specialize.records.problems import Problem
from specialize.records.recipes import Recipe

CONCURRENCY = 4
PER_REQUEST = 2


def problems(count: int) -> list[Problem]:
    """Return small problems with worked solutions."""
    return [
        Problem(
            id=f"d/{a}",
            dataset="d",
            question=f"Ada has {a} pens and buys 7 more, then gives 5 away. How many are left?",
            answer=str(a + 2),
            kind="number",
            rationale=f"Ada has {a} + 7 = {a + 7} pens.\nThere are {a + 7} - 5 = {a + 2} pens left.",
        )
        for a in range(10, 10 + count)
    ]


@contextmanager
def served(folder: Path, faults: dict[str, Any]) -> Iterator[str]:
    """Serve the problems of the folder; yield the base URL."""
    write_json(folder / "faults.json", faults)
    command = [sys.executable, "-m", "specialize.teacher", "serve", "--port", "0", "--with-parent"]
    command += ["--faults", str(folder / "faults.json"), "--problems", str(folder / "problems.jsonl")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None and server.stdin is not None
        yield server.stdout.readline().strip()
        server.stdin.close()


def stats(url: str) -> dict[str, int]:
    """Return the server's own counts."""
    with urllib.request.urlopen(url.removesuffix("/v1") + "/stats") as answer:
        counts: dict[str, int] = json.load(answer)
    return counts


def prepare(folder: Path, url: str, **params: Any) -> None:
    """Write the recipe of a run against `url`."""
    settings = {"mode": "online", "base_url": url, "top_k": 5, **params}
    recipe = Recipe(phase="teacher", name="teacher", params=settings, code=code_digest("teacher"), rules="", files={})
    write_text(folder / "teacher.json", recipe_text(recipe))


def sampling(folder: Path, cache: str, output: str, **limits: Any) -> "subprocess.Popen[str]":
    """Start the sampler."""
    limits = {"concurrency": CONCURRENCY, "samples_per_request": PER_REQUEST, "backoff_s": 0.05, **limits}
    command = [sys.executable, "-m", "specialize.teacher", "sample", "--recipe", "teacher.json"]
    command += ["--problems", "problems.jsonl", "--limits", json.dumps(limits)]
    command += ["--output", f"{output}/part-00000.parquet"]
    environment = {**os.environ, "SPECIALIZE_CACHE": str(folder / cache)}
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def finish(process: "subprocess.Popen[str]") -> str:
    """Wait for the sampler to end well; return what it said."""
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said
    return said


def run(folder: Path, count: int, samples: int, kills: int, seed: int) -> dict[str, int]:
    """Kill, go on, compare. Raises AssertionError where something is lost or paid for twice."""
    write_records(folder / "problems.jsonl", problems(count))
    rng, wanted = random.Random(seed), count * samples
    with served(folder, {"latency_s": 0.05}) as url:
        prepare(folder, url, samples=samples)
        done = 0
        while done < kills:
            before = stats(url).get("requests", 0)
            process = sampling(folder, "cache", "killed")
            while process.poll() is None and stats(url).get("requests", 0) == before:
                time.sleep(0.02)
            time.sleep(rng.uniform(0, 0.05 * wanted / kills / (CONCURRENCY * PER_REQUEST)))
            if process.poll() is not None:
                break
            process.kill()
            process.communicate()
            done += 1
        finish(sampling(folder, "cache", "killed"))
        time.sleep(0.2)
        served_samples = stats(url)["choices"]
        finish(sampling(folder, "whole cache", "whole"))
        assert stats(url)["choices"] - served_samples == wanted
    most = wanted + done * CONCURRENCY * PER_REQUEST
    assert wanted <= served_samples <= most, f"{served_samples} served for {wanted} samples; at most {most} allowed"
    for name in ("part-00000.parquet", "sampling.json"):
        assert (folder / "killed" / name).read_bytes() == (folder / "whole" / name).read_bytes(), name
    return {"samples": wanted, "kills": done, "served": served_samples, "allowed": most}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in {"kills": 50, "problems": 200, "samples": 10, "seed": 1}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(run(Path(folder), args.problems, args.samples, args.kills, args.seed))


if __name__ == "__main__":
    main()
