"""One completion: token by token from p^(1/T), by a stream of random numbers that is its own."""

import random
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from specialize.teacher.simulated.grammar import Node
from specialize.teacher.simulated.tokens import END

UNLIKELY = -9999.0
"""What OpenAI's servers send for a log-probability too small to give."""
FinishReason = Literal["stop", "length", "content_filter"]


@dataclass(frozen=True)
class Drawn:
    """A sampled token: its text, its log-probability at temperature 1, and the distribution it was drawn from."""

    token: str
    logprob: float
    node: Node


@dataclass(frozen=True)
class Sample:
    """A completion. The tokens write the text; after a stop string they go on to the end of the token it ends in.

    `spent` counts the tokens that were drawn, those of the stop string too.
    """

    text: str
    drawn: tuple[Drawn, ...]
    finish_reason: FinishReason
    spent: int


def stream(seed: int, problem: str, index: int) -> random.Random:
    """Return the random numbers of choice `index` of a request.

    Choice i of seed s is choice 0 of seed s + i: so a client that sends `seed = base + first sample` gets the same
    samples in whatever portions it asks for them.
    """
    return random.Random(f"{seed + index}/{problem}")


def draw(
    root: Node, rng: random.Random, temperature: float, max_tokens: int | None = None, stop: Sequence[str] = ()
) -> Sample:
    """Sample until the grammar ends, a stop string is written (it is cut off) or `max_tokens` are drawn."""
    node, text = root, ""
    drawn: list[Drawn] = []
    longest = max((len(mark) for mark in stop), default=0)
    while max_tokens is None or len(drawn) < max_tokens:
        place = choose(node, rng, temperature)
        token = node.tokens[place]
        if token == END:
            return Sample(text, tuple(drawn), "stop", len(drawn))
        drawn.append(Drawn(token, node.logprobs[place], node))
        before, text = len(text), text + token
        cut = min((at for mark in stop if (at := text.find(mark, max(0, before - longest))) >= 0), default=-1)
        if cut >= 0:
            return Sample(text[:cut], _covering(drawn, cut), "stop", len(drawn))
        node = node.child(token)
    return Sample(text, tuple(drawn), "length", len(drawn))


def follow(root: Node, tokens: Sequence[str]) -> list[Drawn | None]:
    """Return what `draw` would have given had it drawn these tokens: UNLIKELY for the first that the grammar never
    writes, whose distribution is known all the same, and None for what comes behind it."""
    node: Node | None = root
    followed: list[Drawn | None] = []
    for token in tokens:
        if node is None:
            followed.append(None)
            continue
        place = node.tokens.index(token) if token in node.tokens else None
        followed.append(Drawn(token, UNLIKELY if place is None else node.logprobs[place], node))
        node = None if place is None else node.child(token)
    return followed


def choose(node: Node, rng: random.Random, temperature: float) -> int:
    """Return the place of the next token in `node.tokens`; temperature 0 takes the likeliest."""
    # Drawn at every token, so that a stream runs alike at every temperature.
    uniform = rng.random()
    if temperature == 0:
        return 0
    cumulated = node.cumulated(temperature)
    return min(bisect_right(cumulated, uniform * cumulated[-1]), len(cumulated) - 1)


def _covering(drawn: Sequence[Drawn], length: int) -> tuple[Drawn, ...]:
    """The tokens that write the first `length` characters; the last one may write more."""
    covered, count = 0, 0
    while covered < length:
        covered += len(drawn[count].token)
        count += 1
    return tuple(drawn[:count])
