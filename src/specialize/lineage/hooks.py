"""What has to be done before a workflow is looked at: recipes lent, folders brought back, time stamps set right.

And after it, where an earlier run was killed before DVC could record what it had built.
"""

import atexit
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from specialize.core.params.load import Params, load_params
from specialize.lineage.check_starts import check_local_starts
from specialize.lineage.dry_run import keep_recipes, lend_recipes
from specialize.lineage.retired import bring_back, put_back, set_aside
from specialize.lineage.run_lock import is_locked, join_runs
from specialize.lineage.staleness import settle

UNRECORDED = Path(".snakemake") / "unrecorded"
"""There from the start of a run until DVC has recorded it."""


def open_project(project: Path, builds: Callable[[], object]) -> Params:
    """Make `project` ready for Snakemake and return its params.

    builds: whether this run is one that builds; looking changes nothing.
    Raises SpecializeError where params.yaml is wrong, or names a start that cannot be a student.
    """
    # Snakemake calls no hook where it finds nothing to do.
    atexit.register(record_if_due, project, builds)
    if told := join_runs(project):
        print(told, file=sys.stderr)
    params = load_params(project / "params.yaml")
    check_local_starts(params, project)
    # A dry run lends the recipes that a real run would write, and takes them back when it ends.
    lend_recipes(params, project)
    brought = bring_back(project, folders_of(params))
    atexit.register(_put_back, project, brought, builds)
    # Time stamps follow contents, whatever Git and DVC did to them.
    settle(project)
    return params


def begin_run(project: Path, params: Params) -> None:
    """Jobs start now: what was lent stays, what params no longer name goes out of the way, and DVC has to be told."""
    atexit.unregister(record_if_due)
    atexit.unregister(_put_back)
    (project / UNRECORDED).touch()
    keep_recipes(params, project)
    set_aside(project, folders_of(params))


def folders_of(params: Params) -> dict[str, Iterable[str]]:
    """Return the folders below results/ that hold one folder a name → the names that params know (lineage.retired)."""
    students, tokenizers = list(params.train.students), list(params.traces.tokenizers)
    return {
        **dict.fromkeys(("checkpoints", "predictions", "scores"), students),
        **dict.fromkeys(("traces/aligned", "traces/tokenizers"), tokenizers),
    }


def _put_back(project: Path, brought: Sequence[str], builds: Callable[[], object]) -> None:
    """Where this was a look alone, or a run beside this one decides what stands there, nothing has moved."""
    if not builds() and not is_locked(project):
        put_back(project, brought)


def record_if_due(project: Path, builds: Callable[[], object]) -> None:
    """Let DVC record what an earlier run had no time to, at the end of a run that had nothing to do itself."""
    if (project / UNRECORDED).exists() and builds():
        environment = os.environ | {"PYTHONPATH": str(project / "src")}
        command = [sys.executable, str(project / "workflow" / "record_in_dvc.py")]
        subprocess.run(command, cwd=project, env=environment, check=False)
