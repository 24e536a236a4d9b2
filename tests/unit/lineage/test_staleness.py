"""Provenance against what is there, and the times of provenance files by the verdict."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from made_jobs import job, make_jobs

from specialize.core.errors import RecipeError, UpToDate
from specialize.lineage.code_digest import code_digest
from specialize.lineage.kept_outputs import FOLDER, forget, keep
from specialize.lineage.provenance import read_provenance
from specialize.lineage.recipe_snapshot import TIME_NS
from specialize.lineage.staleness import STALE_NS, judge, mark

NEW = 2_000_000_000 * 10**9
"""A time stamp of 2033: newer than anything that a test writes."""
A, B = Path("results/a/provenance.json"), Path("results/b/provenance.json")


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two jobs in a row: recipe + raw -> results/a/one.txt; that -> results/b/two.txt."""
    monkeypatch.chdir(tmp_path)
    make_jobs()
    return tmp_path


def texts() -> dict[str, str]:
    """The recipes as the test has left them."""
    return {path.name: path.read_text() for path in Path("results/recipes").glob("*.json")}


def settle() -> dict[str, str]:
    """Judge and mark; return folder → `fresh`, `own` or `before`."""
    verdicts = judge(Path(), texts())
    mark(Path(), verdicts)
    return {p.parent.name: "fresh" if v.fresh else "own" if v.own else "before" for p, v in verdicts.items()}


def is_marked(path: Path) -> bool:
    return path.lstat().st_mtime_ns < TIME_NS


def test_untouched_jobs_are_fresh_and_no_time_moves(made: Path) -> None:
    settle()
    assert TIME_NS < A.stat().st_mtime_ns < B.stat().st_mtime_ns, "a job is newer than its recipe and the job before it"
    before = {path: path.stat().st_mtime_ns for path in made.rglob("*") if path.is_file()}
    assert settle() == {"a": "fresh", "b": "fresh"}
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_times_of_outputs_decide_nothing_and_stay(made: Path) -> None:
    os.utime("results/recipes/data.json", ns=(NEW, NEW))
    os.utime("results/a/one.txt", ns=(NEW, NEW))  # also a clock that was ahead
    os.utime("results/b/two.txt", ns=(5, 5))
    assert settle() == {"a": "fresh", "b": "fresh"}
    assert (Path("results/a/one.txt").stat().st_mtime_ns, Path("results/b/two.txt").stat().st_mtime_ns) == (NEW, 5)


def test_another_recipe_makes_a_job_and_all_behind_it_stale(made: Path) -> None:
    recipe = Path("results/recipes/data.json")
    text = recipe.read_text()
    recipe.write_text(text.replace('"r"', '"other"'))
    assert settle() == {"a": "own", "b": "before"}
    assert is_marked(A) and is_marked(B)
    recipe.write_text(text)
    assert settle() == {"a": "fresh", "b": "fresh"}
    assert not is_marked(A) and not is_marked(B)


@pytest.mark.parametrize(
    ("break_it", "expected"),
    [
        (lambda: Path("results/a/one.txt").write_text("edited"), {"a": "own", "b": "own"}),
        (lambda: Path("results/a/one.txt").unlink(), {"a": "own", "b": "own"}),
        (lambda: Path("results/b/two.txt").write_text("xxx"), {"a": "fresh", "b": "own"}),
        (lambda: Path("results/recipes/teacher.json").unlink(), {"a": "fresh", "b": "own"}),
        (lambda: Path("results/b/provenance.json").write_text("{"), {"a": "fresh"}),
        (lambda: Path("results/b/provenance.json").write_text('{"new": 1}'), {"a": "fresh"}),
    ],
)
def test_what_is_not_as_it_was_made_is_stale(
    made: Path, break_it: Callable[[], object], expected: dict[str, str]
) -> None:
    break_it()
    assert settle() == expected
    assert is_marked(B)


def test_one_changed_byte_of_a_large_file_is_seen(made: Path) -> None:
    one = Path("results/a/one.txt")
    job("data", [], "results/a/one.txt", "0" * 20_000_000)
    job("teacher", ["results/a/one.txt"], "results/b/two.txt", "two")
    assert settle() == {"a": "fresh", "b": "fresh"}
    with one.open("r+b") as stream:
        stream.seek(10_000_000)
        stream.write(b"1")
    assert settle() == {"a": "own", "b": "own"}


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_links_into_a_cache_are_left_alone(made: Path, link: Callable[[Path, Path], None]) -> None:
    """Files of equal content share one place in DVC's cache, and so one time."""
    cache = Path("cache").resolve()
    shutil.move("results/a/one.txt", cache)
    for name in ("results/a/one.txt", "results/b/copy.txt"):
        link(cache, Path(name))
    job("teacher", ["results/b/copy.txt"], "results/c/x.txt", "x")
    before = cache.stat().st_mtime_ns
    Path("results/b/two.txt").write_text("edited")
    assert settle() == {"a": "fresh", "b": "own", "c": "fresh"}
    assert cache.stat().st_mtime_ns == before


def test_two_contents_never_share_a_time(made: Path) -> None:
    """DVC takes a file of the same inode, size and time for the one that it has hashed before."""
    Path("results/b/two.txt").unlink()
    settle()
    first = B.stat().st_mtime_ns
    text = B.read_text()
    with B.open("r+") as stream:  # in place, same size
        stream.write(text.replace("0", "1"))
    settle()
    assert STALE_NS <= first < TIME_NS and STALE_NS <= B.stat().st_mtime_ns < TIME_NS
    assert B.stat().st_mtime_ns != first


def test_a_provenance_that_may_not_be_touched_is_replaced(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link into a cache that belongs to somebody else."""
    real, refused = os.utime, list[object]()

    def refuse(path: object, *args: object, **named: object) -> None:
        if not refused and str(path) == str(B):
            refused.append(path)
            raise PermissionError(1, "Operation not permitted", str(path))
        real(path, *args, **named)  # type: ignore[arg-type]

    Path("results/b/two.txt").unlink()
    inode = B.stat().st_ino
    monkeypatch.setattr(os, "utime", refuse)
    settle()
    assert is_marked(B) and B.stat().st_ino != inode


def test_provenances_that_name_each_other_are_an_error(made: Path) -> None:
    row = json.loads(A.read_text())
    row["inputs"] = {"results/b/two.txt": {"size": 3, "sha256": "0"}}
    A.write_text(json.dumps(row))
    with pytest.raises(RecipeError, match="name each other"):
        settle()


def test_a_job_whose_input_moved_vouches_for_nothing(made: Path) -> None:
    with pytest.raises(RecipeError, match="changed while"):
        job("teacher", ["results/a/one.txt"], "results/c/x.txt", "x", lambda: Path("results/a/one.txt").write_text("2"))
    assert not Path("results/c/provenance.json").exists()


def test_a_job_vouches_for_the_recipe_that_it_read(made: Path) -> None:
    recipe = Path("results/recipes/teacher.json")
    text = recipe.read_text()
    job("teacher", [], "results/c/x.txt", "x", lambda: recipe.write_text(text.replace('"r"', '"other"')))
    assert settle() == {"a": "fresh", "b": "own", "c": "own"}
    recipe.write_text(text)
    assert set(settle().values()) == {"fresh"}


def test_a_job_under_a_recipe_of_other_code_does_not_start(made: Path) -> None:
    recipe = Path("results/recipes/teacher.json")
    recipe.write_text(recipe.read_text().replace(code_digest("teacher"), "0" * 64))
    with pytest.raises(RecipeError, match="code of phase 'teacher'"):
        job("teacher", [], "results/c/x.txt", "x")


def test_provenance_names_files_below_a_folder_but_not_itself(made: Path) -> None:
    assert set(read_provenance(Path("results/a/provenance.json")).outputs) == {"results/a/one.txt"}


def test_an_older_retired_copy_says_nothing_of_what_stands_in_its_place(made: Path) -> None:
    shutil.copytree("results/a", "results/retired/checkpoints/a")
    job("data", [], "results/a/one.txt", "new")
    job("teacher", ["results/a/one.txt"], "results/b/two.txt", "two")
    assert settle() == {"a": "fresh", "b": "fresh"}


def made_again(**change: str) -> None:
    """The second job runs again, as Snakemake runs it: its outputs are gone."""
    for path in (B, Path("results/b/two.txt")):
        path.unlink()
    job("teacher", ["results/a/one.txt"], "results/b/two.txt", change.get("text", "made again"))


def test_kept_outputs_come_back_where_recipe_and_inputs_are_the_same(made: Path) -> None:
    keep(Path(), {B: read_provenance(B)})
    provenance = B.read_bytes()
    with pytest.raises(UpToDate, match="unchanged"):
        made_again()
    assert Path("results/b/two.txt").read_text() == "two" and B.read_bytes() == provenance
    assert settle() == {"a": "fresh", "b": "fresh"}


@pytest.mark.parametrize("what", ["input", "recipe", "damage", "nothing kept"])
def test_kept_outputs_do_not_come_back_otherwise(made: Path, what: str) -> None:
    keep(Path(), {B: read_provenance(B)})
    match what:
        case "input":
            Path("results/a/one.txt").write_text("another")
        case "recipe":
            recipe = Path("results/recipes/teacher.json")
            recipe.write_text(recipe.read_text().replace('"r"', '"other"'))
        case "damage":
            (FOLDER / B / "results/b/two.txt").write_text("owt")
        case "nothing kept":
            forget(Path())
    made_again()
    assert Path("results/b/two.txt").read_text() == "made again"
