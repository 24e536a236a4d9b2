"""Provenance against what is there, and time stamps by the verdict."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from made_jobs import job, make_jobs

from specialize.core.errors import RecipeError
from specialize.lineage import file_hashes, staleness
from specialize.lineage.code_digest import code_digest
from specialize.lineage.provenance import read_provenance
from specialize.lineage.staleness import LONG_AGO_NS, settle

NEW = 2_000_000_000 * 10**9
"""A time stamp of 2033: newer than anything that a test writes."""


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two jobs in a row: recipe + raw -> results/a/one.txt; that -> results/b/two.txt."""
    monkeypatch.chdir(tmp_path)
    make_jobs()
    return tmp_path


def stale(project: Path) -> set[str]:
    return {path.parent.name for path, reasons in settle(project).items() if reasons}


def time_of(name: str) -> int:
    return Path(name).stat().st_mtime_ns


def stamp(time_ns: int, *names: str) -> None:
    for name in names:
        os.utime(name, ns=(time_ns, time_ns))


def test_untouched_jobs_are_fresh_and_keep_their_times(made: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in made.rglob("*") if path.is_file()}
    assert stale(made) == set()
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_times_turned_upside_down_are_put_right(made: Path) -> None:
    stamp(NEW, "results/recipes/data.json", "results/recipes/teacher.json")
    stamp(NEW - 5, "results/a/one.txt")
    assert stale(made) == set()
    assert NEW <= time_of("results/a/one.txt") <= time_of("results/b/two.txt")


def test_another_recipe_makes_outputs_older_than_anything(made: Path) -> None:
    recipe = Path("results/recipes/data.json")
    text = recipe.read_text()
    recipe.write_text(text.replace('"r"', '"other"'))
    stamp(10**18, "results/recipes/data.json")  # an old time stamp hides nothing
    assert stale(made) == {"a"}
    assert time_of("results/a/one.txt") == LONG_AGO_NS
    recipe.write_text(text)
    assert stale(made) == set()
    assert time_of("results/a/one.txt") > LONG_AGO_NS


@pytest.mark.parametrize(
    ("break_it", "expected"),
    [
        (lambda: Path("results/a/one.txt").write_text("edited"), {"a", "b"}),
        (lambda: Path("results/a/one.txt").unlink(), {"a", "b"}),
        (lambda: Path("results/b/two.txt").write_text("xxx"), {"b"}),
        (lambda: Path("results/recipes/teacher.json").unlink(), {"b"}),
        (lambda: Path("results/b/provenance.json").write_text("{"), {"b"}),
        (lambda: Path("results/b/provenance.json").write_text('{"new": 1}'), {"b"}),
    ],
)
def test_what_is_not_as_it_was_made_is_stale(made: Path, break_it: Callable[[], object], expected: set[str]) -> None:
    break_it()
    assert stale(made) == expected
    assert time_of("results/b/provenance.json") == LONG_AGO_NS


def test_a_large_file_is_taken_at_its_word_if_its_size_is_right(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_hashes, "LARGE", 2)
    Path("results/a/one.txt").write_text("eno")
    assert stale(made) == set()
    Path("results/a/one.txt").write_text("longer")
    assert stale(made) == {"a", "b"}


def test_a_linked_output_gets_its_times_too(made: Path) -> None:
    """As DVC's cache may be linked into the workspace."""
    Path("cache").write_text("one")
    Path("results/a/one.txt").unlink()
    Path("results/a/one.txt").symlink_to(Path("cache").resolve())
    stamp(NEW, "results/recipes/data.json")
    assert stale(made) == set()
    link = Path("results/a/one.txt")
    assert link.stat().st_mtime_ns == link.lstat().st_mtime_ns >= NEW


def test_a_job_whose_input_moved_vouches_for_nothing(made: Path) -> None:
    with pytest.raises(RecipeError, match="changed while"):
        job("teacher", ["results/a/one.txt"], "results/c/x.txt", "x", lambda: Path("results/a/one.txt").write_text("2"))
    assert not Path("results/c/provenance.json").exists()


def test_a_job_vouches_for_the_recipe_that_it_read(made: Path) -> None:
    recipe = Path("results/recipes/teacher.json")
    text = recipe.read_text()
    job("teacher", [], "results/c/x.txt", "x", lambda: recipe.write_text(text.replace('"r"', '"other"')))
    assert stale(made) == {"b", "c"}
    recipe.write_text(text)
    assert stale(made) == set()


def test_a_job_under_a_recipe_of_other_code_does_not_start(made: Path) -> None:
    recipe = Path("results/recipes/teacher.json")
    recipe.write_text(recipe.read_text().replace(code_digest("teacher"), "0" * 64))
    with pytest.raises(RecipeError, match="code of phase 'teacher'"):
        job("teacher", [], "results/c/x.txt", "x")


def test_provenance_names_files_below_a_folder_but_not_itself(made: Path) -> None:
    assert set(read_provenance(Path("results/a/provenance.json")).outputs) == {"results/a/one.txt"}


def test_a_large_file_keeps_its_time_where_small_ones_can_give_way(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DVC would hash it again."""
    job("teacher", ["results/a/one.txt"], "results/b/two.txt", "a large file")
    monkeypatch.setattr(staleness, "LARGE", 5)
    for recipe in ("data", "teacher"):
        stamp(NEW + 9, f"results/recipes/{recipe}.json")
    stamp(NEW + 5, "results/a/one.txt")
    stamp(NEW, "results/b/two.txt")
    assert stale(made) == set()
    assert time_of("results/b/two.txt") == NEW
    assert time_of("results/recipes/data.json") <= time_of("results/a/one.txt") <= NEW
    assert time_of("results/recipes/teacher.json") <= NEW <= time_of("results/b/provenance.json")
    before = {path: path.stat().st_mtime_ns for path in made.rglob("*.*")}
    assert stale(made) == set()
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_large_file_that_was_stale_gets_a_time_of_today(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staleness, "LARGE", 2)
    stamp(LONG_AGO_NS, "results/b/two.txt")
    stamp(NEW, "results/a/one.txt")
    assert stale(made) == set()
    assert time_of("results/b/two.txt") >= NEW


def test_an_older_retired_copy_says_nothing_of_what_stands_in_its_place(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree("results/a", "results/retired/checkpoints/a")
    job("data", [], "results/a/one.txt", "new")
    job("teacher", ["results/a/one.txt"], "results/b/two.txt", "two")
    monkeypatch.setattr(file_hashes, "LARGE", 2)  # a producer is taken at its word: it must be the right one
    assert {path.parent.as_posix() for path in settle(made)} == {f"{made}/results/a", f"{made}/results/b"}
    assert stale(made) == set()
