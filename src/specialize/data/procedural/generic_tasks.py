"""Six tasks that ask for something else than maths word problems: what a specialised student may forget.

Each has the character of a BIG-Bench-Hard task of the same name, in short words.
"""

import random
from dataclasses import dataclass
from itertools import pairwise

from specialize.data.procedural.phrases import NAMES, NOUNS

INSTRUCTIONS = {
    "boolean_expressions": "Say whether the expression is True or False.",
    "date_understanding": "Say which day it is.",
    "object_counting": "Count the things.",
    "tracking_shuffled_objects": "Say what a person has after the swaps.",
    "web_of_lies": "Say whether a person tells the truth.",
    "word_sorting": "Put the words in the order of the alphabet.",
}
TASKS = tuple(INSTRUCTIONS)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Worked:
    """A question with its reasoning and answer."""

    question: str
    rationale: str
    answer: str


def draw(rng: random.Random, task: str) -> Worked:
    """Draw one problem of a task of TASKS."""
    match task:
        case "boolean_expressions":
            return _boolean(rng)
        case "date_understanding":
            return _date(rng)
        case "object_counting":
            return _counting(rng)
        case "tracking_shuffled_objects":
            return _tracking(rng)
        case "web_of_lies":
            return _lies(rng)
        case _:
            return _sorting(rng)


def _boolean(rng: random.Random) -> Worked:
    """Three or four literals, bracketed from the left, so that no rule of priority is needed."""
    shown, value = _literal(rng)
    lines = []
    for index in range(rng.randint(2, 3)):
        word, (text, right) = rng.choice(("and", "or")), _literal(rng)
        result = value and right if word == "and" else value or right
        left = shown if not index else str(value)
        lines.append(f"{left} {word} {text} is {result}.")
        shown = f"{shown} {word} {text}" if not index else f"( {shown} ) {word} {text}"
        value = result
    return Worked(f"{shown} is", "\n".join(lines), str(value))


def _literal(rng: random.Random) -> tuple[str, bool]:
    value, negated = rng.random() < 0.5, rng.random() < 0.5
    return (f"not {value}", not value) if negated else (str(value), value)


def _date(rng: random.Random) -> Worked:
    """A day, and days that pass; the reasoning counts them off."""
    person, other = rng.sample(NAMES, 2)
    start, first, second = rng.randrange(7), rng.randint(1, 4), rng.randint(1, 4)
    question = f"{person} comes on {DAYS[start]} and {other} comes {_days(first)} later. "
    if rng.random() < 0.5:
        second = 0
        question += f"On which day does {other} come?"
    else:
        question += f"{other} stays for {_days(second)}. On which day does {other} go?"
    passed = [DAYS[(start + day) % 7] for day in range(first + second + 1)]
    return Worked(question, f"{', '.join(passed)}.", passed[-1])


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _counting(rng: random.Random) -> Worked:
    things = rng.sample(NOUNS, rng.randint(2, 3))
    counts = [rng.randint(2, 7) for _ in things]
    listed = [f"{count} {thing}" for count, thing in zip(counts, things, strict=True)]
    lines, total = [], counts[0]
    for count in counts[1:]:
        lines.append(f"{total} + {count} = {total + count} things.")
        total += count
    shown = f"{', '.join(listed[:-1])} and {listed[-1]}"
    return Worked(f"{rng.choice(NAMES)} sees {shown}. How many things are there?", "\n".join(lines), str(total))


def _tracking(rng: random.Random) -> Worked:
    """Three people swap things; the reasoning says after each swap who has what."""
    people, things = rng.sample(NAMES, 3), rng.sample(NOUNS, 3)
    has = dict(zip(people, things, strict=True))
    listed = [f"{person} has {thing}" for person, thing in has.items()]
    sentences, lines = [f"{listed[0]}, {listed[1]} and {listed[2]}."], []
    for index in range(rng.randint(1, 2)):
        one, other = sorted(rng.sample(people, 2), key=people.index)
        has[one], has[other] = has[other], has[one]
        sentences.append(f"{'Then ' if index else ''}{one} and {other} swap.")
        lines.append(f"Then {', '.join(f'{person} has {has[person]}' for person in people)}.")
    asked = rng.choice(people)
    return Worked(" ".join([*sentences, f"What does {asked} have?"]), "\n".join(lines), has[asked])


def _lies(rng: random.Random) -> Worked:
    """Who says of whom that he lies; the reasoning goes along the chain."""
    people = rng.sample(NAMES, rng.randint(2, 4))
    honest = rng.random() < 0.5
    verb = {True: "tells the truth", False: "lies"}
    sentences, lines = [f"{people[0]} {verb[honest]}."], []
    for other, person in pairwise(people):
        says = rng.random() < 0.5
        honest = says == honest
        sentences.append(f"{person} says {other} {verb[says]}.")
        lines.append(f"{person} {verb[honest]}.")
    question = " ".join([*sentences, f"Does {people[-1]} tell the truth?"])
    return Worked(question, "\n".join(lines), "Yes" if honest else "No")


def _sorting(rng: random.Random) -> Worked:
    words = rng.sample(NOUNS, rng.randint(3, 4))
    ordered = sorted(words)
    return Worked(f"Sort: {' '.join(words)}", f"First {', then '.join(ordered)}.", " ".join(ordered))
