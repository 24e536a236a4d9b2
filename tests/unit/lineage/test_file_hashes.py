"""What files hold: remembered as long as nobody touched them, and never longer."""

import os
from pathlib import Path

import pytest

from specialize.core.files import sha256_text
from specialize.lineage import file_hashes
from specialize.lineage.file_hashes import Contents, Memory

OLD = 10**18


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that were read."""
    read: list[str] = []
    honest = file_hashes.sha256_file
    monkeypatch.setattr(file_hashes, "sha256_file", lambda path: (read.append(path.name), honest(path))[1])
    return read


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """No file is so young that it might yet change within the grain of its times."""
    monkeypatch.setattr(file_hashes, "YOUNG_NS", -(10**12))


def look(project: Path) -> str:
    """Look at a.txt as a new process would."""
    memory = Memory(project / ".snakemake" / "contents.json")
    state = Contents(project, memory=memory).state("a.txt")
    memory.save()
    assert state
    return state.sha256


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".snakemake").mkdir()
    (tmp_path / "a.txt").write_text("one")
    return tmp_path


def test_an_untouched_file_is_read_once(project: Path, hashed: list[str], settled: None) -> None:
    assert look(project) == look(project) == look(project) == sha256_text("one")
    assert hashed == ["a.txt"]


@pytest.mark.parametrize("how", ["in place", "replaced"])
def test_a_file_changed_behind_its_time_stamp_is_read_again(project: Path, settled: None, how: str) -> None:
    file = project / "a.txt"
    os.utime(file, ns=(OLD, OLD))
    look(project)
    if how == "in place":
        file.write_text("two")
    else:
        (project / "b.txt").write_text("two")
        (project / "b.txt").replace(file)
    os.utime(file, ns=(OLD, OLD))  # same size, same time of modification
    assert look(project) == sha256_text("two")


def test_a_young_file_is_not_remembered(project: Path, hashed: list[str]) -> None:
    look(project)
    look(project)
    assert hashed == ["a.txt", "a.txt"]


def test_a_damaged_memory_is_no_memory(project: Path, settled: None) -> None:
    look(project)
    for text in ("{", "[1]", '{"a.txt": 3}', '{"a.txt": []}'):
        (project / ".snakemake" / "contents.json").write_text(text)
        assert look(project) == sha256_text("one")


def test_without_the_folder_of_snakemake_nothing_is_written(tmp_path: Path, settled: None) -> None:
    (tmp_path / "a.txt").write_text("one")
    look(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
