"""Files are written whole or not at all; mistakes in them are reported with file, line and field."""

import json
import os
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specialize.core.errors import RecordError
from specialize.core.files import (
    json_text,
    read_json,
    read_records,
    read_rows,
    replacing,
    sha256_file,
    sha256_text,
    write_json,
    write_records,
    write_text,
)
from specialize.records.completions import Completion

ODD_TEXT = "one\u2028two\u2029three\x85four\x0bfive\rsix\nseven “½”"
ROW = {"problem_id": "gsm8k/train/0", "teacher": "t", "sample": 0, "text": "The answer is 72"}


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(KeyError), replacing(path) as temporary:
        temporary.write_text("half of the new")
        raise KeyError
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["a.txt"]


def test_until_the_end_the_old_file_stands(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
        assert temporary.parent == tmp_path and temporary.name.endswith(".part")
    assert path.read_text() == "new"
    assert names_in(tmp_path) == ["a.txt"]


def test_a_failing_record_leaves_no_file(tmp_path: Path) -> None:
    def records():  # type: ignore[no-untyped-def]
        yield Completion(**ROW)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_records(tmp_path / "a.jsonl", records())
    assert names_in(tmp_path) == []


def test_files_are_as_readable_as_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_text(tmp_path / "deep" / "a.txt", "text")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "deep" / "a.txt").stat().st_mode) == 0o640


def test_text_is_utf8_with_bare_newlines(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "é\n\u2028\r\n")
    assert (tmp_path / "a.txt").read_bytes() == "é\n\u2028\r\n".encode()


def test_equal_content_makes_equal_bytes(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": 1, "a": [1.5, None, "½"]})
    write_json(tmp_path / "b.json", {"a": [1.5, None, "½"], "b": 1})
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert sha256_file(tmp_path / "a.json") == sha256_text((tmp_path / "a.json").read_text(encoding="utf-8"))


def test_json_is_sorted_indented_and_ends_in_a_newline() -> None:
    assert json_text({"b": "½", "a": 1}) == '{\n  "a": 1,\n  "b": "½"\n}\n'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_no_file_holds_a_number_that_json_has_not(tmp_path: Path, value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"loss": [value]})
    assert names_in(tmp_path) == []


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=5))
def test_records_come_back_as_they_went(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("records") / "a.jsonl"
    records = [Completion(**{**ROW, "sample": sample, "text": text}) for sample, text in enumerate([*texts, ODD_TEXT])]
    write_records(path, records)
    assert read_records(path, Completion) == records


def test_a_row_is_a_line_whatever_its_text_holds(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(json.dumps({"text": ODD_TEXT}, ensure_ascii=False).encode() + b"\n\n \r\n" + b'{"text": "2"}')
    assert list(read_rows(path)) == [(f"{path}:1", {"text": ODD_TEXT}), (f"{path}:4", {"text": "2"})]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r":2: field '\(whole line\)': expected one JSON value in UTF-8"),
        (json.dumps({**ROW, "sample": -1}), r":2: field 'sample': .*greater than or equal to 0, got -1"),
        (json.dumps({**ROW, "colour": "red"}), r":2: field 'colour': .*not permitted, got 'red'"),
        (json.dumps({**ROW, "text": 5}), r":2: field 'text': .*string, got 5"),
        ('{"sample": 0}', r":2: field 'problem_id': .*required"),
        ("[1]", r":2: field '\(whole row\)': "),
        ("NaN", r":2: field '\(whole row\)': "),
    ],
)
def test_a_malformed_row_is_reported_with_file_line_and_field(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f"{json.dumps(ROW)}\n{line}\n")
    with pytest.raises(RecordError, match=re.escape(str(path)) + message):
        read_records(path, Completion)


def test_bytes_that_are_not_utf8_are_reported_with_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"a": 1}\n{"a": "\xff"}\n')
    with pytest.raises(RecordError, match=re.escape(f"{path}:2:")):
        list(read_rows(path))


def test_a_damaged_json_file_is_reported_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{\n"a": }\n')
    with pytest.raises(RecordError, match=re.escape(f"{path}:2: ") + ".*expected JSON in UTF-8"):
        read_json(path)


def test_a_long_value_is_cut_in_the_message(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({**ROW, "sample": "x" * 10_000}))
    with pytest.raises(RecordError) as error:
        read_records(path, Completion)
    assert len(str(error.value)) < 400 + len(str(path))
