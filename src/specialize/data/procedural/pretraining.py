"""Pretraining data for start checkpoints: an instruction mixture, and plain text for span corruption.

Both draw from the same four kinds of problem, in proportions from the params: generic tasks, arithmetic, word problems
of one step, and word problems of the seed dataset's length. Neither contains an evaluation question: word problems use
other people (`datasets`), generic tasks other questions.

The instruction mixture is problems (as FLAN's, https://arxiv.org/abs/2210.11416), formatted during training. The plain
text is the same content without a format: no `Q:`, no `The answer is` (T5 used web text,
https://arxiv.org/abs/1910.10683).
"""

import random
from collections.abc import Sequence

from specialize.core.params.data import DataParams
from specialize.data.procedural import generic_tasks
from specialize.data.procedural.datasets import dealt_for_training, generic_problem, maths_problem, seed_steps, setting
from specialize.data.procedural.phrases import Operation
from specialize.data.procedural.stories import apply, operands, story
from specialize.records.problems import Problem, Text
from specialize.records.record import Record

_SIGNS: tuple[Operation, ...] = ("+", "-", "*", "/")


def texts(params: DataParams) -> dict[str, Sequence[Record]]:
    """Return file name below `world/`, without ending → rows."""
    return {"instructions": instructions(params), "pretraining": pretraining(params)}


def instructions(params: DataParams) -> list[Problem]:
    """Return the instruction mixture, ids `instructions/0`, …; problem i depends on the seed and i alone."""
    return [_problem("instructions", index, params) for index in range(params.procedural.instructions)]


def pretraining(params: DataParams) -> list[Text]:
    """Return the texts; text i depends on the seed and i alone."""
    return [_as_text(_problem("pretraining", index, params)) for index in range(params.procedural.pretraining)]


def _problem(name: str, index: int, params: DataParams) -> Problem:
    rng = random.Random(f"{params.seed}/{name}/{index}")
    shares = params.procedural.mixture.model_dump()
    kind, own = rng.choices(list(shares), weights=list(shares.values()))[0], f"{name}/{index}"
    match kind:
        case "generic":
            return _generic(rng, own, params.seed)
        case "arithmetic":
            return _arithmetic(rng, own, params.procedural.largest_number)
        case "one_step":
            steps = range(1, 2)
        case _:
            steps = seed_steps(params.procedural)
    drawn = story(rng, setting(rng, "train", params.procedural, params.seed, steps))
    return maths_problem(drawn, own, "world")


def _generic(rng: random.Random, name: str, seed: int) -> Problem:
    task = rng.choice(generic_tasks.TASKS)
    while True:
        drawn = generic_tasks.draw(rng, task)
        if dealt_for_training(drawn.question, seed):
            return generic_problem(drawn, name, task, generic_tasks.INSTRUCTIONS[task])


def _arithmetic(rng: random.Random, name: str, largest: int) -> Problem:
    sign = rng.choice(_SIGNS)
    left = rng.randint(1, largest)
    while not (possible := operands(sign, left, largest)):
        left = rng.randint(1, largest)
    right = rng.choice(possible)
    result = apply(sign, left, right)
    return Problem(
        id=name,
        dataset="world",
        task="arithmetic",
        question=f"What is {left} {sign} {right}?",
        answer=str(result),
        kind="number",
        rationale=f"{left} {sign} {right} = {result}.",
    )


def _as_text(problem: Problem) -> Text:
    """Return a problem's question and reasoning as plain text."""
    reasoning = " ".join(str(problem.rationale).split("\n"))
    return Text(text=reasoning if problem.task == "arithmetic" else f"{problem.question} {reasoning}")
