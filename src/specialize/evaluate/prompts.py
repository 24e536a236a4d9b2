"""The prompts that a checkpoint is scored on.

Maths: the four formats of `core.prompt_formats`, with the same exemplars before every question (paper: one 4-shot
prompt for all four benchmarks). Generic tasks: BIG-Bench-Hard's own shape (also there), each task with its own
exemplars. Differs from the paper: its released code builds the answer-only prompt from one exemplar and a fragment of a
second one, with that one's reasoning in it; here all exemplars stand whole.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from specialize.core.params.evaluation.generation import GenerationParams
from specialize.core.prompt_formats import Format, GenericFormat, generic_source, is_in_context, source
from specialize.records.problems import Problem

Count = Callable[[str], int]
"""Number of tokens of a text."""
Render = Callable[[Sequence[Problem]], str]
"""From the exemplars to the text of a prompt."""


@dataclass(frozen=True)
class Prompt:
    """One problem in one format, ready to be decoded."""

    problem: Problem
    split: str
    format: Format | GenericFormat
    text: str
    left_off: int
    """Exemplars that did not fit."""


@dataclass(frozen=True)
class Benchmark:
    """What is asked of one benchmark."""

    problems: dict[str, list[Problem]]
    """Split → problems."""
    exemplars: Sequence[Problem]
    """Worked problems; those of a suite of generic tasks each with its own `task`."""
    is_generic: bool


def prompts_of(benchmark: Benchmark, params: GenerationParams, count: Count) -> list[Prompt]:
    """Return every prompt of one benchmark, by split, format and problem."""
    by_task: dict[str | None, list[Problem]] = defaultdict(list)
    for exemplar in benchmark.exemplars:
        by_task[exemplar.task].append(exemplar)
    made = []
    for split, problems in sorted(benchmark.problems.items()):
        if benchmark.is_generic:
            for shape in params.generic_formats:
                for problem in problems:
                    render = generic_renderer(problem, shape, by_task[problem.task])
                    shown = by_task[problem.task][: params.generic_exemplars]
                    made.append(Prompt(problem, split, shape, *fit(render, shown, params.max_source_tokens, count)))
        else:
            for format in params.formats:
                for problem in problems:
                    render = maths_renderer(problem, format)
                    shown = by_task[None][: params.exemplars]
                    made.append(Prompt(problem, split, format, *fit(render, shown, params.max_source_tokens, count)))
    return made


def maths_renderer(problem: Problem, format: Format) -> Render:
    """Return the function from exemplars to the prompt; zero-shot formats ignore them."""
    return lambda exemplars: source(format, problem.question, exemplars if is_in_context(format) else ())


def generic_renderer(problem: Problem, format: GenericFormat, worked: Sequence[Problem]) -> Render:
    """Return the function from exemplars to the prompt; the task's instruction opens it, whether or not they fit."""
    instruction = next((each.instruction for each in worked if each.instruction), None)
    return lambda exemplars: generic_source(format, problem.question, instruction, exemplars)


def fit(render: Render, exemplars: Sequence[Problem], limit: int, count: Count) -> tuple[str, int]:
    """Return the prompt with as many exemplars as fit `limit` tokens, the last ones, and how many were left off."""
    for left_off in range(len(exemplars)):
        text = render(exemplars[left_off:])
        if count(text) <= limit:
            return text, left_off
    return render(()), len(exemplars)
