"""Whether the scores that a commit or an experiment shows belong to its parameters, told from Git alone.

`dvc exp show` puts the params.yaml and the metrics.json of a commit side by side, whoever wrote them. Three facts in
the same commit tell whether they belong together: the recipes hold the parameters that params.yaml asks for, dvc.lock
holds the hash of these recipes, and the hash of this metrics.json. An edit that is committed without a build, or a
stage that DVC filed without running it, breaks one of them.
"""

import io
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML, YAMLError

from specialize.core.errors import SpecializeError
from specialize.core.params.load import parse_params

METRICS = "results/metrics.json"
RECIPES = "results/recipes"
PARAMS_CODE = "src/specialize/core/params"
"""What turns params.yaml into recipes. Of a commit with another one, the parameters in dvc.lock are compared."""
EXPERIMENTS = "refs/exps"
PRIVATE = ("exec", "stash", "celery", "temp")
"""What DVC keeps for itself below refs/exps."""


@dataclass(frozen=True)
class Row:
    """What a commit says: metrics.json, params.yaml, dvc.lock, and recipes by name. None: it has no such file."""

    metrics: str | None
    params: str | None
    lock: str | None
    recipes: Mapping[str, str]


def doubts(project: Path) -> dict[str, str]:
    """Return row (`HEAD`, an experiment's name, `workspace`) → why its scores are not of its parameters.

    Only those rows of which it is so. Without Git: of the workspace alone.
    """
    rows = {"workspace": _workspace(project), **{name: _committed(project, ref) for name, ref in _refs(project)}}
    known = {name: _same_code(project, ref) for name, ref in _refs(project)}
    found = {name: doubt(row, known.get(name, True)) for name, row in rows.items()}
    return {name: why for name, why in found.items() if why}


def doubt(row: Row, same_code: bool) -> str | None:
    """Return why the scores of a row are not of its parameters; None: they are, or it has none.

    same_code: whether today's code turns params.yaml into recipes as that commit's does.
    """
    if row.metrics is None or row.params is None:
        return None
    try:
        tree = YAML(typ="safe", pure=True).load(io.StringIO(row.params))
        lock = YAML(typ="safe", pure=True).load(io.StringIO(row.lock or ""))
        report = lock["stages"]["report"]
        outs = {out["path"]: out.get("md5") for out in report["outs"]}
        deps = {dep["path"]: dep.get("md5") for stage in lock["stages"].values() for dep in stage.get("deps", ())}
        recorded = report.get("params", {}).get("params.yaml", {})
    except (YAMLError, KeyError, TypeError, ValueError, AttributeError):
        return f"no dvc.lock tells what made {METRICS}"
    if outs.get(METRICS) != md5(row.metrics.encode()).hexdigest():
        return f"{METRICS} is not the one that dvc.lock names"
    for name, text in row.recipes.items():
        if deps.get(f"{RECIPES}/{name}", "none") not in ("none", md5(text.encode()).hexdigest()):
            return f"{RECIPES}/{name} is not the recipe that dvc.lock names"
    if not same_code:
        return None if tree == recorded else f"params.yaml is not the one that dvc.lock names for {METRICS}"
    try:
        asked = {s.file: s.params for specs in parse_params(tree, "params.yaml").recipe_specs().values() for s in specs}
    except SpecializeError:
        return "params.yaml is not valid"
    for name, params in sorted(asked.items()):
        if _params_of(row.recipes.get(name, "")) != json.loads(json.dumps(params)):
            return f"params.yaml asks for another {RECIPES}/{name}"
    return None


def _params_of(recipe: str) -> Any:
    try:
        return json.loads(recipe)["params"]
    except (ValueError, KeyError, TypeError):
        return None


def _workspace(project: Path) -> Row:
    def text(name: str) -> str | None:
        try:
            return (project / name).read_bytes().decode("utf-8")
        except (OSError, ValueError):
            return None

    folder = project / RECIPES
    names = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.json"))]
    recipes = {name: text(f"{RECIPES}/{name}") or "" for name in names}
    return Row(text(METRICS), text("params.yaml"), text("dvc.lock"), recipes)


def _committed(project: Path, ref: str) -> Row:
    listed = (_git(project, "ls-tree", "-r", "-z", "--name-only", ref, "--", f"{RECIPES}/") or "").split("\0")
    names = [name.removeprefix(f"{RECIPES}/") for name in listed if name]
    recipes = {name: _show(project, ref, f"{RECIPES}/{name}") or "" for name in names}
    metrics, params, lock = (_show(project, ref, name) for name in (METRICS, "params.yaml", "dvc.lock"))
    return Row(metrics, params, lock, recipes)


def _refs(project: Path) -> list[tuple[str, str]]:
    """Return (name, ref) of HEAD and of the experiments."""
    if _git(project, "rev-parse", "--verify", "--quiet", "HEAD") is None:
        return []
    found = (_git(project, "for-each-ref", "--format=%(refname)", EXPERIMENTS) or "").split()
    parts = [(ref, ref.split("/")) for ref in found]
    named = [(part[-1], ref) for ref, part in parts if len(part) == 5 and part[2] not in PRIVATE]
    return [("HEAD", "HEAD"), *named]


def _same_code(project: Path, ref: str) -> bool:
    return _git(project, "diff", "--quiet", ref, "--", PARAMS_CODE) is not None


def _show(project: Path, ref: str, name: str) -> str | None:
    return _git(project, "show", f"{ref}:./{name}")


def _git(project: Path, *arguments: str) -> str | None:
    """Return what Git says; None where it fails, or there is none."""
    try:
        done = subprocess.run(["git", *arguments], cwd=project, capture_output=True, check=True)
        return done.stdout.decode("utf-8")
    except (OSError, subprocess.CalledProcessError, UnicodeDecodeError):
        return None
