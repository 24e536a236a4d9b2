"""Random sequences of everyday commands, checked after each step against builds from scratch.

    .venv/bin/python tests/workflow/walk.py --walks 40 --steps 30 --seed 1

A walk begins in a built workspace and takes steps: commands of Snakemake, DVC and Git, edits of params and code, kills,
a second terminal, clones. After each:

- every output that is claimed to be fresh has the bytes of a build from scratch with these params and this code;
- metrics.json stands beside no other params: in the workspace after a build, in every experiment always;
- where `dvc status` finds nothing to do, neither does `snakemake -n`; after a whole build both find nothing;
- no student was trained whose checkpoints were fresh before;
- nothing ended in a traceback.

Builds from scratch are kept by params and code. The suite takes one short walk (test_walk.py).
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

from workspaces import BIN, LEARNING_RATE, Ran, Workspace, fresh

TRAINED = "results/checkpoints/nano/training.csv"
METRICS = "results/metrics.json"
RATE, TITLE, ITEMS = "learning rate", "title", "items"
PARAMS = {
    RATE: LEARNING_RATE,
    TITLE: ("  title: Tiny run", "  title: Tiny walk"),
    ITEMS: ("  items: 4", "  items: 3"),
}
"""What may be edited in params.yaml, forth and back."""
CODE = {
    "src/specialize/evaluate/prompts.py": "\n# A comment, which counts for nothing.\n",
    "src/specialize/evaluate/select.py": "\n_EDITED = 1\n",
}
"""Files of code, and what is appended to them, forth and back."""
REFUSED = "which record what they build"


class PromiseBrokenError(AssertionError):
    """The promise is broken."""


class FreshBuilds:
    """Digests of builds from scratch, by params and code."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[str, dict[str, str]] = {}

    def add(self, workspace: Workspace) -> None:
        """Take a workspace that was built from scratch."""
        self.known[recipe_of(workspace.folder)] = workspace.digests()

    def of(self, files: Mapping[str, str]) -> dict[str, str]:
        """files: params.yaml and the files of CODE → text."""
        key = str(sorted(files.items()))
        if key not in self.known:
            workspace = fresh(self.folder / f"fresh{len(self.known)}")
            for name, text in files.items():
                (workspace.folder / name).write_text(text, encoding="utf-8")
            workspace.snakemake()
            self.known[key] = workspace.digests()
            shutil.rmtree(workspace.folder)
        return self.known[key]


def deciding(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text(encoding="utf-8") for name in ("params.yaml", *CODE)}


def recipe_of(folder: Path) -> str:
    return str(sorted(deciding(folder).items()))


class Walk:
    """One walk. dice: decides everything that is random; folder: for clones."""

    def __init__(self, workspace: Workspace, builds: FreshBuilds, dice: random.Random, folder: Path) -> None:
        self.workspace, self.builds, self.dice, self.folder = workspace, builds, dice, folder
        self.steps: list[str] = []
        self.experiments = self.clones = 0
        self.checked: set[str] = set()
        workspace.dvc("remote", "add", "--default", "store", str(folder / "remote"))
        workspace.dvc("remote", "modify", "store", "verify", "true")
        workspace.commit("walk")

    def step(self, name: str) -> None:
        """Take one step and check. Raises PromiseBrokenError."""
        self.steps.append(name)
        was_trained = TRAINED in self.workspace.fresh_outputs()
        edited = deciding(self.workspace.folder)
        command, whole, builds = STEPS[name]
        with self.workspace.recorded() as jobs:
            ran = command(self)
        same = edited == deciding(self.workspace.folder)
        if ran and "Traceback (most recent call last)" in ran.text:
            raise PromiseBrokenError(f"a traceback: {ran.text[-3000:]}")
        if same and was_trained and jobs["train_student"]:
            raise PromiseBrokenError("a student was trained though its checkpoints were fresh")
        self.check(built=builds and same, whole=whole and same and ran is not None and ran.status == 0)

    def check(self, built: bool, whole: bool) -> None:
        """built: a build was begun; whole: it was one of everything, and ended well."""
        workspace = self.workspace
        right = self.builds.of(deciding(workspace.folder))
        stands = workspace.digests()
        for name in workspace.fresh_outputs():
            if stands.get(name) != right.get(name):
                raise PromiseBrokenError(f"{name} is called fresh, and is not what a build from scratch makes")
        if built and stands.get(METRICS, right[METRICS]) != right[METRICS]:
            raise PromiseBrokenError("metrics.json of other params stands after a build")
        looked, status = workspace.snakemake("-n", status=None), workspace.dvc("status", status=None)
        for ran in (looked, status):
            if "Traceback (most recent call last)" in ran.text:
                raise PromiseBrokenError(f"a traceback: {ran.text[-3000:]}")
        clean = status.status == 0 and "up to date" in status.text
        if clean and not looked.nothing_to_do:
            raise PromiseBrokenError(f"`dvc status` is clean, `snakemake -n` is not: {looked.text[-2000:]}")
        if whole and not (clean and looked.nothing_to_do):
            raise PromiseBrokenError(f"after a whole build: {status.text[-1500:]}\n{looked.text[-1500:]}")
        self.check_experiments()

    def check_experiments(self) -> None:
        """Each experiment's metrics.json belongs to its params.yaml and code."""
        refs = self.workspace.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/exps").text.splitlines()
        for ref, commit in (line.split() for line in refs):
            parts = ref.split("/")
            if len(parts) < 5 or parts[2] in ("exec", "stash", "celery", "temp") or commit in self.checked:
                continue
            self.checked.add(commit)
            shown = self.workspace.run("git", "show", f"{commit}:{METRICS}", status=None)
            if shown.status != 0:
                continue
            files = {name: self.workspace.git("show", f"{commit}:{name}").text for name in ("params.yaml", *CODE)}
            if sha256_text(shown.text) != self.builds.of(files)[METRICS]:
                raise PromiseBrokenError(f"experiment {ref} shows scores of other params")

    def toggle(self, name: str) -> None:
        """Edit params forth, or back."""
        old, new = PARAMS[name]
        text = (self.workspace.folder / "params.yaml").read_text(encoding="utf-8")
        self.workspace.edit("params.yaml", *((old, new) if old in text else (new, old)))

    def toggle_code(self) -> None:
        name = self.dice.choice(list(CODE))
        file = self.workspace.folder / name
        text = file.read_text(encoding="utf-8")
        added = CODE[name]
        file.write_text(text.removesuffix(added) if text.endswith(added) else text + added, encoding="utf-8")

    def start(self, *command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(BIN / command[0]), *command[1:]], cwd=self.workspace.folder, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip

    def kill(self, *command: str) -> None:
        """SIGKILL for a command and all its jobs, at a random moment."""
        process = self.start(*command)
        try:
            process.communicate(timeout=self.dice.uniform(1, 25))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()

    def second_terminal(self, *command: str) -> Ran:
        """Params are edited, looked at and put back while a command runs."""
        process = self.start(*command)
        self.dice.uniform(0, 1)
        self.toggle(RATE)
        self.workspace.snakemake("-n", status=None)
        self.toggle(RATE)
        said, _ = process.communicate()
        return Ran(said, process.returncode)

    def refused(self, *command: str) -> Ran:
        ran = self.workspace.dvc(*command, status=None)
        if ran.status == 0 or REFUSED not in ran.text:
            raise PromiseBrokenError(f"dvc {' '.join(command)} was not refused: {ran.text[-1000:]}")
        return ran

    def experiment(self) -> Ran:
        self.experiments += 1
        return self.workspace.dvc("exp", "run", "--name", f"walk{self.experiments}", status=None)

    def apply(self) -> Ran | None:
        if not self.experiments:
            return None
        return self.workspace.dvc("exp", "apply", f"walk{self.dice.randint(1, self.experiments)}", status=None)

    def relink(self) -> Ran:
        self.workspace.dvc("config", "--local", "cache.type", self.dice.choice(["hardlink", "symlink", "copy"]))
        return self.workspace.dvc("checkout", "--relink", status=None)

    def commit(self) -> None:
        """Only of what Snakemake calls built: a commit of an edit alone is Git's own business."""
        if self.workspace.snakemake("-n", status=None).nothing_to_do:
            self.workspace.run("git", "add", "--all")
            self.workspace.run("git", "commit", "--quiet", "--message=step", status=None)

    def switch(self) -> Ran:
        """To another branch and back to its results, as far as DVC has them."""
        self.workspace.run("git", "stash", "--include-untracked", status=None)
        self.workspace.run("git", "switch", "--quiet", "-C", f"b{self.dice.randint(0, 2)}", status=None)
        self.workspace.run("git", "stash", "pop", status=None)
        return self.workspace.dvc("checkout", status=None)

    def clone(self) -> Ran | None:
        """A clone of what is committed takes the place of the workspace."""
        if self.workspace.dvc("push", "--quiet", status=None).status != 0:
            return None
        self.clones += 1
        target = self.folder / f"clone{self.clones}"
        self.workspace.git("clone", "--quiet", str(self.workspace.folder), str(target))
        clone = Workspace(target)
        for key, value in (("user.email", "test@example.org"), ("user.name", "test")):
            clone.git("config", key, value)
        self.workspace, self.experiments = clone, 0
        return clone.dvc("pull", status=None)


def sha256_text(text: str) -> str:
    from specialize.core.files import sha256_text as digest

    return digest(text)


Command = Callable[[Walk], Ran | None]
STEPS: dict[str, tuple[Command, bool, bool]] = {
    "snakemake": (lambda walk: walk.workspace.snakemake(status=None), True, True),
    "snakemake -n": (lambda walk: walk.workspace.snakemake("-n", status=None), False, False),
    "partial target": (lambda walk: walk.workspace.snakemake(TRAINED, status=None), False, True),
    "dvc repro": (lambda walk: walk.workspace.dvc("repro", status=None), True, True),
    "dvc repro train@nano": (lambda walk: walk.workspace.dvc("repro", "train@nano", status=None), False, True),
    "dvc exp run": (Walk.experiment, True, True),
    "dvc exp apply": (Walk.apply, False, False),
    "dvc exp save": (lambda walk: walk.refused("exp", "save"), False, False),
    "dvc commit -f": (lambda walk: walk.refused("commit", "--force"), False, False),
    "dvc gc -w": (lambda walk: walk.workspace.dvc("gc", "--workspace", "--force", status=None), False, False),
    "relink": (Walk.relink, False, False),
    "git commit": (Walk.commit, False, False),
    "git switch": (Walk.switch, False, False),
    "clone and pull": (Walk.clone, False, False),
    "edit learning rate": (lambda walk: walk.toggle(RATE), False, False),
    "edit title": (lambda walk: walk.toggle(TITLE), False, False),
    "edit items": (lambda walk: walk.toggle(ITEMS), False, False),
    "edit code": (Walk.toggle_code, False, False),
    "kill snakemake": (lambda walk: walk.kill("snakemake", "--cores", "2"), False, False),
    "kill dvc repro": (lambda walk: walk.kill("dvc", "repro"), False, False),
    "second terminal, snakemake": (lambda walk: walk.second_terminal("snakemake", "--cores", "2"), False, False),
    "second terminal, dvc": (lambda walk: walk.second_terminal("dvc", "repro"), False, False),
}
"""Step → command, whether it builds everything, whether it begins a build."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--walks", type=int, default=1)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    violations = taken = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        builds = FreshBuilds(folder)
        start = fresh(folder / "start")
        start.snakemake()
        builds.add(start)
        for number in range(args.walks):
            own = folder / f"walk{number}"
            dice = random.Random(f"{args.seed}/{number}")
            walk = Walk(start.copy(own / "project"), builds, dice, own)
            try:
                for _ in range(args.steps):
                    walk.step(dice.choice(list(STEPS)))
                    taken += 1
            except Exception:
                violations += 1
                print(
                    f"walk {number} of seed {args.seed}: {' | '.join(walk.steps)}\n{traceback.format_exc()}", flush=True
                )
            else:
                print(f"walk {number} of seed {args.seed}: {' | '.join(walk.steps)}: held", flush=True)
            shutil.rmtree(own, ignore_errors=True)
        print(f"{args.walks} walks, {taken} steps, {len(builds.known)} builds from scratch, {violations} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
