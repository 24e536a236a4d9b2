"""Few-shot exemplars: JSON Lines of worked problems, `{"question", "rationale", "answer"}`."""

from collections.abc import Iterable

from specialize.core.answers import canonical_gold
from specialize.data import fields
from specialize.data.fields import Row
from specialize.records.problems import Problem


def problems(rows: Iterable[Row], dataset: str) -> list[Problem]:
    """Return the exemplars in order, ids `exemplars/0`, …, as part of `dataset`."""
    return [_problem(row, index, dataset) for index, row in enumerate(rows)]


def _problem(row: Row, index: int, dataset: str) -> Problem:
    answer, kind = canonical_gold(fields.text(row, "answer"))
    return Problem(
        id=f"exemplars/{index}",
        dataset=dataset,
        question=fields.text(row, "question"),
        answer=answer,
        kind=kind,
        rationale=fields.text(row, "rationale"),
    )
