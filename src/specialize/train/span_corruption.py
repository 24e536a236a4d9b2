"""Span corruption, T5's pretraining objective: sentinels replace spans of a text, and the target restores them.

Source: https://arxiv.org/abs/1910.10683, §3.1.4 and Fig. 2. Example, with sentinels X and Y:

    text     Thank you for inviting me to your party last week
    source   Thank you X me to your party Y week
    target   X for inviting Y last
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

SENTINELS = 16
"""Most masked spans of a text. As in T5's vocabulary the first sentinel has the highest id; here they are spare rows of
the embedding beyond the tokenizer's tokens, since no text ever contains them."""


@dataclass(frozen=True)
class Noising:
    """How texts are corrupted."""

    first_sentinel: int
    """Id of the first sentinel; the next ones count down."""
    end: int
    """Id of the end token."""
    noise: float
    """Share of masked tokens."""
    span: float
    """Mean length of a masked span, in tokens."""


def corrupt(tokens: Sequence[int], noising: Noising, rng: random.Random) -> tuple[list[int], list[int]] | None:
    """Return (source, target) of one text, each with the end token; None where it is too short to mask anything."""
    masked = max(1, round(len(tokens) * noising.noise))
    kept = len(tokens) - masked
    spans = min(max(1, round(masked / noising.span)), masked, kept, SENTINELS)
    if spans < 1:
        return None
    source: list[int] = []
    target: list[int] = []
    at = 0
    for number, (keep, mask) in enumerate(
        zip(_partition(kept, spans, rng), _partition(masked, spans, rng), strict=True)
    ):
        source += [*tokens[at : at + keep], noising.first_sentinel - number]
        target += [noising.first_sentinel - number, *tokens[at + keep : at + keep + mask]]
        at += keep + mask
    return [*source, noising.end], [*target, noising.end]


def _partition(total: int, parts: int, rng: random.Random) -> list[int]:
    """Return `parts` positive numbers that add up to `total`, drawn uniformly."""
    bounds = [0, *sorted(rng.sample(range(1, total), parts - 1)), total]
    return [high - low for low, high in pairwise(bounds)]
