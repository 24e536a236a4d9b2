"""Two jobs in a row, made as a rule's jobs make them."""

import json
from collections.abc import Callable
from pathlib import Path

from specialize.lineage.code_digest import code_digest
from specialize.lineage.provenance import ProvenanceWriter
from specialize.lineage.recipe import recipe_text
from specialize.records.recipes import Recipe


def make_jobs() -> None:
    """Make results/a/one.txt from a recipe alone, and results/b/two.txt from that, in the working folder."""
    for phase in ("data", "teacher"):
        recipe = Recipe(phase=phase, name=phase, params={"seed": 1}, code=code_digest(phase), rules="r", files={})
        path = Path("results/recipes") / f"{phase}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(recipe_text(recipe))
    job("data", [], "results/a/one.txt", "one")
    job("teacher", ["results/a/one.txt"], "results/b/two.txt", "two")


def job(phase: str, inputs: list[str], output: str, text: str, meanwhile: Callable[[], object] = lambda: None) -> None:
    """Make one file from `inputs`; `meanwhile` happens before it is vouched for."""
    path = Path("results/recipes") / f"{phase}.json"
    recipe = Recipe.model_validate(json.loads(path.read_text()))
    file = Path(output)
    provenance = ProvenanceWriter(file.with_name("provenance.json"), recipe, path, [Path(name) for name in inputs])
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    meanwhile()
    provenance.write([file])
