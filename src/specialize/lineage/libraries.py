"""The libraries that decide bytes: their versions are part of a recipe (docs/decisions/0018).

A recipe holds the versions that requirements.lock pins, so that recipes are the same on every machine; a job refuses to
run with others installed.
"""

import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from specialize.core.errors import RecipeError
from specialize.lineage.code_digest import step_of
from specialize.records.recipes import Recipe

LOCK = Path("requirements.lock")
LIBRARIES = {
    "traces": ("tokenizers", "transformers"),
    "train": ("peft", "tokenizers", "torch", "transformers"),
    "evaluate": (),
    "evaluate/generate": ("ctranslate2", "tokenizers", "torch", "transformers"),
    "evaluate/rounds": ("tokenizers", "torch", "transformers"),
}
"""Step of a recipe, else its phase → libraries that may write other bytes, or other tokens, from one version to the
next."""


def pinned(recipe: str, project: Path) -> dict[str, str]:
    """Return library → version that the lock of `project` pins, for those that count in this recipe's step."""
    lock = project / LOCK
    try:
        text = lock.read_text("utf-8") if lock.is_file() else ""
    except UnicodeDecodeError as error:
        raise RecipeError(f"{lock}: expected text in UTF-8, got {error}: `git checkout {LOCK}`") from None
    pins = dict(re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", text, re.M))
    counting = LIBRARIES.get(step_of(recipe), LIBRARIES.get(recipe.partition("/")[0], ()))
    return {name: pins[name] for name in counting if name in pins}


def check_installed(recipe: Recipe) -> None:
    """Raise RecipeError where another version than the recipe's is installed. `2.13.0+cpu` is 2.13.0."""
    for name, expected in recipe.libraries.items():
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = "none"
        if installed.partition("+")[0] != expected.partition("+")[0]:
            raise RecipeError(
                f"{name}: requirements.lock pins {expected}, installed is {installed}: other versions may write other "
                f"bytes. Install the pinned one (`make install`), or pin {installed} and build anew"
            )
