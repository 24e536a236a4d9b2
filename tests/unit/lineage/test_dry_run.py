"""A dry run sees the recipes of a real run, and leaves the folder as it was, time stamps included."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from specialize.core.params.load import parse_params
from specialize.lineage import dry_run
from specialize.lineage import write_recipes as module
from specialize.lineage.write_recipes import recipe_texts, write_recipes

Tree = dict[str, Any]
State = dict[str, tuple[bytes, int]]


@pytest.fixture(autouse=True)
def at_exit(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What would run when the process ends."""
    registered: list[Any] = []
    # The code stands still, also while somebody works on src/.
    monkeypatch.setattr(module, "code_digest", lambda phase, package: f"code of {phase}")
    monkeypatch.setattr(dry_run.atexit, "register", lambda call, *args: registered.append(lambda: call(*args)))
    yield registered
    dry_run._lent.clear()


def state(project: Path) -> State:
    files = sorted((project / "results").rglob("*.json"))
    return {path.relative_to(project).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def built(project: Path, tree: Tree) -> State:
    """Recipes as a run long ago left them."""
    folder = project / "results" / "recipes"
    write_recipes(recipe_texts(parse_params(tree, "here"), project), folder)
    for path in folder.rglob("*.json"):
        os.utime(path, ns=(1_000_000_007, 1_000_000_007))
    return state(project)


def change(tree: Tree) -> None:
    """One recipe changes, one goes, one comes."""
    tree["traces"]["ngram"] = 7
    tree["train"]["students"]["m"] = tree["train"]["students"].pop("xs")


def test_lent_recipes_are_taken_back(project: Path, tree: Tree, at_exit: list[Any]) -> None:
    before = built(project, tree)
    change(tree)
    params = parse_params(tree, "here")
    dry_run.lend_recipes(params, project)
    lent = {name: content.decode() for name, (content, _) in state(project).items()}
    assert lent == {f"results/recipes/{name}": text for name, text in recipe_texts(params, project).items()}
    for call in at_exit:
        call()
    assert state(project) == before


def test_recipes_are_kept_when_jobs_start(project: Path, tree: Tree, at_exit: list[Any]) -> None:
    before = built(project, tree)
    change(tree)
    params = parse_params(tree, "here")
    dry_run.lend_recipes(params, project)
    lent = state(project)
    dry_run.keep_recipes(params, project)
    for call in at_exit:
        call()
    assert state(project) == lent != before


def test_unchanged_recipes_are_not_touched(project: Path, tree: Tree, at_exit: list[Any]) -> None:
    before = built(project, tree)
    dry_run.lend_recipes(parse_params(tree, "here"), project)
    assert state(project) == before
    for call in at_exit:
        call()
    assert state(project) == before


def test_first_recipes_go_again(project: Path, tree: Tree, at_exit: list[Any]) -> None:
    dry_run.lend_recipes(parse_params(tree, "here"), project)
    assert len(state(project)) == 9
    for call in at_exit:
        call()
    assert state(project) == {}


def test_lending_twice_goes_back_to_the_first_state(project: Path, tree: Tree, at_exit: list[Any]) -> None:
    """Every rule file includes common.smk, and params may change between."""
    before = built(project, tree)
    change(tree)
    dry_run.lend_recipes(parse_params(tree, "here"), project)
    tree["traces"]["ngram"] = 8
    dry_run.lend_recipes(parse_params(tree, "here"), project)
    for call in at_exit:
        call()
    assert state(project) == before


def test_what_somebody_wrote_meanwhile_stays(project: Path, tree: Tree, at_exit: list[Any]) -> None:
    built(project, tree)
    change(tree)
    dry_run.lend_recipes(parse_params(tree, "here"), project)
    path = project / "results" / "recipes" / "traces.json"
    path.write_text("by somebody else")
    for call in at_exit:
        call()
    assert path.read_text() == "by somebody else"


def test_recipes_that_a_real_run_has_adopted_are_not_taken_back(project: Path, tree: Tree, at_exit: list[Any]) -> None:
    built(project, tree)
    change(tree)
    dry_run.lend_recipes(parse_params(tree, "here"), project)
    lent = state(project)
    (project / ".snakemake" / "locks").mkdir(parents=True)
    (project / ".snakemake" / "locks" / "0.output.lock").touch()
    for call in at_exit:
        call()
    assert state(project) == lent
