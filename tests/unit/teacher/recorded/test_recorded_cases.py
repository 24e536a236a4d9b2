"""Recorded rows in the shapes that others publish: read, joined, or refused with file, line and field."""

import json
from pathlib import Path

import pytest

from specialize.core.errors import RecordError
from specialize.records.problems import Problem
from specialize.teacher.recorded.read_recordings import read_recorded
from specialize.teacher.recorded.to_completions import import_rows

QUESTION = "Ann has $1,200 and spends $750. What is left?"
PROBLEM = Problem(id="d/train/0", dataset="d", question=QUESTION, answer="450", kind="number")


def written(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_an_instruction_beside_an_input_is_no_question_of_ours(tmp_path: Path) -> None:
    """P11: the question stands in `input`; the instruction matches nothing, which the import says."""
    row = {"instruction": "Solve the problem step by step.", "input": QUESTION, "output": "The answer is 450"}
    imported = import_rows({"t": read_recorded(written(tmp_path / "a.jsonl", row))}, [PROBLEM])
    assert not imported.completions and [lost.question for lost in imported.lost] == [row["instruction"]]
    assert imported.counts["t"]["unmatched"] == 1


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"query": QUESTION, "response": "450"}, "question"),
        ({"problem": QUESTION, "generated_solution": "450"}, "question"),
        ({"messages": [{"role": "user", "content": QUESTION}]}, "question"),
        ({"question": QUESTION, "response": "450"}, "output"),
        ({"question": QUESTION, "answer": "450"}, "output"),
        ({"question": QUESTION, "output": ["450"]}, "output"),
    ],
)
def test_other_shapes_are_refused_with_line_and_field(tmp_path: Path, row: object, field: str) -> None:
    """P12."""
    path = written(tmp_path / "a.jsonl", {"question": QUESTION, "output": "450"}, row)
    with pytest.raises(RecordError) as caught:
        read_recorded(path)
    assert str(caught.value).startswith(f"{path}:2: field '{field}': expected ") and ", got " in str(caught.value)


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_in_a_field_of_its_own_is_part_of_the_text(tmp_path: Path, field: str) -> None:
    """P13."""
    message = {"role": "assistant", "content": "The answer is 450", field: "1200 - 750 = 450."}
    row = {"question": QUESTION, "choices": [{"message": message, "finish_reason": "stop"}]}
    (recorded,) = read_recorded(written(tmp_path / "a.jsonl", row))
    assert "1200 - 750 = 450." in recorded.answers[0].text and recorded.answers[0].text.endswith("The answer is 450")


def test_a_question_is_found_across_thousands_separators(tmp_path: Path) -> None:
    """P14."""
    row = {"question": QUESTION.replace("$1,200", "$1200"), "output": "The answer is 450"}
    imported = import_rows({"t": read_recorded(written(tmp_path / "a.jsonl", row))}, [PROBLEM])
    assert [each["problem_id"] for each in imported.completions] == ["d/train/0"]
    assert imported.counts["t"]["matched normalised"] == 1
