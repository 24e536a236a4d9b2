"""What a checkpoint is asked.

Maths: the four formats of `core.prompt_formats`, with the same exemplars before every question (paper: one 4-shot
prompt for all four benchmarks). Generic tasks: BIG-Bench-Hard's own shape (also there), each task with its own
exemplars. Differs from the paper: its released code builds the answer-only prompt from one exemplar and a fragment of a
second one, with that one's reasoning in it; here all exemplars stand whole.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from specialize.core.params.evaluate import EvaluateParams
from specialize.core.prompt_formats import FORMATS, GENERIC_FORMATS, generic_source, is_in_context, source
from specialize.records.problems import Problem

Count = Callable[[str], int]
"""Number of tokens of a text."""


@dataclass(frozen=True)
class Prompt:
    """One problem in one format, ready to be decoded."""

    problem: Problem
    split: str
    format: str
    text: str
    left_off: int
    """Exemplars that did not fit."""


def prompts_of(
    problems: dict[str, list[Problem]],
    exemplars: Sequence[Problem],
    is_generic: bool,
    params: EvaluateParams,
    count: Count,
) -> list[Prompt]:
    """Return every prompt of one benchmark.

    problems: split → problems; exemplars: worked problems of the benchmark, a generic task's with its own `task`.
    """
    by_task: dict[str | None, list[Problem]] = defaultdict(list)
    for exemplar in exemplars:
        by_task[exemplar.task].append(exemplar)
    made = []
    for split, rows in sorted(problems.items()):
        for format in params.generic_formats if is_generic else params.formats:
            for problem in rows:
                worked = by_task[problem.task if is_generic else None]
                instruction = next((each.instruction for each in worked if each.instruction), None)
                shown = worked[: params.generic_exemplars if is_generic else params.exemplars]
                text, left_off = fit(problem, format, shown, instruction, params.max_source_tokens, count)
                made.append(Prompt(problem, split, format, text, left_off))
    return made


def fit(
    problem: Problem, format: str, exemplars: Sequence[Problem], instruction: str | None, limit: int, count: Count
) -> tuple[str, int]:
    """Return the prompt with as many exemplars as fit `limit` tokens, the last ones, and how many were left off."""
    for left_off in range(len(exemplars) + 1):
        text = render(problem, format, exemplars[left_off:], instruction)
        if left_off == len(exemplars) or count(text) <= limit:
            return text, left_off if exemplars else 0
    raise AssertionError("the last round returns")


def render(problem: Problem, format: str, exemplars: Sequence[Problem], instruction: str | None) -> str:
    """Return the text of one prompt; `instruction` opens a generic one, whether or not its exemplars fit."""
    for known in FORMATS:
        if known == format:
            return source(known, problem.question, exemplars if is_in_context(known) else ())
    for shape in GENERIC_FORMATS:
        if shape == format:
            return generic_source(shape, problem.question, instruction, exemplars)
    raise ValueError(f"no such format: {format}")
