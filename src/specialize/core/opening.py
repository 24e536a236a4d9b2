"""What has to be done before a workflow is looked at: recipes lent, folders brought back, time stamps set right.

And after it, where an earlier run was killed before DVC could record what it had built.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from specialize.core.attic import bring_back
from specialize.core.freshness import settle
from specialize.core.lending import lend_recipes
from specialize.core.params.tree import Params, load_params
from specialize.core.running import join_runs

UNRECORDED = Path(".snakemake") / "unrecorded"
"""There from the start of a run until DVC has recorded it."""


def open_project(project: Path) -> Params:
    """Make `project` ready for Snakemake and return its params.

    Raises SpecializeError where params.yaml is wrong.
    """
    if told := join_runs(project):
        print(told, file=sys.stderr)
    params = load_params(project / "params.yaml")
    # A dry run lends the recipes that a real run would write, and takes them back when it ends.
    lend_recipes(params, project)
    bring_back(project, params.train.students)
    # Time stamps follow contents, whatever Git and DVC did to them.
    settle(project)
    return params


def record_if_due(project: Path, builds: Callable[[], object]) -> None:
    """Let DVC record what an earlier run had no time to, at the end of a run that had nothing to do itself.

    builds: whether this run is one that builds; looking changes nothing.
    """
    if (project / UNRECORDED).exists() and builds():
        environment = os.environ | {"PYTHONPATH": str(project / "src")}
        command = [sys.executable, str(project / "workflow" / "record.py")]
        subprocess.run(command, cwd=project, env=environment, check=False)
