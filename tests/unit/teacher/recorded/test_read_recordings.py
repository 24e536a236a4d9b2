"""Reading files of recorded completions: both shapes, and every way in which a row can be malformed."""

import json
from pathlib import Path

import pytest

from specialize.core.errors import RecordError
from specialize.teacher.api.responses import Answer
from specialize.teacher.recorded.read_recordings import read_recorded


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_array_and_lines_read_the_same(tmp_path: Path) -> None:
    rows = [{"instruction": "How many?", "output": "The answer is 2"}, {"question": "And?", "output": ""}]
    array = written(tmp_path / "a.json", "\n " + json.dumps(rows, indent=1))
    lines = written(tmp_path / "b.jsonl", "\n\n".join(json.dumps(row) for row in rows))
    read = [[(row.question, row.answers) for row in read_recorded(path)] for path in (array, lines)]
    assert read[0] == read[1] == [("How many?", (Answer("The answer is 2"),)), ("And?", (Answer(""),))]


def test_lines_end_at_newline_alone(tmp_path: Path) -> None:
    path = written(tmp_path / "u.jsonl", '{"question": "a\u2028b", "output": "c\u0085d"}\n')
    (row,) = read_recorded(path)
    assert (row.question, row.answers[0].text) == ("a\u2028b", "c\u0085d")


def test_saved_responses_give_several_samples(tmp_path: Path) -> None:
    choices = [
        {"text": "one", "finish_reason": "stop", "index": 0, "logprobs": None},
        {"message": {"role": "assistant", "content": "two"}, "finish_reason": "length"},
        {"message": {"content": None}, "finish_reason": "content_filter"},
        {"text": ""},
    ]
    row = {"id": "cmpl-1", "question": "How many?", "choices": choices, "usage": {}}
    (read,) = read_recorded(written(tmp_path / "r.jsonl", json.dumps(row)))
    assert read.answers == (
        Answer("one", "stop"),
        Answer("two", "length"),
        Answer("", "content_filter"),
        Answer("", None),
    )


GOOD = '{"question": "q", "output": "o"}'


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ('{"output": "o"}', "question"),
        ('{"question": "  ", "output": "o"}', "question"),
        ('{"question": 5, "output": "o"}', "question"),
        ('{"question": "q"}', "output"),
        ('{"question": "q", "output": null}', "output"),
        ('{"question": "q", "output": ["o"]}', "output"),
        ('{"question": "q", "output": "\\ud800"}', "output"),
        ('{"question": "q", "output": "o", "choices": []}', "output"),
        ('{"question": "q", "choices": {}}', "choices"),
        ('{"question": "q", "choices": [{"text": "a"}, {}]}', "choices.1"),
        ('{"question": "q", "choices": [{"text": "a", "message": {"content": "b"}}]}', "choices.0"),
        ('{"question": "q", "choices": [{"text": 1}]}', "choices.0.text"),
        ('{"question": "q", "choices": [{"message": {}}]}', "choices.0.message.content"),
        ('{"question": "q", "choices": [{"text": "a", "finish_reason": 3}]}', "choices.0.finish_reason"),
        ('"only a text"', "(whole row)"),
    ],
)
def test_malformed_row_names_place_and_field(tmp_path: Path, row: str, field: str) -> None:
    lines = written(tmp_path / "bad.jsonl", f"{GOOD}\n{row}\n")
    with pytest.raises(RecordError) as caught:
        read_recorded(lines)
    assert str(caught.value).startswith(f"{lines}:2: field '{field}': expected ")
    assert ", got " in str(caught.value)

    array = written(tmp_path / "bad.json", f"[{GOOD}, {GOOD}, {row}]")
    with pytest.raises(RecordError) as caught:
        read_recorded(array)
    assert str(caught.value).startswith(f"{array}:2: field '{field}'")


@pytest.mark.parametrize(
    ("text", "where"),
    [("", 1), ("[]", 1), (f"{GOOD}\n{{", 2), (f"[{GOOD},\n{GOOD}", 2)],
    ids=["empty", "empty array", "broken line", "broken array"],
)
def test_unreadable_file(tmp_path: Path, text: str, where: int) -> None:
    path = written(tmp_path / "f.json", text)
    with pytest.raises(RecordError, match=rf"f\.json:{where}: "):
        read_recorded(path)


def test_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "latin.jsonl"
    path.write_bytes(b'{"question": "\xe9", "output": "o"}')
    with pytest.raises(RecordError, match=r"latin\.jsonl:1: "):
        read_recorded(path)
