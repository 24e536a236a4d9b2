"""ASDiv: `Body, Question, Solution-Type, Answer, Formula` and an ID.

Source: github.com/chaochun/nlu-asdiv-dataset, `dataset/ASDiv.xml`. All 2,305 rows are kept, whatever their answer's
form; PAL's often-quoted reduction keeps 2,096.
"""

import re
from collections.abc import Iterable

from specialize.core.numbers import format_number, parse_number
from specialize.data.benchmarks import fields
from specialize.data.benchmarks.fields import Row, joined
from specialize.records.problems import AnswerKind, Problem

_WITH_UNIT = re.compile(r"(.+?)\s*\([^()]*\)")


def problems(rows: Iterable[Row]) -> list[Problem]:
    """Return the problems in order, ids `asdiv/nluds-0001`, …"""
    return [_problem(row, index) for index, row in enumerate(rows)]


def gold(answer: str) -> tuple[str, AnswerKind]:
    """Return (canonical answer, kind) of ASDiv's own spelling.

    `9 (apples)` → (`9`, number); `-(1/3)` → (`-1/3`, number); `8 (ft); 12 (ft)` → (`8; 12`, numbers). A ratio `5:6`, a
    clock time, Yes or No, an ordinal, a name are texts, as written.
    """
    numbers = [_number(part.strip()) for part in answer.split(";")]
    found = [number for number in numbers if number is not None]
    if len(found) < len(numbers):
        return answer, "text"
    return "; ".join(found), "number" if len(found) == 1 else "numbers"


def _number(part: str) -> str | None:
    value = parse_number(part)  # first without a look at units: `-(1/3)` has none
    if value is None and (with_unit := _WITH_UNIT.fullmatch(part)):
        value = parse_number(with_unit[1])
    return None if value is None else format_number(value)


def _problem(row: Row, index: int) -> Problem:
    # Copies of the dataset hold plain numbers as JSON numbers.
    raw = fields.value(row, "Answer")
    written = fields.text(row, "Answer") if isinstance(raw, str) else fields.number(row, "Answer")
    answer, kind = gold(written)
    return Problem(
        id=f"asdiv/{fields.identifier(row, 'ID', index)}",
        dataset="asdiv",
        question=joined(fields.optional_text(row, "Body"), fields.text(row, "Question")),
        answer=answer,
        kind=kind,
    )
