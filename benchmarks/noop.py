"""What it costs to see that nothing is to be done.

    .venv/bin/python benchmarks/noop.py

1. `snakemake -n` on a finished run of 500 jobs and more, beside a bare Snakefile with the same rules, jobs and files.
2. `dvc repro` on a finished run of the default params.yaml, with the share of each part.

The runs are faked (fake_run.py): whatever their files hold, this is what has to be looked at.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from fake_run import BIN, bare_snakefile, fake
from measure import alternate, summary, write
from ruamel.yaml import YAML

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT / "tests" / "workflow"))
from workspaces import Workspace, fresh  # noqa: E402

from specialize.lineage.staleness import MEMORY  # noqa: E402

CHECKPOINT_EVERY = 1000
ENVIRONMENT = os.environ | {"PYTHONPATH": "src"}


def runner(folder: Path, *command: str | Path, expect: str = "") -> Callable[[], None]:
    """Return a call that runs a command in `folder` and holds it to its word."""

    def run() -> None:
        done = subprocess.run(
            command,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=ENVIRONMENT,
            check=False,
        )
        if done.returncode or expect not in done.stdout:
            raise RuntimeError(f"{command} -> {done.returncode}\n{done.stdout[-3000:]}")

    return run


def forgetful(folder: Path, run: Callable[[], None]) -> Callable[[], None]:
    """Return the same run in a folder of which no hash is remembered."""

    def first() -> None:
        (folder / MEMORY).unlink(missing_ok=True)
        run()

    return first


def large(workspace: Workspace, students: int, checkpoints: int) -> None:
    """Ask for `students` students with `checkpoints` checkpoints each, on five benchmarks."""
    yaml = YAML()
    params = yaml.load(PROJECT / "params.yaml")
    train = params["train"]
    one = train["students"]["s"]
    train["students"] = {f"student{number:02d}": dict(one) for number in range(students)}
    train["starts"] = {one["start"]: train["starts"][one["start"]]}
    train |= {"steps": (checkpoints - 1) * CHECKPOINT_EVERY, "checkpoint_every": CHECKPOINT_EVERY, "checkpoints": []}
    yaml.dump(params, workspace.folder / "params.yaml")


def parts_of_snakemake(folder: Path, rounds: int) -> dict[str, float]:
    """Return the median seconds of what common.smk adds to a start."""
    begin = "from pathlib import Path; from specialize.core.params.load import load_params"
    calls = {
        "import core, read params": f"{begin}; load_params(Path('params.yaml'))",
        "and make the recipes": f"{begin}; from specialize.lineage.write_recipes import recipe_texts; "
        "recipe_texts(load_params(Path('params.yaml')), Path())",
        "settle alone": "from pathlib import Path; from specialize.lineage.staleness import settle; settle(Path.cwd())",
    }
    seconds = alternate(
        {name: runner(folder, sys.executable, "-c", code) for name, code in {"python": "pass", **calls}.items()}, rounds
    )
    return {name: statistics.median(values) for name, values in seconds.items()}


def snakemake_rows(students: int, checkpoints: int, weights: int, rounds: int) -> list[dict[str, object]]:
    with tempfile.TemporaryDirectory() as folder:
        workspace = fresh(Path(folder) / "project")
        large(workspace, students, checkpoints)
        jobs = fake(workspace.folder, weights)
        (workspace.folder / "bare.smk").write_text(bare_snakefile(jobs))
        nothing = "Nothing to be done"
        run = runner(workspace.folder, BIN / "snakemake", "-n", "--cores", "1", expect=nothing)
        seconds = alternate(
            {
                "this project, after a pull": forgetful(workspace.folder, run),
                "this project": run,
                "bare Snakefile": runner(
                    workspace.folder, BIN / "snakemake", "-n", "--cores", "1", "--snakefile", "bare.smk", expect=nothing
                ),
            },
            rounds,
        )
        files = sum(len(job.outputs) for job in jobs)
        rows: list[dict[str, object]] = [
            {"what": f"snakemake -n, {name}", "jobs": len(jobs), "files": files, **_seconds(values)}
            for name, values in seconds.items()
        ]
        bare = statistics.median(seconds["bare Snakefile"])
        rows.append({"what": "ratio of medians", "median s": statistics.median(seconds["this project"]) / bare})
        parts = parts_of_snakemake(workspace.folder, rounds)
        return rows + [{"what": f"  part: {name}", "median s": value} for name, value in parts.items()]


def dvc_rows(rounds: int) -> list[dict[str, object]]:
    with tempfile.TemporaryDirectory() as folder:
        workspace = fresh(Path(folder) / "project")
        (workspace.folder / "params.yaml").write_text((PROJECT / "params.yaml").read_text())
        jobs = fake(workspace.folder, weights=1_000_000)
        runner(workspace.folder, sys.executable, "workflow/record_in_dvc.py", expect="DVC has recorded")()
        dvc, imports = BIN / "dvc", "import dvc.repo, dvc.commands.repro"
        seconds = alternate(
            {
                "python starts": runner(workspace.folder, sys.executable, "-c", "pass"),
                "+ dvc's imports": runner(workspace.folder, sys.executable, "-c", imports),
                "+ dvc.yaml is read": runner(workspace.folder, dvc, "stage", "list", "--name-only"),
                "+ contents are compared: dvc status": runner(workspace.folder, dvc, "status", expect="up to date"),
                "all: dvc repro": runner(workspace.folder, dvc, "repro", expect="up to date"),
            },
            rounds,
        )
        total = statistics.median(seconds["all: dvc repro"])
        return [
            {"what": name, "jobs": len(jobs), **_seconds(values), "share": statistics.median(values) / total}
            for name, values in seconds.items()
        ]


def _seconds(values: list[float]) -> dict[str, float]:
    return {f"{name} s": value for name, value in summary(values).items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=12)
    parser.add_argument("--checkpoints", type=int, default=42)
    parser.add_argument("--weights", type=int, default=300_000_000, help="bytes of a checkpoint's weights (sparse)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=["snakemake", "dvc"])
    args = parser.parse_args()
    rows: list[dict[str, object]] = []
    if args.only != "dvc":
        rows += snakemake_rows(args.students, args.checkpoints, args.weights, args.rounds)
    if args.only != "snakemake":
        rows += dvc_rows(args.rounds)
    write("noop", "Nothing to be done: seconds until that is known", rows, "snakemake", "dvc")


if __name__ == "__main__":
    main()
