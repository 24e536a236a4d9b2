"""Random sequences of everyday commands, checked after each step against builds from scratch.

    .venv/bin/python tests/workflow/walk.py --walks 40 --steps 30 --seed 1

A walk begins in a built workspace and takes steps (walk_steps.py): commands of Snakemake, DVC and Git, edits of params
and code, kills, a second terminal, clones. After each:

- every output that is claimed to be fresh has the bytes of a build from scratch with these params and this code;
- metrics.json stands beside no other params: in the workspace after a build, in every experiment always;
- where `dvc status` finds nothing to do, neither does `snakemake -n`; after a whole build both find nothing;
- a whole build that nothing disturbs ends well;
- no student was trained whose checkpoints were fresh before;
- nothing ended in a traceback.

Builds from scratch are kept by their recipes. All commands are real processes, forked from a server that has imported
the libraries (warm.py); a job that a build from scratch has done before, of the same recipe and inputs, copies what it
made then. `--cold` does without both. The suite takes one short walk (test_walk.py).
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
import traceback
from contextlib import nullcontext
from pathlib import Path

from walk_steps import CODE, STEPS, TRAINED, PromiseBrokenError, Walker
from warm import STORE, TRUSTED, warm
from workspaces import BIN, Workspace, fresh

from specialize.core.files import json_text, sha256_text

METRICS = "results/metrics.json"
KEPT = "results/checkpoints/nano: recipe and inputs are unchanged"
"""What a training says that finds its outputs in place of training."""
UNTOUCHED = ("exec", "stash", "celery", "temp")
"""Git refs of DVC's own, below refs/exps."""


class FreshBuilds:
    """Digests of builds from scratch, by the recipes of params and code."""

    def __init__(self, folder: Path, bin: Path = BIN) -> None:
        self.folder, self.bin = folder, bin
        self.known: dict[str, dict[str, str]] = {}

    def add(self, workspace: Workspace) -> None:
        """Take a workspace that was built from scratch."""
        self.known[_key(workspace)] = workspace.digests()

    def of(self, files: dict[str, str]) -> dict[str, str]:
        """files: params.yaml and the files of CODE → text."""
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            workspace = fresh(Path(name) / "project", self.bin)
            for file, text in files.items():
                (workspace.folder / file).write_text(text, encoding="utf-8")
            if (key := _key(workspace)) not in self.known:
                os.environ[TRUSTED] = "1"
                try:
                    workspace.snakemake()
                finally:
                    del os.environ[TRUSTED]
                self.known[key] = workspace.digests()
        return self.known[key]


def _key(workspace: Workspace) -> str:
    return sha256_text(json_text(workspace.recipes()))


class Checker:
    """Takes the steps of one walk, and checks after each."""

    def __init__(self, walker: Walker, builds: FreshBuilds) -> None:
        self.walker, self.builds = walker, builds
        self.steps: list[str] = []
        self.checked: set[str] = set()
        self.rights: dict[str, dict[str, str]] = {}

    def right(self, files: dict[str, str]) -> dict[str, str]:
        """Return the digests of the build from scratch of these params and code."""
        key = json_text(files)
        if key not in self.rights:
            self.rights[key] = self.builds.of(files)
        return self.rights[key]

    def step(self, name: str) -> None:
        """Take one step and check. Raises PromiseBrokenError."""
        walker, step = self.walker, STEPS[name]
        self.steps.append(name)
        print(f"  {name}", file=sys.stderr, flush=True)
        was_trained = TRAINED in walker.workspace.fresh_outputs()
        edited = walker.deciding()
        with walker.workspace.recorded() as jobs:
            ran = step.command(walker)
        same = edited == walker.deciding() and not step.disturbed
        if ran:
            _refuse_traceback(ran.text)
            if step.whole and same and ran.status:
                raise PromiseBrokenError(f"a whole build failed with status {ran.status}: {ran.text[-3000:]}")
        trained = jobs["train_student"] and not (ran and KEPT in ran.text)
        if same and was_trained and trained:
            raise PromiseBrokenError(f"a student was trained though its checkpoints were fresh: {ran and ran.text}")
        self.check(built=step.builds and same, whole=step.whole and same)

    def check(self, built: bool, whole: bool) -> None:
        """built: a build was begun; whole: it was one of everything, and ended well."""
        workspace = self.walker.workspace
        right, stands = self.right(self.walker.deciding()), workspace.digests()
        for name in workspace.fresh_outputs():
            if stands.get(name) != right.get(name):
                raise PromiseBrokenError(f"{name} is called fresh, and is not what a build from scratch makes")
        if built and stands.get(METRICS, right[METRICS]) != right[METRICS]:
            raise PromiseBrokenError("metrics.json of other params stands after a build")
        if whole and stands != right:
            other = sorted(name for name in {*stands, *right} if stands.get(name) != right.get(name))
            raise PromiseBrokenError(f"after a whole build these are not as from scratch: {other}")
        looked, status = workspace.snakemake("-n", status=None), workspace.dvc("status", status=None)
        for ran in (looked, status):
            _refuse_traceback(ran.text)
        clean = status.status == 0 and "up to date" in status.text
        if clean and not looked.nothing_to_do:
            raise PromiseBrokenError(f"`dvc status` is clean, `snakemake -n` is not: {looked.text[-2000:]}")
        if whole and not (clean and looked.nothing_to_do):
            raise PromiseBrokenError(f"after a whole build: {status.text[-1500:]}\n{looked.text[-1500:]}")
        self.check_experiments()

    def check_experiments(self) -> None:
        """Each experiment's metrics.json belongs to its params.yaml and code."""
        workspace = self.walker.workspace
        refs = workspace.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/exps").text.splitlines()
        for ref, commit in (line.split() for line in refs):
            parts = ref.split("/")
            if len(parts) < 5 or parts[2] in UNTOUCHED or commit in self.checked:
                continue
            self.checked.add(commit)
            shown = workspace.run("git", "show", f"{commit}:{METRICS}", status=None)
            if shown.status != 0:
                continue
            files = {name: workspace.git("show", f"{commit}:{name}").text for name in ("params.yaml", *CODE)}
            if sha256_text(shown.text) != self.right(files)[METRICS]:
                raise PromiseBrokenError(f"experiment {ref} shows scores of other params")


def _refuse_traceback(said: str) -> None:
    if "Traceback (most recent call last)" in said:
        raise PromiseBrokenError(f"a traceback: {said[-3000:]}")


def walks(folder: Path, bin: Path, count: int, steps: int, seed: str) -> int:
    """Take the walks; return how many were cut short by a violation."""
    builds = FreshBuilds(folder, bin)
    start = fresh(folder / "start", bin)
    os.environ[TRUSTED] = "1"
    start.snakemake()
    del os.environ[TRUSTED]
    builds.add(start)
    start.commit()
    violations = taken = 0
    for number in range(count):
        own = folder / f"walk{number}"
        dice = random.Random(f"{seed}/{number}")
        checker = Checker(Walker(start.copy(own / "project"), dice, own), builds)
        began = time.monotonic()
        verdict = "held"
        try:
            for _ in range(steps):
                checker.step(dice.choice(list(STEPS)))
                taken += 1
        except Exception:
            violations += 1
            verdict = f"BROKEN\n{traceback.format_exc()}"
            if kept := os.environ.get("WALK_KEEP"):
                shutil.move(checker.walker.workspace.folder, Path(kept) / f"{seed}-{number}")
        told = f"walk {number} of seed {seed}, {time.monotonic() - began:.0f} s, {taken} steps in all"
        print(f"{told}: {' | '.join(checker.steps)}: {verdict}", flush=True)
        shutil.rmtree(own, ignore_errors=True)
    print(f"{count} walks, {taken} steps, {len(builds.known)} builds from scratch, {violations} violations", flush=True)
    return violations


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--walks", type=int, default=1)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--store", type=Path, help="keep what jobs made here, for walks to come")
    parser.add_argument("--cold", action="store_true", help="start every process anew, compute every job")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # The libraries are the server's; the project's code is each workspace's own.
        os.environ.pop("PYTHONPATH", None)
        with nullcontext(BIN) if args.cold else warm(folder / "warm") as bin:
            if not args.cold:
                store = args.store or folder / "store"
                store.mkdir(exist_ok=True)
                os.environ[STORE] = str(store.resolve())
            os.environ["PATH"] = os.pathsep.join(dict.fromkeys([str(bin), str(BIN), os.environ["PATH"]]))
            os.environ["SPECIALIZE_CACHE"] = str(folder / "cache")
            return 1 if walks(folder, bin, args.walks, args.steps, args.seed) else 0


if __name__ == "__main__":
    sys.exit(main())
