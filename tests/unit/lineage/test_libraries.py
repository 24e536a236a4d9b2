"""Versions that decide bytes: pinned ones in the recipe, installed ones checked against it."""

from importlib.metadata import version
from pathlib import Path

import pytest

from specialize.core.errors import RecipeError
from specialize.lineage.libraries import LIBRARIES, check_installed, pinned
from specialize.records.recipes import Recipe

PROJECT = Path(__file__).resolve().parents[3]


def recipe(**libraries: str) -> Recipe:
    return Recipe(phase="train", name="train/xs", params={}, code="", rules="", libraries=libraries, files={})


def test_the_locks_pins_are_found_and_are_what_is_installed() -> None:
    for phase, names in LIBRARIES.items():
        assert tuple(pinned(phase, PROJECT)) == names
        check_installed(recipe(**pinned(phase, PROJECT)))
    assert pinned("data", PROJECT) == {}


@pytest.mark.parametrize("name", ["torch", "a-library-that-nobody-has"])
def test_another_version_is_refused(name: str) -> None:
    with pytest.raises(RecipeError, match=f"{name}: requirements.lock pins 0.0.1, installed is"):
        check_installed(recipe(**{name: "0.0.1"}))


def test_a_local_build_is_the_same_version() -> None:
    check_installed(recipe(torch=f"{version('torch').partition('+')[0]}+another"))


def test_without_a_lock_nothing_is_asked(tmp_path: Path) -> None:
    assert pinned("train", tmp_path) == {}
