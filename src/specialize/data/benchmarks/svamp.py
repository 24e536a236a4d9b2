"""SVAMP: `{"ID", "Body", "Question", "Equation", "Answer": 51.0, "Type"}`.

Source: github.com/arkilpatel/SVAMP, `SVAMP.json`.
"""

from collections.abc import Iterable

from specialize.data.benchmarks import fields
from specialize.data.benchmarks.fields import Row, joined
from specialize.records.problems import Problem


def problems(rows: Iterable[Row]) -> list[Problem]:
    """Return the problems in order, ids `svamp/chal-1`, …

    The gold answer is `Answer`; `Equation` is not read: it gives another number in chal-680.
    """
    return [_problem(row, index) for index, row in enumerate(rows)]


def _problem(row: Row, index: int) -> Problem:
    return Problem(
        id=f"svamp/{fields.identifier(row, 'ID', index)}",
        dataset="svamp",
        question=joined(fields.optional_text(row, "Body"), fields.text(row, "Question")),
        answer=fields.number(row, "Answer"),
        kind="number",
    )
