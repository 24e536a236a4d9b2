"""Records are frozen and closed: a misspelt field or a number that JSON has not is refused, not passed on."""

import importlib
from pkgutil import iter_modules
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from specialize import records
from specialize.records.coverage import Coverage, TokenCounts
from specialize.records.problems import Problem
from specialize.records.record import Record
from specialize.records.scores import Score, ScoreRow

ROW = {
    "split": "test",
    "format": "f",
    "reading": "strict",
    "n": 4,
    "correct": 3,
    "accuracy": 0.75,
    "low": 0.3,
    "high": 1,
}
MODULES = [importlib.import_module(f"specialize.records.{found.name}") for found in iter_modules(records.__path__)]
ALL = [
    model
    for module in MODULES
    for model in vars(module).values()
    if isinstance(model, type)
    and issubclass(model, Record)
    and model.__module__ == module.__name__
    and model is not Record
]


@pytest.mark.parametrize("model", ALL)
def test_unknown_fields_are_refused(model: type[BaseModel]) -> None:
    with pytest.raises(ValidationError, match=r"colour\n *Extra inputs are not permitted"):
        model.model_validate({"colour": "red"})


def test_records_are_frozen() -> None:
    problem = Problem(id="a", dataset="d", question="q", answer="1", kind="number")
    with pytest.raises(ValidationError, match="frozen"):
        problem.answer = "2"  # type: ignore[misc]


@pytest.mark.parametrize(
    "change", [{"accuracy": float("nan")}, {"n": 0}, {"low": -0.1}, {"high": 1.1}, {"split": "train"}]
)
def test_impossible_scores_are_refused(change: dict[str, Any]) -> None:
    assert ScoreRow.model_validate(ROW).correct == 3
    with pytest.raises(ValidationError, match=next(iter(change))):
        ScoreRow.model_validate({**ROW, **change})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_plan_holds_finite_numbers_only(value: float) -> None:
    score = {"benchmark": "b", "role": "seed", "student": "s", "step": 1, "checkpoint": "c", "scorer": "1"}
    full = {**score, "prompts": {}, "rows": [ROW]}
    assert Score.model_validate({**full, "plan": {"temperature": 0.5}}).plan == {"temperature": 0.5}
    with pytest.raises(ValidationError, match="finite"):
        Score.model_validate({**full, "plan": {"temperature": value}})


def test_shares_follow_from_the_counts() -> None:
    """They are written for readers of the file; a file in which they do not fit is damaged."""
    coverage = Coverage(all=TokenCounts(tokens=4, soft=3))
    assert coverage.shares.all.soft == 0.75 and coverage.shares.numbers.soft is None
    written = coverage.model_dump()
    assert Coverage.model_validate(written) == coverage
    written["shares"]["all"]["soft"] = 0.5
    with pytest.raises(ValidationError, match="do not follow"):
        Coverage.model_validate(written)
