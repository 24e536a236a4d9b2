"""Small problems and completions to filter."""

from collections.abc import Callable

import pytest

from specialize.core.params.traces import FilterParams
from specialize.records.completions import Completion
from specialize.records.problems import Problem
from specialize.traces.filter.candidates import Candidate, candidates_of

MakeProblem = Callable[..., Problem]
MakeCandidate = Callable[..., Candidate]


@pytest.fixture(scope="session")
def problem() -> MakeProblem:
    """Return a maker of problems: number, question, answer, kind."""

    def make(number: int = 0, question: str = "How many?", answer: str = "72", kind: str = "number") -> Problem:
        fields = {"id": f"d/train/{number}", "dataset": "d", "question": question, "answer": answer, "kind": kind}
        return Problem.model_validate(fields)

    return make


@pytest.fixture(scope="session")
def candidate(problem: MakeProblem) -> MakeCandidate:
    """Return a maker of candidates: text, the problem's fields, params."""

    def make(text: str, params: FilterParams | None = None, sample: int = 0, **fields: object) -> Candidate:
        one = problem(**fields)
        completion = Completion(problem_id=one.id, teacher="t", sample=sample, text=text)
        return candidates_of([completion], [one], params or FilterParams())[0]

    return make
