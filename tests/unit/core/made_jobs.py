"""Two jobs in a row, made as a rule's jobs make them."""

import json
from collections.abc import Callable
from pathlib import Path

from specialize.core.digest import code_digest
from specialize.core.provenance import Witness
from specialize.core.recipe import Recipe


def make_jobs() -> None:
    """Make results/a/one.txt from a recipe alone, and results/b/two.txt from that, in the working folder."""
    for room in ("data", "teacher"):
        recipe = Recipe(room=room, params={"seed": 1}, code=code_digest(room), rules="r", files={})
        path = Path("results/recipes") / f"{room}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(recipe.text())
    job("data", [], "results/a/one.txt", "one")
    job("teacher", ["results/a/one.txt"], "results/b/two.txt", "two")


def job(room: str, inputs: list[str], output: str, text: str, meanwhile: Callable[[], object] = lambda: None) -> None:
    """Make one file from `inputs`; `meanwhile` happens before it is vouched for."""
    path = Path("results/recipes") / f"{room}.json"
    recipe = Recipe.model_validate(json.loads(path.read_text()))
    file = Path(output)
    witness = Witness(file.with_name("provenance.json"), recipe, path, [Path(name) for name in inputs])
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    meanwhile()
    witness.write([file])
