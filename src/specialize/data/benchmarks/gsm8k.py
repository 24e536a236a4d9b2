"""GSM8K: `{"question", "answer"}`; the answer is reasoning with `<<48/2=24>>` annotations and a last line `#### 72`.

Source: github.com/openai/grade-school-math, `grade_school_math/data/{train,test}.jsonl`.
"""

import re
from collections.abc import Iterable

from specialize.core.answers import canonical_gold
from specialize.core.errors import RecordError
from specialize.data.benchmarks import fields
from specialize.data.benchmarks.fields import Row
from specialize.records.problems import Problem

_ANNOTATION = re.compile(r"<<[^<>]*>>")
_MARKER = "####"


def problems(rows: Iterable[Row], part: str) -> list[Problem]:
    """Return the problems of upstream's `part` (train, test) in order; ids are `gsm8k/train/0`, …

    The answer is what stands behind `####`, never the last annotation, which differs from it in one row of twenty.
    """
    return [_problem(row, f"gsm8k/{part}/{index}") for index, row in enumerate(rows)]


def _problem(row: Row, name: str) -> Problem:
    where, solution = row[0], fields.text(row, "answer")
    if solution.count(_MARKER) != 1:
        raise RecordError(where, "answer", f"exactly one '{_MARKER}'", solution)
    reasoning, _, final = solution.partition(_MARKER)
    answer, kind = canonical_gold(final)
    if kind != "number":
        raise RecordError(where, "answer", f"one number behind '{_MARKER}'", final)
    rationale = _ANNOTATION.sub("", reasoning).strip()
    if "<<" in rationale or ">>" in rationale:
        raise RecordError(where, "answer", "annotations of the form '<<2+3=5>>'", rationale)
    return Problem(
        id=name,
        dataset="gsm8k",
        question=fields.text(row, "question"),
        answer=answer,
        kind="number",
        rationale=rationale or None,
    )
