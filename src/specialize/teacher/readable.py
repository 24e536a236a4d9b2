"""Whether a completion states an answer to its problem, as the filter of traces will read it."""

from specialize.core.answers import flexible_answer, strict_answer
from specialize.records.problems import Problem
from specialize.teacher.api.reasoning import answer_part


def strictly_read(problem: Problem, text: str) -> str | None:
    """Return what the strict reading finds behind the reasoning, None for nothing."""
    return strict_answer(answer_part(text), problem.kind, problem.answer, problem.choices)


def flexibly_read(problem: Problem, text: str) -> str | None:
    """Return what the flexible reading finds behind the reasoning, None for nothing."""
    return flexible_answer(answer_part(text), problem.kind, problem.answer, problem.choices)
