"""Lend the recipes to a dry run, and take them back.

A workflow that is parsed must see the recipes that a real run would have, or a dry run could not say what would run.
But a dry run must not leave a file that changes a later decision. So recipes that differ are written when the workflow
is parsed, and put back, time stamps included, when the process ends, unless jobs really start in between.
"""

import atexit
import os
from pathlib import Path

from specialize.core.params.load import Params
from specialize.lineage.write_recipes import recipe_texts, write_recipes

_lent: dict[Path, tuple[tuple[bytes, int] | None, bytes | None]] = {}
"""Path → what was there before (bytes, modification time in ns; None: no file) and what was lent (None: no file)."""


def lend_recipes(params: Params, project: Path) -> None:
    """Write the recipes of `params` below results/recipes/ until the process ends or `keep_recipes` is called."""
    folder = project / "results" / "recipes"
    texts = recipe_texts(params, project)
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*.json")}
    touched = write_recipes(texts, folder)
    for name in touched:
        path, lent = folder / name, texts[name].encode() if name in texts else None
        first = _lent[path][0] if path in _lent else before.get(path)
        _lent[path] = (first, lent)
    atexit.register(_take_back, project)


def keep_recipes(params: Params, project: Path) -> None:
    """Leave the recipes as they are: jobs start, and what they make belongs to them.

    Written once more, in case a dry run beside this run has just taken back what it had lent.
    """
    write_recipes(recipe_texts(params, project), project / "results" / "recipes")
    _lent.clear()


def _take_back(project: Path) -> None:
    locks = project / ".snakemake" / "locks"
    if locks.is_dir() and any(locks.iterdir()):
        return  # a real run has begun beside this dry run, and goes by these recipes
    for path, (before, lent) in _lent.items():
        if path.is_file() and path.read_bytes() != lent:
            continue  # no longer ours
        if before is None:
            path.unlink(missing_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(before[0])
        os.utime(path, ns=(before[1], before[1]))
    _lent.clear()
