"""Options in the layouts that public sets have, and gold answers by label, text or place."""

from typing import Any

import pytest

from specialize.core.errors import RecordError
from specialize.core.params.datasets import DatasetParams
from specialize.data.declared.options import gold_option, options_of

COLOURS = {"A": "red", "B": "green", "C": "blue"}


def dataset(**given: Any) -> DatasetParams:
    return DatasetParams.model_validate(
        {"role": "probe", "files": "a.csv", "question": "q", "answer": "a", "choices": "c", **given}
    )


@pytest.mark.parametrize(
    "column",
    [
        ["red", "green", "blue"],
        ["A)red", "B) green", "C)blue"],
        ["(A) red", "(B) green", "(C) blue"],
        [{"label": label, "text": text} for label, text in COLOURS.items()],
        {"label": list(COLOURS), "text": list(COLOURS.values())},
        {"red": 0, "green": 1, "blue": 0},
    ],
)
def test_layouts_of_options(column: object) -> None:
    options = options_of(("f:1", {"c": column}), "c")
    assert options.texts == COLOURS and not options.plain
    assert options.shown() == "Options:\n(A) red\n(B) green\n(C) blue"


def test_one_option_a_column() -> None:
    row = ("f:1", {"A": "red", "B": "green", "C": "blue"})
    assert options_of(row, ["A", "B", "C"]).texts == COLOURS
    shorter = ("f:1", {"A": "red", "B": "green", "C": ""})
    assert list(options_of(shorter, ["A", "B", "C"]).texts) == ["A", "B"]
    with pytest.raises(RecordError, match="none empty"):
        options_of(("f:1", {"A": "red", "B": "", "C": "blue"}), ["A", "B", "C"])


@pytest.mark.parametrize(
    ("answer", "gold"),
    [("B", "(B)"), ("(b)", "(B)"), ("B.", "(B)"), ("Green", "(B)"), (1, "(B)"), ("2", "(C)"), ({"red": 0, "green": 1}, "(B)")],
)  # fmt: skip
def test_gold_by_label_text_or_place(answer: object, gold: str) -> None:
    row = ("f:1", {"c": list(COLOURS.values()), "a": answer})
    assert gold_option(row, dataset(), options_of(row, "c")) == gold


def test_yes_and_no_are_answers_themselves() -> None:
    row = ("f:1", {"c": {"Yes": 0, "No": 1}, "a": {"Yes": 0, "No": 1}})
    options = options_of(row, "c")
    assert options.plain and gold_option(row, dataset(), options) == "no"
    assert gold_option(("f:1", {"a": True}), dataset(choices=None), None) == "yes"
    assert gold_option(("f:1", {"a": "(C)"}), dataset(choices=None), None) == "(C)"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"c": ["red", "green"], "a": "D"}, "field 'a': expected an option: a label (A, B), its text"),
        ({"c": ["red", "green"], "a": "2"}, "field 'a': expected an option"),
        ({"c": ["red", "green"], "a": ""}, "field 'a': expected an answer"),
        ({"c": ["red"], "a": "A"}, "field 'c': expected 2 to 26 options"),
        ({"c": ["red", ""], "a": "A"}, "field 'c': expected 2 to 26 options"),
        (
            {"c": ["red", "red"], "a": "red"},
            "field 'a': expected an option: a label (A, B), its text if no other has it",
        ),
        ({"c": [str(n) for n in range(27)], "a": "A"}, "field 'c': expected 2 to 26 options"),
        ({"c": "red or green", "a": "A"}, "field 'c': expected a list of texts"),
        ({"c": {"red": 1, "green": 1}, "a": {"red": 1, "green": 1}}, "expected one option with the best score"),
    ],
)
def test_what_is_no_choice_is_named(row: dict[str, Any], message: str) -> None:
    with pytest.raises(RecordError) as error:
        gold_option(("f:1", row), dataset(), options_of(("f:1", row), "c"))
    assert message in str(error.value)


def test_without_options_a_gold_answer_is_a_label_or_yes_or_no() -> None:
    with pytest.raises(RecordError, match="expected a label such as"):
        gold_option(("f:1", {"a": "perhaps"}), dataset(choices=None), None)
