"""The door of the teacher phase: files in, files out, one line for every mistake."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from specialize.core.files import write_json, write_records, write_text
from specialize.lineage.recipe import recipe_text
from specialize.records.completions import COMPLETIONS_SCHEMA
from specialize.records.problems import Problem
from specialize.records.recipes import Recipe
from specialize.teacher.__main__ import main

NOTHING = dict.fromkeys(COMPLETIONS_SCHEMA.names)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    recipe = Recipe(
        phase="teacher", name="teacher", params={"recorded": ["x/a.json", "b.jsonl"]}, code="", rules="", files={}
    )
    write_text(tmp_path / "teacher.json", recipe_text(recipe))
    questions = ["How many eggs?", "How many hens?"]
    write_records(
        tmp_path / "train.jsonl",
        [Problem(id=f"d/{i}", dataset="d", question=q, answer="1", kind="number") for i, q in enumerate(questions)],
    )
    write_json(tmp_path / "a.json", [{"question": "how many hens", "output": "The answer is 1"}])
    lines = [
        {"question": "How many eggs?", "choices": [{"text": "x", "finish_reason": "length"}]},
        {"question": "?", "output": "y"},
    ]
    write_text(tmp_path / "b.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    return tmp_path


def call(folder: Path, recorded: tuple[str, ...] = ("a.json", "b.jsonl"), output: str = "out/part.parquet") -> int:
    files = [str(folder / name) for name in recorded]
    inputs = ["--recipe", str(folder / "teacher.json"), "--problems", str(folder / "train.jsonl"), "--recorded", *files]
    outputs = ["--output", str(folder / output), "--summary", str(folder / "out/import.json")]
    return main(["import", *inputs, *outputs])


def test_import_writes_completions_and_summary(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(project) == 0
    table = pq.read_table(project / "out/part.parquet")
    assert table.schema.equals(COMPLETIONS_SCHEMA)
    assert table.to_pylist() == [
        {**NOTHING, "problem_id": "d/0", "teacher": "b", "sample": 0, "text": "x", "finish_reason": "length"},
        {**NOTHING, "problem_id": "d/1", "teacher": "a", "sample": 0, "text": "The answer is 1"},
    ]
    compressions = {
        pq.ParquetFile(project / "out/part.parquet").metadata.row_group(0).column(i).compression for i in range(5)
    }
    assert compressions == {"ZSTD"}
    summary = json.loads((project / "out/import.json").read_text())
    assert summary["teachers"]["b"] == {
        "rows": 2,
        "matched exactly": 1,
        "matched normalised": 0,
        "unmatched": 1,
        "ambiguous": 0,
        "completions": 1,
    }


def test_same_inputs_same_bytes(project: Path) -> None:
    assert call(project) == 0
    first = [(project / name).read_bytes() for name in ("out/part.parquet", "out/import.json")]
    assert call(project, output="out/again.parquet") == 0
    assert [(project / name).read_bytes() for name in ("out/again.parquet", "out/import.json")] == first


def test_malformed_row_leaves_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_text(project / "b.jsonl", '{"question": "How many eggs?", "output": "x"}\n{"question": "q", "output": 1}\n')
    assert call(project) == 2
    assert "b.jsonl:2: field 'output'" in capsys.readouterr().err
    assert not (project / "out").exists()


@pytest.mark.parametrize("recorded", [("a.json",), ("b.jsonl", "a.json"), ("a.json", "c.json")])
def test_files_must_be_those_of_the_recipe(
    project: Path, recorded: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(project, recorded) == 2
    assert "expected the recipe's files a.json, b.jsonl" in capsys.readouterr().err


def test_two_files_of_one_teacher(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = Recipe(
        phase="teacher", name="teacher", params={"recorded": ["a.json", "a.jsonl"]}, code="", rules="", files={}
    )
    write_text(project / "teacher.json", recipe_text(recipe))
    (project / "b.jsonl").rename(project / "a.jsonl")
    assert call(project, ("a.json", "a.jsonl")) == 2
    assert "same teacher 'a'" in capsys.readouterr().err


def test_no_row_matches(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_text(project / "a.json", '[{"question": "other", "output": "x"}]')
    write_text(project / "b.jsonl", '{"question": "another", "output": "x"}')
    assert call(project) == 2
    assert "Are these the problems that the teacher answered?" in capsys.readouterr().err
    assert not (project / "out").exists()


def test_missing_file_and_wrong_recipe(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "a.json").unlink()
    assert call(project) == 2
    recipe = Recipe(phase="traces", name="traces", params={"recorded": ["a.json"]}, code="", rules="", files={})
    write_text(project / "teacher.json", recipe_text(recipe))
    assert call(project) == 2
    assert "expected a recipe of 'teacher'" in capsys.readouterr().err
