"""Real git, dvc and snakemake processes in fresh folders, on presets/tiny.yaml."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from specialize.core.params.load import load_params
from specialize.lineage.staleness import judge
from specialize.lineage.write_recipes import recipe_texts

PROJECT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("WARM_BIN") or Path(sys.executable).parent)
"""Folder of the commands `snakemake` and `dvc`. `warm.py COMMAND …` runs a command where they start quickly."""
LEARNING_RATE = ("  learning_rate: 5.0e-3", "  learning_rate: 4.0e-3")
"""What `Workspace.edit` takes to make the usual change of these tests."""


@dataclass
class Ran:
    """What a process said."""

    text: str
    status: int

    @property
    def rules(self) -> list[str]:
        """Names of the rules whose jobs ended, well or not, or in a dry run would run, one a job."""
        ended = re.findall(r"^---- (?:\d+ of \d+ jobs?|failed): (\w+)", self.text, re.MULTILINE)
        planned = re.findall(r"^  (\w+) +(\d+)  \S", self.text, re.MULTILINE)
        return [*ended, *(rule for rule, count in planned for _ in range(int(count)))]

    @property
    def stages(self) -> list[str]:
        """Names of the stages that DVC ran."""
        return re.findall(r"Running stage '([^']+)'", self.text)

    @property
    def nothing_to_do(self) -> bool:
        return "Nothing to be done" in self.text and not self.rules


class Workspace:
    """A copy of the project with its own history."""

    def __init__(self, folder: Path, bin: Path = BIN) -> None:
        """bin: folder of the commands `snakemake` and `dvc`."""
        self.folder, self.bin = folder, bin

    def run(self, *command: str, status: int | None = 0) -> Ran:
        done = subprocess.run(
            command,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=1200,
            check=False,
        )
        if status is not None:
            assert done.returncode == status, f"{' '.join(command)} -> {done.returncode}\n{done.stdout[-6000:]}"
        return Ran(done.stdout, done.returncode)

    def snakemake(self, *arguments: str, status: int | None = 0) -> Ran:
        return self.run(str(self.bin / "snakemake"), "--cores", "2", *arguments, status=status)

    def dvc(self, *arguments: str, status: int | None = 0) -> Ran:
        return self.run(str(self.bin / "dvc"), *arguments, status=status)

    def git(self, *arguments: str) -> Ran:
        return self.run("git", *arguments)

    @contextmanager
    def recorded(self) -> Iterator[Counter[str]]:
        """Count the jobs, by rule, that Snakemake's own record (.snakemake/metadata) has more at the end."""
        jobs: Counter[str] = Counter()
        before = self._record()
        yield jobs
        jobs.update(job[0] for job, began in self._record().items() if before.get(job) != began)

    def records(self) -> dict[str, dict]:
        """Output → what Snakemake's own record says of the job that made it."""
        folder = self.folder / ".snakemake" / "metadata"
        files = [path for path in folder.rglob("*") if path.is_file()]
        # A name is the path in base64; a long one goes on in folders.
        names = ["".join(part.removeprefix("@") for part in path.relative_to(folder).parts) for path in files]
        paths = [base64.urlsafe_b64decode(name).decode() for name in names]
        return {name: json.loads(path.read_text()) for name, path in zip(paths, files, strict=True)}

    def _record(self) -> dict[tuple[str, ...], float]:
        """Job (its rule and log files) → when it began. There is a record for each output, a moment after the last."""
        began: dict[tuple[str, ...], float] = {}
        for record in self.records().values():
            job = (record["rule"], *record["log"])
            began[job] = max(record["starttime"], began.get(job, 0.0))
        return began

    def commit(self, message: str = "run") -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", f"--message={message}")

    def locked(self) -> dict[str, str]:
        """Output → content hash, by dvc.lock."""
        return _outputs((self.folder / "dvc.lock").read_text())

    def experiment_ref(self, name: str) -> str:
        (found,) = (
            ref for ref in self.git("for-each-ref", "--format=%(refname)").text.split() if ref.endswith(f"/{name}")
        )
        return found

    def experiment(self, name: str) -> dict[str, str]:
        """The same of an experiment."""
        return _outputs(self.git("show", f"{self.experiment_ref(name)}:dvc.lock").text)

    def edit(self, path: str, old: str, new: str) -> None:
        file = self.folder / path
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{path} does not hold {old!r}"
        file.write_text(text.replace(old, new), encoding="utf-8")

    def digests(self, *parts: str) -> dict[str, str]:
        """Path → content hash of every file below results/ that Git or DVC keeps."""
        from specialize.core.files import sha256_file

        skip = ("results/logs/", "results/work/")
        return {
            name: sha256_file(path)
            for path in sorted((self.folder / "results").rglob("*"))
            if path.is_file() and path.name not in (".snakemake_timestamp", ".gitignore")
            if not (name := path.relative_to(self.folder).as_posix()).startswith(skip)
            and (not parts or name.startswith(parts))
        }

    def recipes(self) -> dict[str, str]:
        """File name → text of the recipes that params.yaml and code of this workspace ask for."""
        params = load_params(self.folder / "params.yaml")
        return recipe_texts(params, self.folder, self.folder / "src" / "specialize")

    def fresh_outputs(self) -> list[str]:
        """Outputs that the project's own judgement calls fresh, by params.yaml and code as they are."""
        verdicts = judge(self.folder, self.recipes())
        return [name for verdict in verdicts.values() if verdict.fresh for name in verdict.provenance.outputs]

    def copy(self, folder: Path) -> "Workspace":
        """Another working copy in the same state, time stamps included."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Workspace(folder, self.bin)


def _outputs(lock: str) -> dict[str, str]:
    """Output → content hash, of every stage but the recipes' (whose text Git has)."""
    stages = YAML(typ="safe").load(lock)["stages"]
    return {out["path"]: out["md5"] for name, stage in stages.items() if name != "recipes" for out in stage["outs"]}


def fresh(folder: Path, bin: Path = BIN) -> Workspace:
    """Return a workspace with the files that Git would take, presets/tiny.yaml as params.yaml, all committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.split("\0"):
        source = PROJECT / name
        if (
            name
            and source.is_file()
            and not name.startswith(("tests/", "docs/", "benchmarks/", "results/", "dvc.lock"))
        ):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    (folder / "results").mkdir()
    shutil.copy2(PROJECT / "results" / ".gitignore", folder / "results" / ".gitignore")
    shutil.copy2(PROJECT / "presets" / "tiny.yaml", folder / "params.yaml")
    workspace = Workspace(folder, bin)
    workspace.git("init", "--quiet", "--initial-branch=main")
    workspace.git("config", "user.email", "test@example.org")
    workspace.git("config", "user.name", "test")
    workspace.git("add", "--all")
    workspace.git("commit", "--quiet", "--message=start")
    return workspace
