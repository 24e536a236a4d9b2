"""A step reads its parameters from its recipe; a recipe that it cannot use is a RecipeError that says what to do."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from specialize.core.errors import RecipeError
from specialize.core.params.traces import FilterParams
from specialize.lineage.recipe import read_recipe, recipe_digest, recipe_text
from specialize.records.recipes import Recipe

RECIPE: dict[str, Any] = {
    "phase": "traces",
    "name": "traces",
    "params": {"ngram": 5, "reading": "flexible"},
    "code": "c",
    "rules": "r",
    "files": {"b": "2", "a": "1"},
}


def test_params_come_from_the_recipe(tmp_path: Path) -> None:
    (tmp_path / "traces.json").write_text(json.dumps(RECIPE))
    recipe, params = read_recipe(tmp_path / "traces.json", "traces", FilterParams)
    assert (params.ngram, params.reading) == (5, "flexible")
    assert recipe == Recipe(**RECIPE)


def test_text_and_digest_depend_on_the_content_alone(tmp_path: Path) -> None:
    recipe = Recipe(**RECIPE)
    turned = Recipe(**{**dict(reversed(RECIPE.items())), "files": {"a": "1", "b": "2"}})
    assert recipe_text(recipe) == recipe_text(turned) and recipe_digest(recipe) == recipe_digest(turned)
    assert recipe_digest(Recipe(**{**RECIPE, "code": "d"})) != recipe_digest(recipe)
    (tmp_path / "traces.json").write_text(recipe_text(recipe), encoding="utf-8")
    assert read_recipe(tmp_path / "traces.json", "traces", FilterParams)[0] == recipe


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "no such recipe"),
        ("", "expected JSON"),
        ("{", "expected JSON"),
        ("\x00", "expected JSON"),
        ("[]", r"\(whole file\): "),
        ("{}", "phase: Field required"),
        (json.dumps({**RECIPE, "colour": "red"}), "colour: Extra inputs"),
        (json.dumps({**RECIPE, "params": {"colour": "red"}}), "colour: Extra inputs"),
        (json.dumps({**RECIPE, "params": {"ngram": 1}}), "ngram: "),
        (json.dumps({**RECIPE, "files": ["a"]}), "files: "),
    ],
)
def test_an_unusable_recipe(tmp_path: Path, content: str | None, told: str) -> None:
    path = tmp_path / "traces.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(RecipeError, match=f"{re.escape(str(path))}.*{told}.*specialize recipes"):
        read_recipe(path, "traces", FilterParams)


def test_a_recipe_of_another_phase(tmp_path: Path) -> None:
    """Told as such, though its params do not fit either."""
    (tmp_path / "traces.json").write_text(json.dumps({**RECIPE, "phase": "train", "params": {"steps": 5}}))
    with pytest.raises(RecipeError, match="expected a recipe of 'traces', got one of 'train'"):
        read_recipe(tmp_path / "traces.json", "traces", FilterParams)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "traces.json").write_bytes(b"\xff")
    with pytest.raises(RecipeError, match="expected JSON in UTF-8"):
        read_recipe(tmp_path / "traces.json", "traces", FilterParams)
