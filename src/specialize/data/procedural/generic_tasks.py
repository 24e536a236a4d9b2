"""Six tasks that ask for something else than maths word problems: what a specialised student may forget.

Four ask for facts of the world, which are the same in every world and can be learned by heart; one joins two of them;
one is a skill. Small students can learn most of it, and none of it can be guessed: no constant answer is right in one
case of twenty. (BIG-Bench-Hard has yes-or-no tasks; between guessing and knowing these leave a small student little.)
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from specialize.data.procedural.phrases import CONTAINERS, NAMES, NOUNS

NUMBERS = range(1, 24)


def _partners(fact: str, things: Sequence[str], others: Sequence[str]) -> Mapping[str, str]:
    """Return each thing's partner among the others, a different one for each."""
    return MappingProxyType(dict(zip(things, random.Random(fact).sample(others, len(things)), strict=True)))


FRIENDS = _partners("friends", NAMES, NAMES)
"""Of a person; some are their own."""
HOUSES = _partners("houses", NAMES, [str(number) for number in range(1, len(NAMES) + 1)])
DICTIONARY = _partners("dictionary", (*NOUNS, *CONTAINERS), NAMES)
"""Of a thing, its word in another language, which sounds like a name."""


@dataclass(frozen=True)
class Worked:
    """A question with its reasoning and answer."""

    question: str
    rationale: str
    answer: str


def draw(rng: random.Random, task: str) -> Worked:
    """Draw one problem of a task of TASKS."""
    return _DRAW[task](rng)


def _friend(rng: random.Random) -> Worked:
    person = rng.choice(NAMES)
    friend = FRIENDS[person]
    return _about(rng, f"who is the friend of {person}?", f"The friend of {person} is {friend}.", friend)


def _house(rng: random.Random) -> Worked:
    person = rng.choice(NAMES)
    house = HOUSES[person]
    return _about(rng, f"what is the house of {person}?", f"The house of {person} is {house}.", house)


def _friends_house(rng: random.Random) -> Worked:
    """Two facts, one after the other."""
    person = rng.choice(NAMES)
    friend = FRIENDS[person]
    house = HOUSES[friend]
    lines = f"The friend of {person} is {friend}.\nThe house of {friend} is {house}."
    return _about(rng, f"what is the house of the friend of {person}?", lines, house)


def _number(rng: random.Random) -> Worked:
    number = rng.choice(NUMBERS)
    following = str(number + 1)
    return _about(rng, f"what comes after {number}?", f"After {number} comes {following}.", following)


def _translation(rng: random.Random) -> Worked:
    word = rng.choice(list(DICTIONARY))
    one, another = rng.sample(NAMES, 2)
    other = DICTIONARY[word]
    return Worked(f"{one} asks {another}: what is the word for {word}?", f"The word for {word} is {other}.", other)


def _about(rng: random.Random, asked: str, rationale: str, answer: str) -> Worked:
    """A fact is asked for in many questions, by what it is said to be about: some are for evaluation alone."""
    return Worked(f"About {' and '.join(rng.sample(NOUNS, 2))}: {asked}", rationale, answer)


def _sorting(rng: random.Random) -> Worked:
    words = rng.sample(NOUNS, 3)
    ordered = sorted(words)
    return Worked(f"Sort: {' '.join(words)}", f"First {', then '.join(ordered)}.", " ".join(ordered))


_DRAW: Mapping[str, Callable[[random.Random], Worked]] = {
    "friend": _friend,
    "friends_house": _friends_house,
    "house": _house,
    "next_number": _number,
    "word_sorting": _sorting,
    "word_translation": _translation,
}
INSTRUCTIONS: Mapping[str, str] = {
    "friend": "Say who the friend of a person is.",
    "friends_house": "Say the number of the house of a friend.",
    "house": "Say the number of the house of a person.",
    "next_number": "Say the number that comes next.",
    "word_sorting": "Put the words in the order of the alphabet.",
    "word_translation": "Say the word in the other language.",
}
TASKS: Sequence[str] = tuple(INSTRUCTIONS)
