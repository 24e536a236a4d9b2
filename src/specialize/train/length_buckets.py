"""Batches bucketed by length under a budget of tokens.

T5's relative position bias rules out packing with flash attention, so padding is what costs: examples of like length
go together. A pool of examples is laid out so that neighbours are alike in both lengths, and cut into batches whose
padded size stays within the budget; the order of the batches is random.

On GSM8K in the four formats this leaves 12 % padding where random batches of eight have 52 % (benchmarks/batches.py).
"""

import math
import random
from collections.abc import Sequence
from itertools import pairwise

POOL_BATCHES = 50
"""A pool holds about so many batches: large enough to sort well, small enough to keep the order random."""
PAD_TO = 8


def padded(tokens: int) -> int:
    """Return a length rounded up to the padding multiple."""
    return -(-tokens // PAD_TO) * PAD_TO


def plan_batches(
    lengths: Sequence[tuple[int, int]], budget: int, at_least: int, generator: random.Random
) -> list[list[int]]:
    """Cut examples 0..n-1 into batches.

    lengths: (source, target) tokens of each example; budget: padded source plus target tokens of a batch.
    A batch never has fewer than `at_least` examples, whatever the budget; a remainder that is too small is dropped.
    """
    order = list(range(len(lengths)))
    generator.shuffle(order)
    mean = sum(source + target for source, target in lengths) / max(len(lengths), 1)
    pool_size = max(at_least, int(POOL_BATCHES * budget / max(mean, 1)))
    batches: list[list[int]] = []
    for begin in range(0, len(order), pool_size):
        pool = order[begin : begin + pool_size]
        batches += _cut(_arrange(pool, lengths, budget), lengths, budget, at_least)
    generator.shuffle(batches)
    return batches


def split_batch(batch: Sequence[int], parts: int) -> list[list[int]]:
    """Split one batch into `parts` micro-batches of nearly equal numbers, neighbours in length together."""
    bounds = [len(batch) * part // parts for part in range(parts + 1)]
    return [list(batch[low:high]) for low, high in pairwise(bounds)]


def _arrange(pool: list[int], lengths: Sequence[tuple[int, int]], budget: int) -> list[int]:
    """Return the pool in strips of like sources, targets rising in one strip and falling in the next.

    Twice as many strips as a strip has batches, since sources differ more than targets do.
    """
    tokens = sum(source + target for source, target in (lengths[i] for i in pool))
    strips = max(1, round(math.sqrt(2 * tokens / budget)))
    by_source = sorted(pool, key=lambda i: lengths[i])
    arranged: list[int] = []
    for number in range(strips):
        strip = by_source[len(pool) * number // strips : len(pool) * (number + 1) // strips]
        arranged += sorted(strip, key=lambda i: lengths[i][::-1], reverse=number % 2 == 1)
    return arranged


def _cut(pool: list[int], lengths: Sequence[tuple[int, int]], budget: int, at_least: int) -> list[list[int]]:
    batches: list[list[int]] = []
    batch: list[int] = []
    longest_source = longest_target = 0
    for index in pool:
        source, target = max(longest_source, lengths[index][0]), max(longest_target, lengths[index][1])
        cost = (len(batch) + 1) * (padded(source) + padded(target))
        if cost > budget and len(batch) >= at_least:
            batches.append(batch)
            batch, source, target = [], *lengths[index]
        batch.append(index)
        longest_source, longest_target = source, target
    if len(batch) >= at_least:
        batches.append(batch)
    return batches
