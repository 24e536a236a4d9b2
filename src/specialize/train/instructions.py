"""The instruction mixture as text: every problem put in a format, as its kind is asked in evaluation.

Generic tasks are asked by their instruction, in BIG-Bench-Hard's shape; maths, and a share of the generic tasks too, in
the formats of `core.prompt_formats`.
"""

import random
from collections import defaultdict
from collections.abc import Sequence

from specialize.core.params.training.replay import InstructionPrompts
from specialize.core.prompt_formats import Format, GenericFormat, generic_source, generic_target, source, target
from specialize.records.problems import Problem


def render(problems: Sequence[Problem], params: InstructionPrompts, seed: int, number: int) -> list[tuple[str, str]]:
    """Return (source, target) of every problem, in pass `number`; each pass draws formats and exemplars anew."""
    rng = random.Random(f"{seed}/instructions/{number}")
    alike: dict[str | None, list[Problem]] = defaultdict(list)
    for problem in problems:
        alike[_kind(problem)].append(problem)
    return [_rendered(problem, alike[_kind(problem)], params, rng) for problem in problems]


def _kind(problem: Problem) -> str | None:
    return problem.task if problem.instruction else None


def _rendered(
    problem: Problem, alike: Sequence[Problem], params: InstructionPrompts, rng: random.Random
) -> tuple[str, str]:
    reasoned, in_context = rng.random() < params.chain_of_thought, rng.random() < params.in_context
    shown = [other for other in rng.sample(alike, min(2, len(alike))) if other.question != problem.question][:1]
    shown = shown if in_context else []
    if problem.instruction and rng.random() >= params.trained_prompt:
        shape: GenericFormat = "chain_of_thought" if reasoned else "answer_only"
        asked = generic_source(shape, problem.question, problem.instruction, shown)
        return asked, generic_target(shape, problem.rationale, problem.answer)
    format: Format
    if in_context:
        format = "in_context_chain_of_thought" if reasoned else "in_context_answer_only"
    else:
        format = "zero_shot_chain_of_thought" if reasoned else "zero_shot_answer_only"
    return source(format, problem.question, shown), target(format, problem.rationale, problem.answer)
