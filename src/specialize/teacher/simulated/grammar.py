"""The exact next-token distribution after any prefix: the posterior over derivations, summed by their next token.

A *belief* is the set of weighted half-written derivations that agree with the tokens so far. Its weights are Bayes'
posterior, so the product of the next-token probabilities along a text is the sum over the derivations that write it.
"""

import math
from collections.abc import Mapping
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from specialize.teacher.simulated.derivations import Derivations, Place
from specialize.teacher.simulated.solution import Solution
from specialize.teacher.simulated.tokens import END


class Piece(NamedTuple):
    """At least one token, and the place in the derivation behind them (None: the end)."""

    tokens: tuple[str, ...]
    place: Place | None


Half = tuple[int, int]
"""A half-written derivation: the number of its present piece, and how many tokens of it are written (not all)."""
Belief = tuple[tuple[Half, float], ...]


class Node:
    """A prefix of the text: what may come next, likeliest first, ties by the token."""

    def __init__(self, grammar: "Grammar", belief: Belief) -> None:
        self._grammar, self._belief = grammar, belief
        self._children: dict[str, Node] = {}
        self._cumulated: dict[float, list[float]] = {}
        masses: dict[str, float] = {}
        for (piece, written), weight in belief:
            token = grammar.pieces[piece].tokens[written]
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
        self.pieces: list[Piece] = []
        self._numbers: dict[Piece, int] = {}
        self._nodes: dict[Belief, Node] = {}
        self._beginnings: dict[Place, list[tuple[Half, float]]] = {}

    @cached_property
    def root(self) -> Node:
        """The empty text."""
        return self._node(dict(self._begin(self.derivations.start)))

    @cached_property
    def root_before_newline(self) -> Node:
        """The empty text where the prompt's last line is still open: a newline comes first."""
        return self._node({self._half(Piece(("\n",), self.derivations.start)): 1.0})

    def after(self, belief: Belief, token: str) -> Node:
        """Return the node that `token` leads to."""
        kept: dict[Half, float] = {}
        for (number, written), weight in belief:
            piece = self.pieces[number]
            if piece.tokens[written] != token:
                continue
            if written + 1 < len(piece.tokens):
                half = (number, written + 1)
                kept[half] = kept.get(half, 0.0) + weight
            elif piece.place is not None:
                for half, share in self._begin(piece.place):
                    kept[half] = kept.get(half, 0.0) + weight * share
        return self._node(kept)

    def _node(self, kept: Mapping[Half, float]) -> Node:
        total = math.fsum(kept.values())
        belief = tuple((half, weight / total) for half, weight in kept.items())
        node = self._nodes.get(belief)
        if node is None:
            node = self._nodes[belief] = Node(self, belief)
        return node

    def _begin(self, place: Place) -> list[tuple[Half, float]]:
        """Return the pieces that may follow `place`, unwritten, with their weights: those behind no tokens included."""
        if place not in self._beginnings:
            kept: dict[Half, float] = {}
            for weight, tokens, following in self.derivations.continuations(place):
                if tokens:
                    half = self._half(Piece(tokens, following))
                    kept[half] = kept.get(half, 0.0) + weight
                elif following is not None:
                    for half, share in self._begin(following):
                        kept[half] = kept.get(half, 0.0) + weight * share
            self._beginnings[place] = list(kept.items())
        return self._beginnings[place]

    def _half(self, piece: Piece) -> Half:
        if piece not in self._numbers:
            self._numbers[piece] = len(self.pieces)
            self.pieces.append(piece)
        return self._numbers[piece], 0
