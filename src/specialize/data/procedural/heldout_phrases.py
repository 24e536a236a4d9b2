"""Templates that training never sees, built from words that it does see: what the companion sets are made of.

Unseen words would measure untrained embeddings, not reasoning; a test holds every word to the training text. Slots as
in `phrases`, and {m}: a number that is not needed.
"""

from specialize.data.procedural.phrases import CHANGES, HAVE, SHARES, Family, Phrase

_THEN = (
    Phrase("+", "{b} then gives another {n} {x} to {a}.", "{a} has"),
    Phrase("-", "{a} then sells {n} of the {x} to {b}.", "{a} has"),
    Phrase(
        "/", "{a} keeps the {x} equally in {n} {k}.", "Each has", "How many {x} does {a} have in each?"
    ),
)  # fmt: skip
PLAIN = (
    Family((), (Phrase("+", "{a} finds {v} {x} and then buys {n} more {x}.", "{a} has"),), _THEN, HAVE),
    Family((), (Phrase("-", "{a} has {v} {x} and loses {n} of the {x}.", "{a} has"),), _THEN, HAVE),
    Family((), (Phrase("*", "{a} gets {v} {k} and puts {n} {x} in each.", "{a} has"),), _THEN, HAVE),
)
"""Two plain steps, the first one in one sentence with its number (MultiArith)."""

_DIFFERENCE = Phrase("-", "{b} has {n} {x}.", "{a} has", "How many more {x} does {a} have than {b}?")
_BOTH = Phrase("+", "{b} sells {n} {x}.", "{a} and {b} sell", "How many {x} do {a} and {b} sell in all?", moves=True)
_MORE_SALES = (Phrase("+", "{a} then sells another {n} {x}.", "{a} sells"), _BOTH)
UNITS = (
    Family(("{a} gets {v} {x}.", "At first {a} keeps {v} {x}."), CHANGES, (*CHANGES, *SHARES, _DIFFERENCE), HAVE),
    Family(
        (),
        (Phrase("*", "Each day for {n} days {a} sells {v} {x}.", "{a} sells"),),
        _MORE_SALES,
        ("How many {x} does {a} sell in all?",),
    ),
    Family(("At first {a} sells {v} {x}.",), _MORE_SALES, _MORE_SALES, ("How many {x} does {a} sell in the end?",)),
)
"""Other families; what is counted are containers and dollars, which training never counts so (ASDiv)."""

CHANGED_QUESTION = Family(
    ("{b} has {m} {x} and {a} has {v} {x}.", "{a} has {v} {x} and {b} has {m} {x}."),
    (
        Phrase("+", "{b} gives {n} {x} to {a}.", "{a} has"),
        Phrase("-", "{b} gets {n} {x} from {a}.", "{a} has"),
        Phrase("-", "{b} uses {n} of the {x} of {a}.", "{a} has"),
    ),
    CHANGES,
    HAVE,
)
"""The question asks after one of two people who both have a number (SVAMP)."""
IDLE = ("{a} also has {n} {y}.", "{c} gives {n} {y} to {a}.", "{c} buys {n} {x}.")
"""Idle sentences of `world_distractor`: what training knows as a step, of a thing or a person that is not asked for."""
