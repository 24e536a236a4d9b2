"""How well two cores are used: students side by side with a thread each, beside one at a time with both threads.

    .venv/bin/python benchmarks/cores.py

The students of the default params.yaml, `--steps` updates each. Everything before them is made first and not timed.
Share of the ideal: seconds on one core, divided by two, over seconds on two.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import write
from ruamel.yaml import YAML

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT / "tests" / "workflow"))
from workspaces import Workspace, fresh  # noqa: E402

WAYS = {
    "one core": ["--cores", "1"],
    "two cores, students side by side (ours)": ["--cores", "2"],
    "two cores, one student at a time, two threads": ["--cores", "2", "--set-threads", "train_student=2"],
}


def shorten(workspace: Workspace, steps: int) -> tuple[list[str], list[str]]:
    """Ask for the default's students with fewer updates and no checkpoint on the way.

    Return (files that students begin with, files that their training leaves)."""
    yaml = YAML()
    params = yaml.load(PROJECT / "params.yaml")
    params["train"] |= {"steps": steps, "checkpoint_every": steps, "checkpoints": []}
    yaml.dump(params, workspace.folder / "params.yaml")
    begun_with = [f"results/traces/aligned/{name}/coverage.json" for name in params["traces"]["tokenizers"]]
    begun_with += [f"results/starts/{name}/manifest.json" for name in params["train"]["starts"]]
    return begun_with, [f"results/checkpoints/{name}/training.csv" for name in params["train"]["students"]]


def build(folder: Path, options: list[str], targets: list[str]) -> tuple[float, float]:
    """Run Snakemake; return (seconds, processor seconds of it and its jobs)."""
    before, begin = os.times(), time.perf_counter()
    done = subprocess.run(
        [PROJECT / ".venv" / "bin" / "snakemake", *targets, *options],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    seconds, after = time.perf_counter() - begin, os.times()
    if done.returncode:
        raise RuntimeError(done.stdout[-3000:])
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return seconds, used


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=400)
    args = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as place:
        workspace = fresh(Path(place) / "project")
        begun_with, curves = shorten(workspace, args.steps)
        build(workspace.folder, ["--cores", "2"], begun_with)
        for way, options in WAYS.items():
            for folder in ("checkpoints", "work/train"):
                shutil.rmtree(workspace.folder / "results" / folder, ignore_errors=True)
            seconds, used = build(workspace.folder, options, curves)
            alone = rows[0]["seconds"] if rows else seconds
            cores = int(options[1])
            rows.append(
                {
                    "way": way,
                    "seconds": round(seconds, 1),
                    "processor seconds": round(used, 1),
                    "share of the ideal": round(alone / cores / seconds, 3),
                }
            )
    title = f"{len(curves)} students of the default, {args.steps} updates each"
    write("cores", title, rows, "torch", "transformers", "snakemake", steps=args.steps)


if __name__ == "__main__":
    main()
