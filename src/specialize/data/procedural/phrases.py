"""The words of the procedural world that training sees: who, what, and the surface forms of every step.

Slots: {a} the subject, {b} another person, {c} a bystander, {x} what is counted, {y} another thing, {k} a container,
{v} the first number, {n} the step's number. Nearly every sentence names both a person and the thing, so that any run
of ten words tells whose problem it is: a training question and an evaluation question never share one.
"""

from dataclasses import dataclass
from typing import Literal

Operation = Literal["+", "-", "*", "/"]

NAMES = (
    "Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gus", "Hana", "Ivo", "Jana",
    "Karl", "Lena", "Milo", "Nora", "Otto", "Pia", "Rosa", "Sam", "Tara", "Uma",
    "Vito", "Wim", "Yara", "Zoe", "Amir", "Bela", "Cora", "Dora",
)  # fmt: skip
NOUNS = (
    "apples", "books", "coins", "drums", "eggs", "figs", "hats", "keys",
    "lamps", "maps", "nuts", "pens", "rings", "shells", "toys", "vases",
)  # fmt: skip
CONTAINERS = ("bags", "boxes", "baskets", "jars")
"""In training they only hold things; in `world_units` they are what is counted."""


@dataclass(frozen=True)
class Phrase:
    """One surface form of one step: the sentence of the question, and who has the result."""

    operation: Operation
    sentence: str
    holder: str
    question: str | None = None
    """Asked if this step is the last one; such a step is always the last one."""
    moves: bool = False
    """Whether the result is the other person's, who is the subject from then on (comparisons)."""


@dataclass(frozen=True)
class Family:
    """A kind of story: how it begins, goes on and asks."""

    openings: tuple[str, ...]
    """Sentences that state the first number; none where the first step's sentence does."""
    first: tuple[Phrase, ...]
    later: tuple[Phrase, ...]
    questions: tuple[str, ...]
    unit: str = "{x}"


CHANGES = (
    Phrase("+", "{a} buys {n} more {x}.", "{a} has"),
    Phrase("+", "{a} finds another {n} {x}.", "{a} has"),
    Phrase("+", "{b} gives {a} {n} {x}.", "{a} has"),
    Phrase("+", "{a} then gets {n} {x} from {b}.", "{a} has"),
    Phrase("-", "{a} gives {n} {x} to {b}.", "{a} has"),
    Phrase("-", "{a} loses {n} of the {x}.", "{a} has"),
    Phrase("-", "{a} sells {n} {x}.", "{a} has"),
    Phrase("-", "{a} needs and uses {n} {x}.", "{a} has"),
)
COMPARISONS = (
    Phrase("+", "{b} has {n} more {x} than {a}.", "{b} has", moves=True),
    Phrase("-", "{b} has {n} fewer {x} than {a}.", "{b} has", moves=True),
    Phrase("*", "{b} has {n} times as many {x} as {a}.", "{b} has", moves=True),
)
SUMS = (Phrase("+", "{b} has {n} {x}.", "{a} and {b} have", "How many {x} do {a} and {b} have in all?", moves=True),)
SHARES = (
    Phrase(
        "/", "Into {n} {k} {a} puts the {x} equally.", "Each has", "How many {x} does {a} put in each?"
    ),
    Phrase(
        "/", "To {n} friends {a} gives the {x} equally.", "Each has", "How many {x} does {a} give to each?"
    ),
)  # fmt: skip
HAVE = ("How many {x} does {a} have now?", "How many {x} does {a} have in the end?")

CHAIN = Family(("{a} has {v} {x}.", "At first {a} has {v} {x}."), CHANGES + COMPARISONS, CHANGES + SHARES + SUMS, HAVE)
COMPARE = Family(("{a} has {v} {x}.", "{a} owns {v} {x}."), COMPARISONS, COMPARISONS + CHANGES + SUMS, HAVE)
GROUPS = Family(
    (),
    (
        Phrase("*", "With {n} {x} each {a} fills {v} {k}.", "{a} has"),
        Phrase("*", "In each of {v} {k} {a} keeps {n} {x}.", "{a} has"),
    ),
    CHANGES + SHARES + COMPARISONS,
    HAVE,
)
DAYS = Family(
    (),
    (
        Phrase("*", "For {v} days {a} makes {n} {x} a day.", "{a} has"),
        Phrase("*", "For {v} days {a} finds {n} {x} each day.", "{a} has"),
    ),
    (*CHANGES, *SHARES, Phrase("+", "The next day {a} finds {n} more {x}.", "{a} has")),
    HAVE,
)
SALES = Family(
    ("{a} sells {v} {x}.",),
    (
        Phrase("+", "The next day {a} sells {n} more {x}.", "{a} sells"),
        Phrase("*", "{b} sells {n} times as many {x} as {a}.", "{b} sells", moves=True),
    ),
    (
        Phrase("+", "The next day {a} sells {n} more {x}.", "{a} sells"),
        Phrase("+", "{b} sells {n} more {x} than {a}.", "{b} sells", moves=True),
        Phrase("-", "{b} sells {n} fewer {x} than {a}.", "{b} sells", moves=True),
        Phrase("-", "Back to {a} come {n} of the {x}.", "{a} sells"),
    ),
    ("How many {x} does {a} sell in all?",),
)
MONEY = Family(
    (),
    (
        Phrase("*", "At {n} dollars each {a} buys {v} {x}.", "{a} pays"),
        Phrase("*", "Each costs {n} dollars and {a} orders {v} {x}.", "{a} pays"),
    ),
    (
        Phrase("+", "For the {x} {a} pays {n} more dollars.", "{a} pays"),
        Phrase("-", "For the {x} {a} pays {n} dollars less.", "{a} pays"),
        Phrase(
            "/", "{n} friends pay {a} equally for the {x}.", "Each pays", "How many dollars does {a} get from each?"
        ),
    ),
    ("What do the {x} cost {a} in dollars?",),
    unit="dollars",
)  # fmt: skip
FAMILIES = (CHAIN, GROUPS, COMPARE, DAYS, SALES, MONEY)

IDLE = ("{c} has {n} {y}.", "{c} also has {n} {x}.")
"""Sentences with a number that the question does not need."""
IDLE_SHARE = 0.3
"""Share of training stories with such a sentence."""
