"""A recipe: the one place from which a step reads its parameters.

`results/recipes/<phase>.json` (for `train` one per student) holds the validated params of the phase, a digest of the
code that the phase runs, of its rule file, and the hashes of the raw files it reads. A step that finds its recipe
unchanged has nothing to do; a recipe that changes is why a step runs again. Git tracks recipes.
"""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from specialize.core.errors import RecipeError, RecordError
from specialize.core.files import json_text, read_json, sha256_file, sha256_text
from specialize.records.recipes import Recipe

Params = TypeVar("Params", bound=BaseModel)


def recipe_text(recipe: Recipe) -> str:
    """Return the text of the recipe's file."""
    return json_text(recipe.model_dump())


def recipe_digest(recipe: Recipe) -> str:
    """Return the sha256 of the recipe's text: the identity of a step's work."""
    return sha256_text(recipe_text(recipe))


def read_recipe(path: Path, phase: str, model: type[Params]) -> tuple[Recipe, Params]:
    """Return the recipe at `path` and its params as `model`.

    Raises RecipeError where the file is missing, damaged or of another phase.
    """
    hint = "Recipes are written by snakemake and by `python -m specialize recipes`"
    if not path.is_file():
        raise RecipeError(f"{path}: no such recipe. {hint}")
    try:
        recipe = Recipe.model_validate(read_json(path))
        if recipe.phase != phase:
            raise RecipeError(f"{path}: expected a recipe of '{phase}', got one of '{recipe.phase}'")
        return recipe, model.model_validate(recipe.params)
    except RecordError as error:
        raise RecipeError(f"{error}. {hint}") from None
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "(whole file)"
        raise RecipeError(f"{path}: {field}: {first['msg']}. {hint}") from None


def check_raw_files(recipe: Recipe, root: Path) -> None:
    """Raise RecipeError where a raw file is not the one that the recipe names: results would bear the wrong recipe."""
    for name, digest in recipe.files.items():
        path = root / name
        if path.is_file() and not digest.startswith("sampled ") and sha256_file(path) != digest:
            raise RecipeError(f"{path}: changed since the recipe was written; run the same command again")
