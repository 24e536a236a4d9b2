"""Maths word problems as small programs: a first number, and steps that each change it."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from specialize.data.procedural.phrases import CONTAINERS, NOUNS, Family, Operation, Phrase


@dataclass(frozen=True)
class Step:
    """One step: `holder value operation operand = result unit.`"""

    operation: Operation
    operand: int
    holder: str
    unit: str


@dataclass(frozen=True)
class Story:
    """A question and the program that answers it."""

    question: str
    start: int
    steps: tuple[Step, ...]

    @property
    def answer(self) -> int:
        """The exact result."""
        return results(self.start, self.steps)[-1]

    @property
    def rationale(self) -> str:
        """One step a line, each with one equation: `Ada has 5 + 3 = 8 apples.`"""
        values = [self.start, *results(self.start, self.steps)]
        return "\n".join(
            f"{step.holder} {left} {step.operation} {step.operand} = {right} {step.unit}."
            for step, left, right in zip(self.steps, values, values[1:], strict=False)
        )


@dataclass(frozen=True)
class Setting:
    """What stories of one dataset are made of."""

    families: Sequence[Family]
    people: Sequence[str]
    """At least three."""
    noun: str
    steps: range
    """Possible numbers of steps."""
    largest: int
    idle: Sequence[str] = ()
    """Sentences with a number that is not needed."""
    idle_share: float = 0.0
    """Share of stories that have one."""


def apply(operation: Operation, left: int, right: int) -> int:
    """Return `left operation right`; a division is rounded down (it is exact in every true story)."""
    match operation:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left // right


def results(start: int, steps: Sequence[Step]) -> list[int]:
    """Return the value after each step."""
    values, value = [], start
    for step in steps:
        value = apply(step.operation, value, step.operand)
        values.append(value)
    return values


def story(rng: random.Random, setting: Setting) -> Story:
    """Draw a story. All its numbers lie within 0 … `setting.largest`."""
    while True:
        if made := _attempt(rng, setting):
            return made


def _attempt(rng: random.Random, setting: Setting) -> Story | None:
    """Draw a story; None where its numbers leave a step no operand."""
    family, count = rng.choice(list(setting.families)), rng.choice(list(setting.steps))
    cast = rng.sample(list(setting.people), len(setting.people))
    words = {
        "x": setting.noun,
        "y": rng.choice([noun for noun in NOUNS if noun != setting.noun]),
        "k": rng.choice([container for container in CONTAINERS if container != setting.noun]),
        "m": str(rng.randint(2, setting.largest)),
        "c": cast[-1],
    }
    start = value = rng.randint(2, setting.largest if family.openings else setting.largest // 2)
    subject = 0
    people = {"a": cast[0], "b": cast[1]}
    sentences = [rng.choice(family.openings).format(**words, **people, v=start)] if family.openings else []
    steps: list[Step] = []
    question = rng.choice(family.questions)
    for index in range(count):
        # The last of the cast is the bystander, and nobody comes to have two numbers.
        may_move = subject + 1 < len(cast) - 1
        phrases = family.later if index else family.first
        drawn = _step(rng, phrases, value, setting.largest, index == count - 1, may_move)
        if drawn is None:
            return None
        phrase, operand = drawn
        slots = {**words, **people}
        sentences.append(phrase.sentence.format(**slots, v=start, n=operand))
        steps.append(Step(phrase.operation, operand, phrase.holder.format(**slots), family.unit.format(**slots)))
        value = apply(phrase.operation, value, operand)
        question = phrase.question or question
        if phrase.moves and not phrase.question:
            subject += 1
            people = {"a": cast[subject], "b": cast[subject + 1]}
    if rng.random() < setting.idle_share:
        idle = rng.choice(list(setting.idle)).format(**words, a=cast[0], n=rng.randint(2, setting.largest))
        sentences.insert(rng.randint(1, len(sentences)), idle)
    return Story(" ".join([*sentences, question.format(**words, **people)]), start, tuple(steps))


def _step(
    rng: random.Random, phrases: Sequence[Phrase], value: int, largest: int, is_last: bool, may_move: bool
) -> tuple[Phrase, int] | None:
    """Draw an operation that is possible at this value, one of its phrases, and the operand; None where none is."""
    possible: dict[Operation, list[Phrase]] = {}
    for phrase in phrases:
        fits = (is_last or phrase.question is None) and (may_move or not phrase.moves)
        if fits and operands(phrase.operation, value, largest):
            possible.setdefault(phrase.operation, []).append(phrase)
    if not possible:
        return None
    operation = rng.choice(list(possible))
    return rng.choice(possible[operation]), rng.choice(operands(operation, value, largest))


def operands(operation: Operation, value: int, largest: int) -> Sequence[int]:
    """Return every operand from 2 on that leaves the result whole and within 0 … `largest`."""
    match operation:
        case "+":
            return range(2, largest - value + 1)
        case "-":
            return range(2, value + 1)
        case "*":
            return range(2, largest // value + 1) if value else ()
        case "/":
            return [divisor for divisor in range(2, value // 2 + 1) if value % divisor == 0]
