"""MultiArith: `{"sQuestion", "lSolutions": [39.0], …}`.

Source: github.com/kojima-takeshi188/zero_shot_cot, `dataset/MultiArith/MultiArith.json` (Roy and Roth 2015).
"""

from collections.abc import Iterable

from specialize.core.errors import RecordError
from specialize.data.benchmarks import fields
from specialize.data.benchmarks.fields import Row
from specialize.records.problems import Problem


def problems(rows: Iterable[Row]) -> list[Problem]:
    """Return the problems in order, repeats kept; ids are running numbers, since `iIndex` is none to rely on."""
    return [_problem(row, index) for index, row in enumerate(rows)]


def _problem(row: Row, index: int) -> Problem:
    solutions = fields.value(row, "lSolutions")
    if isinstance(solutions, list):
        if len(solutions) != 1:
            raise RecordError(row[0], "lSolutions", "a list of one number", solutions)
        solutions = solutions[0]
    # Copies of the dataset hold the bare number, or the number in text.
    answer = fields.canonical_number(row, "lSolutions", solutions)
    question = fields.text(row, "sQuestion")
    return Problem(id=f"multiarith/{index}", dataset="multiarith", question=question, answer=answer, kind="number")
