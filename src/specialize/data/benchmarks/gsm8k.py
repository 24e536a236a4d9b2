"""GSM8K (Cobbe et al. 2021): grade-school word problems with written solutions, as JSON Lines.

A row of this form:

    {"question": "Al buys 3 bags of 8 plums and eats 2. How many are left?",
     "answer": "He buys 3*8 = <<3*8=24>>24 plums.\\nOf them 24-2 = <<24-2=22>>22 are left.\\n#### 22"}

The answer is reasoning with calculator annotations `<<3*8=24>>` and a last line `#### 22`.
"""

import re
from collections.abc import Iterable

from specialize.core.answers import canonical_gold
from specialize.core.errors import RecordError
from specialize.core.params.datasets import HubParams
from specialize.data import fields
from specialize.data.benchmarks.benchmark import Benchmark
from specialize.data.benchmarks.local_files import json_lines
from specialize.data.fields import Row
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


BENCHMARK = Benchmark(
    files={"train": "train.jsonl", "test": "test.jsonl"},
    hub=HubParams(id="openai/gsm8k", config="main"),
    read=json_lines,
    problems=problems,
    licence="MIT",
    upstream="https://github.com/openai/grade-school-math/tree/3101c7d5072418e28b9008a6636bde82a006892c/grade_school_math/data",
)
