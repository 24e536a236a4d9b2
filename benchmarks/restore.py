"""After `git clone` and `dvc pull`: how much is read again before both tools know that nothing is to be done.

    .venv/bin/python benchmarks/restore.py --gigabytes 5

Makes a run with that much in checkpoints and half as much again in completions and traces (faked: fake_run.py), pushes
it to a folder, clones, pulls, then asks `snakemake -n` and `dvc status` in turn. What a tool reads is told by the
operating system (/proc/self/io), less what the same tool reads to print its version.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fake_run import fake
from measure import write

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT / "tests" / "workflow"))
from workspaces import Workspace, fresh  # noqa: E402

WATCHED = """
import atexit, runpy, sys
def tell():
    count = next(line for line in open("/proc/self/io") if line.startswith("rchar"))
    print("READ", count.split()[1], flush=True)
atexit.register(tell)
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""
CHECKPOINTS = 10


def watched(folder: Path, *command: str) -> tuple[float, int, str]:
    """Run a tool's module; return seconds, bytes read, what it said."""
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *command], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, check=False, env=os.environ | {"PYTHONPATH": "src"},
    )  # fmt: skip
    said, _, count = done.stdout.rpartition("READ ")
    if done.returncode or not count:
        raise RuntimeError(f"{command} -> {done.returncode}\n{done.stdout[-3000:]}")
    return time.perf_counter() - begin, int(count.split()[0]), said


def made(folder: Path, size: int) -> Workspace:
    """Return a recorded run with `size` bytes of checkpoints; all weights differ."""
    workspace = fresh(folder)
    steps = f"  steps: {CHECKPOINTS - 1}\n  checkpoint_every: 1\n"
    workspace.edit("params.yaml", "  steps: 4\n  checkpoint_every: 4\n", steps)
    large = {"results/completions/part-00000.parquet": size // 4, "results/traces/traces.parquet": size // 4}
    fake(folder, size // CHECKPOINTS, large)
    for path in sorted(folder.glob("results/checkpoints/*/step-*/model.safetensors")):
        with path.open("r+b") as stream:  # large files are taken at their producer's word
            stream.write(path.parent.name.encode())
    workspace.run("env", "PYTHONPATH=src", sys.executable, "workflow/record_in_dvc.py")
    return workspace


def rows(size: int) -> list[dict[str, object]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workspace = made(folder / "project", size)
        workspace.dvc("remote", "add", "--default", "store", str(folder / "store"))
        workspace.git("add", "--all")
        workspace.git("commit", "--quiet", "--message=run")
        workspace.dvc("push", "--quiet")
        workspace.run("git", "clone", "--quiet", str(workspace.folder), str(folder / "clone"))
        begin = time.perf_counter()
        Workspace(folder / "clone").dvc("pull", "--quiet")
        told: list[dict[str, object]] = [{"what": "dvc pull", "seconds": time.perf_counter() - begin}]
        rest = {tool: watched(folder / "clone", tool, "--version")[1] for tool in ("dvc", "snakemake")}
        for command, expect in (
            (("snakemake", "-n", "--cores", "1"), "Nothing to be done"),
            (("dvc", "status"), "up to date"),
            (("snakemake", "-n", "--cores", "1"), "Nothing to be done"),
            (("dvc", "status"), "up to date"),
        ):
            seconds, read, said = watched(folder / "clone", *command)
            if expect not in said:
                raise RuntimeError(f"{command}: expected '{expect}', got\n{said[-2000:]}")
            read -= rest[command[0]]
            told.append(
                {
                    "what": " ".join(command),
                    "seconds": seconds,
                    "MB read": read / 1e6,
                    "share of all": read / (1.5 * size),
                }
            )
        return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=0.5, help="bytes of all checkpoints together")
    args = parser.parse_args()
    size = int(args.gigabytes * 1e9)
    title = f"After git clone and dvc pull of {1.5 * args.gigabytes:g} GB, one after the other"
    write("restore", title, rows(size), "snakemake", "dvc", checkpoints_bytes=size)


if __name__ == "__main__":
    main()
