"""The steps of walk.py: everyday commands, edits, kills, clones."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from workspaces import LEARNING_RATE, Ran, Workspace

TRAINED = "results/checkpoints/nano/training.csv"
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
LATEST_S = 15.0
"""Kills come within so many seconds."""


class PromiseBrokenError(AssertionError):
    """The promise is broken."""


class Walker:
    """Where a walk is. dice: decides everything that is random; folder: for clones and the remote."""

    def __init__(self, workspace: Workspace, dice: random.Random, folder: Path) -> None:
        self.workspace, self.dice, self.folder = workspace, dice, folder
        self.experiments = self.clones = 0
        workspace.dvc("remote", "add", "--default", "store", str(folder / "remote"))
        workspace.dvc("remote", "modify", "store", "verify", "true")
        workspace.commit("walk")

    def deciding(self) -> dict[str, str]:
        """File → text of params and of the code that is edited."""
        names = ("params.yaml", *CODE)
        return {name: (self.workspace.folder / name).read_text(encoding="utf-8") for name in names}

    def toggle(self, name: str) -> None:
        """Edit params forth, or back."""
        old, new = PARAMS[name]
        text = (self.workspace.folder / "params.yaml").read_text(encoding="utf-8")
        self.workspace.edit("params.yaml", *((old, new) if old in text else (new, old)))

    def toggle_code(self) -> None:
        name = self.dice.choice(list(CODE))
        file = self.workspace.folder / name
        text, added = file.read_text(encoding="utf-8"), CODE[name]
        file.write_text(text.removesuffix(added) if text.endswith(added) else text + added, encoding="utf-8")

    def harm(self) -> None:
        """Lose a result, or change one in place."""
        held = list(self.workspace.digests("results/problems", "results/scores", "results/traces"))
        if not held:
            return
        path = self.workspace.folder / self.dice.choice(held)
        if self.dice.random() < 0.5:
            path.unlink()
        else:
            data = path.read_bytes()
            path.unlink()  # it may be a link into DVC's cache
            path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]) if data else b"x")

    def start(self, *command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(self.workspace.bin / command[0]), *command[1:]], cwd=self.workspace.folder, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip

    def kill(self, *command: str) -> None:
        """SIGKILL for a command and all its jobs, at a random moment."""
        process = self.start(*command)
        try:
            process.communicate(timeout=self.dice.uniform(0.5, LATEST_S))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            time.sleep(0.2)

    def second_terminal(self, *command: str) -> Ran:
        """Params are edited, looked at and put back while a command runs."""
        process = self.start(*command)
        time.sleep(self.dice.uniform(0, LATEST_S / 2))
        self.toggle(RATE)
        self.workspace.snakemake("-n", status=None)
        if self.dice.random() < 0.5:
            self.workspace.dvc("status", status=None)
        self.toggle(RATE)
        said, _ = process.communicate()
        return Ran(said, process.returncode)

    def refused(self, *command: str) -> Ran:
        ran = self.workspace.dvc(*command, status=None)
        if ran.status == 0 or REFUSED not in ran.text:
            raise PromiseBrokenError(f"dvc {' '.join(command)} was not refused: {ran.text[-1000:]}")
        return ran

    def experiment(self, *options: str) -> Ran:
        self.experiments += 1
        return self.workspace.dvc("exp", "run", "--name", f"walk{self.experiments}", *options, status=None)

    def set_experiment(self) -> Ran:
        return self.experiment("--set-param", f"train.learning_rate={self.dice.choice(['0.005', '0.004'])}")

    def partial_experiment(self) -> Ran:
        return self.experiment(self.dice.choice(["train@nano", "evaluate@nano", "report"]))

    def save(self) -> Ran:
        self.experiments += 1
        command = [str(self.workspace.bin / "python"), "workflow/record_in_dvc.py", "--save", f"walk{self.experiments}"]
        return self.workspace.run("env", "PYTHONPATH=src", *command, status=None)

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
        """To another branch, which may be new, and to its results as far as DVC has them; edits are given up."""
        self.workspace.run("git", "stash", "--include-untracked", status=None)
        self.workspace.run("git", "stash", "drop", status=None)
        branch = f"b{self.dice.randint(0, 2)}"
        if self.workspace.run("git", "switch", "--quiet", branch, status=None).status:
            self.workspace.run("git", "switch", "--quiet", "--create", branch)
        return self.workspace.dvc("checkout", status=None)

    def clone(self) -> Ran | None:
        """A clone of what is committed takes the place of the workspace."""
        if self.workspace.dvc("push", "--quiet", status=None).status != 0:
            return None
        self.clones += 1
        target = self.folder / f"clone{self.clones}"
        self.workspace.git("clone", "--quiet", str(self.workspace.folder), str(target))
        clone = Workspace(target, self.workspace.bin)
        for key, value in (("user.email", "test@example.org"), ("user.name", "test")):
            clone.git("config", key, value)
        self.workspace, self.experiments = clone, 0
        return clone.dvc("pull", *(["--run-cache"] if self.dice.random() < 0.3 else []), status=None)


@dataclass(frozen=True)
class Step:
    """What a step does. whole: it builds everything; builds: it begins a build; disturbed: params change meanwhile."""

    command: Callable[[Walker], Ran | None]
    whole: bool = False
    builds: bool = False
    disturbed: bool = False


def _snakemake(*arguments: str) -> Callable[[Walker], Ran]:
    return lambda walker: walker.workspace.snakemake(*arguments, status=None)


def _dvc(*arguments: str) -> Callable[[Walker], Ran]:
    return lambda walker: walker.workspace.dvc(*arguments, status=None)


STEPS: dict[str, Step] = {
    "snakemake": Step(_snakemake(), whole=True, builds=True),
    "snakemake -n": Step(_snakemake("-n")),
    "snakemake TARGET": Step(_snakemake(TRAINED), builds=True),
    "snakemake --touch": Step(_snakemake("--touch")),
    "dvc repro": Step(_dvc("repro"), whole=True, builds=True),
    "dvc repro train@nano": Step(_dvc("repro", "train@nano"), builds=True),
    "dvc repro --single-item evaluate@nano": Step(_dvc("repro", "--single-item", "evaluate@nano")),
    "dvc exp run": Step(Walker.experiment, whole=True, builds=True),
    "dvc exp run --set-param": Step(Walker.set_experiment, disturbed=True),
    "dvc exp run STAGE": Step(Walker.partial_experiment, builds=True),
    "make save": Step(Walker.save),
    "dvc exp apply": Step(Walker.apply),
    "dvc exp save": Step(lambda walker: walker.refused("exp", "save")),
    "dvc commit -f": Step(lambda walker: walker.refused("commit", "--force")),
    "dvc checkout": Step(_dvc("checkout")),
    "dvc gc -w": Step(_dvc("gc", "--workspace", "--force")),
    "relink": Step(Walker.relink),
    "git commit": Step(Walker.commit),
    "git switch": Step(Walker.switch),
    "clone and pull": Step(Walker.clone),
    "edit learning rate": Step(lambda walker: walker.toggle(RATE)),
    "edit title": Step(lambda walker: walker.toggle(TITLE)),
    "edit items": Step(lambda walker: walker.toggle(ITEMS)),
    "edit code": Step(Walker.toggle_code),
    "lose or change a result": Step(Walker.harm),
    "kill snakemake": Step(lambda walker: walker.kill("snakemake", "--cores", "2")),
    "kill dvc repro": Step(lambda walker: walker.kill("dvc", "repro")),
    "second terminal, snakemake": Step(
        lambda walker: walker.second_terminal("snakemake", "--cores", "2"), disturbed=True
    ),
    "second terminal, dvc": Step(lambda walker: walker.second_terminal("dvc", "repro"), disturbed=True),
}
