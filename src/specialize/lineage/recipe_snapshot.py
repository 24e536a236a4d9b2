"""The recipes that one run of Snakemake uses: a folder of their own, named by their content and never changed.

Rules take their recipes from here, not from results/recipes/. So a run is decided by what params.yaml and the code said
when it started; a dry run beside it, or one of other parameters, has a folder of its own and touches nothing that a
tool tracks. results/recipes/, which Git and DVC see, is written when jobs really start.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from specialize.core.files import json_text, sha256_text, write_text

FOLDER = Path(".snakemake") / "recipes"
VARIABLE = "SPECIALIZE_RECIPES"
"""Environment variable that names the snapshot to a job's own Snakemake on a cluster."""
TIME_NS = 2 * 10**9
"""Modification time of every recipe: later than that of a stale provenance, earlier than that of any fresh one."""
KEPT = 32
"""Snapshots that stay: a run beside this one may be reading an older one."""


def take_snapshot(project: Path, texts: Mapping[str, str]) -> str:
    """Write the recipes `texts` (file name → text) to their folder; return it, relative to `project`."""
    folder = FOLDER / sha256_text(json_text(dict(texts)))[:16]
    for name, text in texts.items():
        path = project / folder / name
        if not path.is_file() or path.read_bytes() != text.encode("utf-8"):
            write_text(path, text)
        os.utime(path, ns=(TIME_NS, TIME_NS))
    os.utime(project / folder)  # seen last: it is not among those that are pruned
    return folder.as_posix()


def prune_snapshots(project: Path) -> None:
    """Remove all but the newest snapshots."""
    folders = sorted((project / FOLDER).glob("*/"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for folder in folders[KEPT:]:
        shutil.rmtree(folder, ignore_errors=True)
