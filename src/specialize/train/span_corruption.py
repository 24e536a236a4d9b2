"""Span corruption, T5's first objective: spans of a text are masked by sentinels, and the target says what stood there.

Source: https://arxiv.org/abs/1910.10683, §3.1.4 and Fig. 2. Example, with sentinels X and Y:

    text     Thank you for inviting me to your party last week
    source   Thank you X me to your party Y week
    target   X for inviting Y last
"""

import random
from collections.abc import Sequence
from itertools import pairwise

SENTINELS = 16
"""No text has more masked spans. As in T5's vocabulary the first one has the highest id; here they are spare rows of
the embedding, behind the tokenizer's pieces, since no text ever names them."""


def corrupt(
    tokens: Sequence[int], first_sentinel: int, end: int, noise: float, span: float, rng: random.Random
) -> tuple[list[int], list[int]] | None:
    """Return (source, target) of one text, each with the end mark; None where it is too short to mask anything.

    first_sentinel: id of the first sentinel, the next ones count down; noise: share of masked tokens; span: mean
    length of a masked span.
    """
    masked = max(1, round(len(tokens) * noise))
    kept = len(tokens) - masked
    spans = min(max(1, round(masked / span)), masked, kept, SENTINELS)
    if spans < 1:
        return None
    source: list[int] = []
    target: list[int] = []
    at = 0
    for number, (keep, mask) in enumerate(zip(_cut(kept, spans, rng), _cut(masked, spans, rng), strict=True)):
        source += [*tokens[at : at + keep], first_sentinel - number]
        target += [first_sentinel - number, *tokens[at + keep : at + keep + mask]]
        at += keep + mask
    return [*source, end], [*target, end]


def _cut(total: int, parts: int, rng: random.Random) -> list[int]:
    """Return `parts` positive numbers that add up to `total`, all ways alike."""
    bounds = [0, *sorted(rng.sample(range(1, total), parts - 1)), total]
    return [high - low for low, high in pairwise(bounds)]
