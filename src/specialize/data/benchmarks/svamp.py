"""SVAMP (Patel, Bhattamishra and Goyal 2021): word problems of one step with distractors, as one JSON array.

A row of this form (the body may lack its full stop):

    {"ID": "chal-1", "Body": "Al owns 9 hens and 4 cats. He sells 2 hens", "Question": "How many hens are left?",
     "Equation": "( 9.0 - 2.0 )", "Answer": 7.0, "Type": "Subtraction"}
"""

from collections.abc import Iterable

from specialize.core.params.datasets import HubParams
from specialize.data import fields
from specialize.data.benchmarks.benchmark import Benchmark
from specialize.data.benchmarks.local_files import json_array
from specialize.data.fields import Row, joined
from specialize.records.problems import Problem


def problems(rows: Iterable[Row], part: str) -> list[Problem]:
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


BENCHMARK = Benchmark(
    files={"test": "SVAMP.json"},
    hub=HubParams(id="ChilleD/SVAMP", test="train+test"),
    read=json_array,
    problems=problems,
    licence="MIT",
    upstream="https://github.com/arkilpatel/SVAMP/tree/689d7ccac74b9983a2ac7cc3b264f441b99e7c53",
)
