"""The ways to write a step down, with the weight of each."""

from dataclasses import dataclass

from specialize.teacher.simulated.solution import Step


@dataclass(frozen=True)
class Phrase:
    """What stands before and after the equation.

    Slots: {Holder} the words before the equation, {holder} the same inside a sentence, {adverb} where the step stands
    among the others, {result} the right side again, {unit} the words after the equation.
    """

    weight: float
    before: str
    after: str


PHRASES = (
    Phrase(0.36, "{Holder}", "{unit}."),
    Phrase(0.24, "{adverb} {holder}", "{unit}."),
    Phrase(0.18, "", ", so {holder} {result}{unit}."),
    Phrase(0.11, "We get", ", which means {holder} {result}{unit}."),
    Phrase(0.07, "{adverb},", "{unit}."),
    Phrase(0.04, "Now we know that {holder}", "{unit}."),
)
"""Uneven weights, so that an order of the alternatives means something and five of them do not hold everything."""

ADVERBS = {
    "first": {"First": 0.7, "To begin with": 0.2, "At first": 0.1},
    "middle": {"Then": 0.55, "Next": 0.3, "After that": 0.15},
    "last": {"Finally": 0.5, "So": 0.3, "Then": 0.15, "In the end": 0.05},
}

_STAY_LOW = {
    "A", "After", "All", "An", "And", "At", "Each", "Every", "For", "From", "He", "Her", "His", "In", "It", "On", "One",
    "She", "So", "That", "The", "Their", "There", "They", "This",
}  # fmt: skip
"""Words that lose their capital inside a sentence; a name keeps it."""


def beginnings(step: Step, place: str) -> list[tuple[float, int, str]]:
    """Return (weight, number of the phrase, text before the equation) for a step that stands `place` in the order.

    The weights sum to 1. The text ends without a blank.
    """
    found: list[tuple[float, int, str]] = []
    for number, phrase in enumerate(PHRASES):
        adverbs = ADVERBS[place] if "{adverb}" in phrase.before else {"": 1.0}
        for adverb, share in adverbs.items():
            text = phrase.before.format(Holder=_holder(step), holder=_lowered(_holder(step)), adverb=adverb)
            found.append((phrase.weight * share, number, text))
    return found


def ending(step: Step, phrase: int, result: int) -> str:
    """Return the text after the equation, newline included."""
    slots = {"holder": _lowered(_holder(step)), "result": result, "unit": step.after}
    return PHRASES[phrase].after.format(**slots) + "\n"


def _holder(step: Step) -> str:
    return step.before or "That makes"


def _lowered(text: str) -> str:
    first, blank, rest = text.partition(" ")
    return (first.lower() if first in _STAY_LOW else first) + blank + rest
