"""Kill each stage again and again, at random moments, and see that the same command ends in the same bytes (row T13).

    .venv/bin/python tests/workflow/kill_often.py --kills 20

builds a tiny run, then for each stage: takes its results away, starts it, kills it and all its jobs with SIGKILL at a
random moment after its first job began, starts the same command again. Every `--between` kills the command is left to
end, and all of results/ must be as it was, byte for byte. The suite does this once a stage (test_agreement.py).
"""

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from workspaces import BIN, Workspace, fresh

STUDENT = "nano"
LONGER = {
    "  steps: 4\n  checkpoint_every: 4\n": "  steps: 36\n  checkpoint_every: 9\n",
    "{train: 24, ": "{train: 96, ",
}
"""Edits of presets/tiny.yaml: work enough that a kill finds some of it done."""


@dataclass(frozen=True)
class Stage:
    """What is built, and the folders that hold it."""

    target: str
    folders: tuple[str, ...]


STAGES = {
    "teacher": Stage("results/completions/part-00000.parquet", ("results/completions",)),
    "train": Stage(f"results/checkpoints/{STUDENT}/training.csv", (f"results/checkpoints/{STUDENT}",)),
    "evaluate": Stage(
        f"results/scores/{STUDENT}/selected.json", (f"results/scores/{STUDENT}", f"results/predictions/{STUDENT}")
    ),
}


def forget(workspace: Workspace, stage: Stage) -> None:
    """Take the stage's results away, and whatever it could resume from."""
    for folder in (*stage.folders, "results/work"):
        shutil.rmtree(workspace.folder / folder, ignore_errors=True)


def kill_at(workspace: Workspace, stage: Stage, seconds: float) -> str | None:
    """Start the stage, and kill it so many seconds after its first job began. None: it had ended before.

    Returns what was there when it died: the number of files that it had left in work and result folders.
    """
    process = subprocess.Popen(
        [BIN / "snakemake", "--cores", "2", stage.target],
        cwd=workspace.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    said = []
    for line in process.stdout:
        said.append(line)
        if re.match(r"---- \d+ jobs?: ", line):
            break
    else:
        assert process.wait() == 0, "".join(said)[-3000:]
        return None  # the last kill had come after the last job
    try:
        process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        left = [path for name in (*stage.folders, "results/work") for path in (workspace.folder / name).rglob("*")]
        return f"{len([path for path in left if path.is_file()])} files"
    return None


def finish(workspace: Workspace, stage: Stage) -> None:
    """Run the same command to its end: DVC must know of it too, whatever it was that the kill cut off."""
    workspace.snakemake(stage.target)
    assert "up to date" in workspace.dvc("status").text


def duration(workspace: Workspace, stage: Stage) -> float:
    """Seconds from the first job's start to the end of an uninterrupted run."""
    forget(workspace, stage)
    begin = time.monotonic()
    ran = workspace.snakemake(stage.target)
    assert ran.rules
    startup = time.monotonic()
    workspace.snakemake("-n", stage.target)
    return max(1.0, 2 * startup - begin - time.monotonic())


def torture(workspace: Workspace, name: str, stage: Stage, kills: int, between: int, dice: random.Random) -> int:
    """Kill a stage `kills` times; return how many uninterrupted ends were compared. Raises AssertionError at the first
    that differs."""
    truth = workspace.digests()
    longest = duration(workspace, stage)
    assert workspace.digests() == truth, f"{name}: two uninterrupted runs differ"
    done = compared = 0
    forget(workspace, stage)
    while done < kills:
        moment = dice.uniform(0, longest)
        left = kill_at(workspace, stage, moment)
        if left is None:
            assert workspace.digests() == truth, f"{name}: ended in time after kills, in other bytes"
            compared += 1
            forget(workspace, stage)
            continue
        done += 1
        print(f"{name}: kill {done} of {kills}, {moment:.2f} s after its first job began, {left} there", flush=True)
        if done % between == 0 or done == kills:
            finish(workspace, stage)
            assert workspace.digests() == truth, f"{name}: other bytes after a kill at {moment:.2f} s"
            compared += 1
            forget(workspace, stage)
    finish(workspace, stage)
    return compared


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20, help="kills a stage")
    parser.add_argument("--between", type=int, default=2, help="kills before the command is left to end")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=list(STAGES))
    parser.add_argument("--seed", type=int, default=None)
    args = parser.parse_args()
    seed = args.seed if args.seed is not None else random.SystemRandom().randrange(10**6)
    dice = random.Random(seed)
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        workspace = fresh(Path(folder) / "project")
        for old, new in LONGER.items():
            workspace.edit("params.yaml", old, new)
        workspace.snakemake()
        for name in args.stages:
            compared = torture(workspace, name, STAGES[name], args.kills, args.between, dice)
            print(f"{name}: {args.kills} kills, {compared} ends compared, all the same bytes", flush=True)


if __name__ == "__main__":
    sys.exit(main())
