"""MultiArith (Roy and Roth 2015): word problems of two steps, as one JSON array.

A row of this form (with outer blanks):

    {"iIndex": 0, "lAlignments": […], "lEquations": ["X=((9.0+4.0)-2.0)"], "lSolutions": [11.0],
     "sQuestion": " Al has 9 hens and buys 4. He sells 2. How many are left? "}
"""

from collections.abc import Iterable

from specialize.core.errors import RecordError
from specialize.core.params.datasets import HubParams
from specialize.data import fields
from specialize.data.benchmarks.benchmark import Benchmark
from specialize.data.benchmarks.local_files import json_array
from specialize.data.fields import Row
from specialize.records.problems import Problem


def problems(rows: Iterable[Row], part: str) -> list[Problem]:
    """Return the problems in order, repeats kept; ids are running numbers, since `iIndex` is not unique."""
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


BENCHMARK = Benchmark(
    files={"test": "MultiArith.json"},
    hub=HubParams(
        id="ChilleD/MultiArith",
        test="train+test",
        columns={"sQuestion": "question", "lSolutions": "final_ans"},
    ),
    read=json_array,
    problems=problems,
    licence="none stated",
    upstream="https://github.com/kojima-takeshi188/zero_shot_cot/tree/5ef330fcdeec0cd26aee27943504f91f8ec1c33c/dataset/MultiArith",
)
