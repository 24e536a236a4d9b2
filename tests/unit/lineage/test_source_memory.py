"""Code is parsed once: what is known of a text is kept by its hash, and believed for that hash alone."""

import json
from pathlib import Path

import pytest

from specialize.core.files import sha256_text
from specialize.lineage import code_digest as module
from specialize.lineage.code_digest import code_digest
from specialize.lineage.source_memory import FILE, Source, SourceMemory, memory_of

SOURCE = Source(("specialize.core",), "a" * 64)


@pytest.fixture
def reader(tmp_path: Path) -> Path:
    (tmp_path / ".snakemake").mkdir()
    (tmp_path / "reader.py").write_text("VERSION = 1")
    return tmp_path / "reader.py"


def test_another_process_knows_it(tmp_path: Path, reader: Path) -> None:
    memory = SourceMemory(tmp_path / FILE, reader)
    memory.put("specialize.one", "1" * 64, SOURCE)
    memory.save()
    again = SourceMemory(tmp_path / FILE, reader)
    assert again.get("specialize.one", "1" * 64) == SOURCE
    assert again.get("specialize.one", "2" * 64) is None, "another text"
    assert again.get("specialize.two", "1" * 64) is None
    reader.write_text("VERSION = 2")
    assert SourceMemory(tmp_path / FILE, reader).get("specialize.one", "1" * 64) is None, "read by other code"


@pytest.mark.parametrize("stored", ["", "[]", "{}", '{"made_by": 1, "modules": 2}', '{"modules": {"a": [1, 2]}}', "\0"])
def test_a_damaged_file_knows_nothing(tmp_path: Path, reader: Path, stored: str) -> None:
    (tmp_path / FILE).write_text(stored)
    assert SourceMemory(tmp_path / FILE, reader).get("a", "1") is None


def test_nothing_is_written_where_snakemake_has_no_folder(tmp_path: Path, reader: Path) -> None:
    (tmp_path / ".snakemake").rmdir()
    memory = SourceMemory(tmp_path / FILE, reader)
    memory.put("specialize.one", "1" * 64, SOURCE)
    memory.save()
    assert not (tmp_path / FILE).exists()


def test_a_digest_is_the_same_with_and_without(tmp_path: Path, small_package, monkeypatch: pytest.MonkeyPatch) -> None:
    package = small_package({"data.__main__": "from specialize.data import a", "data.__init__": "", "data.a": "A = 1"})
    project = package.parents[1]
    (project / ".snakemake").mkdir()
    first = code_digest("data", package)
    assert set(json.loads((project / FILE).read_text())["modules"]) >= {"specialize.data.a"}
    memory_of.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(module, "canonical_code", lambda text: pytest.fail("parsed again"))
        assert code_digest("data", package) == first
    (package / "data" / "a.py").write_text("A = 2")
    assert code_digest("data", package) != first
    assert json.loads((project / FILE).read_text())["modules"]["specialize.data.a"][0] == sha256_text("A = 2")
