"""Paths and templates over the columns of a row, and what is said of a column that is not there."""

from typing import Any

import pytest

from specialize.core.errors import RecordError
from specialize.data.declared.columns import paths_of, text_at

ROW: dict[str, Any] = {
    "question": {"stem": " Where? ", "tags": ["a", "b"]},
    "answer": 39.0,
    "solutions": [1, 2.5],
    "flag": True,
    "nothing": None,
    "a.b": "dotted",
    "nan": float("nan"),
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("question.stem", "Where?"),
        ("{question.stem} {answer}", "Where? 39"),
        ("solutions.1", "2.5"),
        ("question.tags.1", "b"),
        ("flag", "yes"),
        ("nothing", ""),
        ("nan", ""),
        ("a.b", "dotted"),
        ("{choices}!", "A or B!"),
    ],
)
def test_a_template_is_filled_in(template: str, text: str) -> None:
    assert text_at(("f:1", ROW), template, {"choices": "A or B"}) == text


def test_paths_of_a_template() -> None:
    assert paths_of("{a} or {b.c}") == ["a", "b.c"] and paths_of("a.0") == ["a.0"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("anwser", "field 'anwser': expected one of the columns a.b, answer, flag,"),
        ("anwser", "Did you mean 'answer'?"),
        ("question.stm", "expected one of the columns stem, tags, got 'stm'. Did you mean 'question.stem'?"),
        ("solutions.2", "expected a place below 2, counted from 0, got '2'"),
        ("solutions", "expected one value, got [1, 2.5]. One place of the list: 'solutions.0'"),
        ("question", "One field of it: 'question.stem'"),
        ("answer.x", "expected columns inside, to find 'x' there, got 39.0"),
    ],
)
def test_a_wrong_path_says_what_there_is(path: str, message: str) -> None:
    with pytest.raises(RecordError) as error:
        text_at(("f:1", ROW), path)
    assert str(error.value).startswith(f"f:1: field '{path}': ") and message in str(error.value)
