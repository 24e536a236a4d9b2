"""The exact next-token distribution after any prefix: the posterior over derivations, summed by their next token.

A *belief* is the set of weighted half-written derivations that agree with the tokens so far. Its weights are Bayes'
posterior, so the product of the next-token probabilities along a text is the sum over the derivations that write it.
"""

import math
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from specialize.teacher.local.derivations import Continuation, Derivations, Place
from specialize.teacher.local.solution import Solution
from specialize.teacher.local.tokens import END


class Half(NamedTuple):
    """A half-written derivation: the tokens of its present piece, how many of them are written, what follows them."""

    tokens: tuple[str, ...]
    written: int
    place: Place | None


Belief = tuple[tuple[Half, float], ...]


class Node:
    """A prefix of the text: what may come next, likeliest first, ties by the token."""

    def __init__(self, grammar: "Grammar", belief: Belief) -> None:
        self._grammar, self._belief = grammar, belief
        self._children: dict[str, Node] = {}
        self._cumulated: dict[float, list[float]] = {}
        masses: dict[str, float] = {}
        for half, weight in belief:
            token = half.tokens[half.written]
            masses[token] = masses.get(token, 0.0) + weight
        total = math.fsum(masses.values())
        ordered = sorted(masses.items(), key=lambda item: (-item[1], item[0]))
        self.tokens = tuple(token for token, _ in ordered)
        """The tokens of the distribution; the others have probability zero."""
        self.logprobs = tuple(min(0.0, math.log(mass / total)) for _, mass in ordered)
        """Their natural log-probabilities at temperature 1."""

    def child(self, token: str) -> "Node":
        """Return the prefix that is longer by `token`; KeyError where the token has probability zero."""
        if token not in self._children:
            if token not in self.tokens or token == END:
                raise KeyError(token)
            self._children[token] = self._grammar.after(self._belief, token)
        return self._children[token]

    def cumulated(self, temperature: float) -> list[float]:
        """Return the running sums of p^(1/temperature), scaled so that the likeliest token has 1; temperature > 0."""
        if temperature not in self._cumulated:
            weights = (math.exp((logprob - self.logprobs[0]) / temperature) for logprob in self.logprobs)
            self._cumulated[temperature] = list(accumulate(weights))
        return self._cumulated[temperature]


class Grammar:
    """One problem's grammar. Prefixes with the same belief are one node, made when first asked for."""

    def __init__(self, solution: Solution, error_rate: float) -> None:
        self.derivations = Derivations(solution, error_rate)
        self._nodes: dict[Belief, Node] = {}
        self._continuations: dict[Place, list[Continuation]] = {}

    @cached_property
    def root(self) -> Node:
        """The empty text."""
        return self._node({Half((), 0, self.derivations.start): 1.0})

    @cached_property
    def root_before_newline(self) -> Node:
        """The empty text where the prompt's last line is still open: a newline comes first."""
        return self._node({Half(("\n",), 0, self.derivations.start): 1.0})

    def after(self, belief: Belief, token: str) -> Node:
        """Return the node that `token` leads to."""
        kept: dict[Half, float] = {}
        for half, weight in belief:
            if half.tokens[half.written] == token:
                _add(kept, half._replace(written=half.written + 1), weight)
        return self._node(kept)

    def _node(self, kept: dict[Half, float]) -> Node:
        """Begin the next piece of the derivations whose present one is written out; normalise."""
        ready: dict[Half, float] = {}
        waiting = list(kept.items())
        while waiting:
            half, weight = waiting.pop()
            if half.written < len(half.tokens) or half.place is None:
                _add(ready, half, weight)
                continue
            for next_weight, tokens, place in self._next(half.place):
                waiting.append((Half(tokens, 0, place), weight * next_weight))
        total = math.fsum(ready.values())
        belief = tuple((half, weight / total) for half, weight in ready.items())
        if belief not in self._nodes:
            self._nodes[belief] = Node(self, belief)
        return self._nodes[belief]

    def _next(self, place: Place) -> list[Continuation]:
        if place not in self._continuations:
            self._continuations[place] = self.derivations.continuations(place)
        return self._continuations[place]


def _add(masses: dict[Half, float], half: Half, weight: float) -> None:
    masses[half] = masses.get(half, 0.0) + weight
