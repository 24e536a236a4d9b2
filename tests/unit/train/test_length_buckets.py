"""Length-bucketed batches under a token budget."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from specialize.train.length_buckets import padded, plan_batches, split_batch

lengths = st.lists(st.tuples(st.integers(1, 300), st.integers(1, 120)), min_size=1, max_size=200)


@given(lengths, st.integers(64, 4000), st.integers(1, 4), st.integers(0, 5))
@settings(max_examples=100, deadline=None)
def test_batches_keep_the_budget_and_use_no_example_twice(rows, budget, at_least, seed):
    batches = plan_batches(rows, budget, at_least, random.Random(seed))
    used = [index for batch in batches for index in batch]
    assert len(used) == len(set(used))
    assert set(used) <= set(range(len(rows)))
    for batch in batches:
        assert len(batch) >= at_least
        cost = len(batch) * (padded(max(rows[i][0] for i in batch)) + padded(max(rows[i][1] for i in batch)))
        assert cost <= budget or len(batch) == at_least
    if at_least == 1:
        assert sorted(used) == list(range(len(rows)))


@given(lengths, st.integers(0, 5))
@settings(max_examples=30, deadline=None)
def test_same_seed_same_batches(rows, seed):
    first = plan_batches(rows, 1000, 1, random.Random(seed))
    assert first == plan_batches(rows, 1000, 1, random.Random(seed))


@given(st.lists(st.integers(), min_size=1, max_size=50), st.integers(1, 8))
def test_a_split_batch_is_the_batch(batch, parts):
    assert [index for part in split_batch(batch, parts) for index in part] == batch
    assert len(split_batch(batch, parts)) == parts


def test_bucketing_pads_less_than_random_order():
    generator = random.Random(1)
    rows = [(generator.choice([40, 400]) + generator.randrange(30), 20 + generator.randrange(80)) for _ in range(2000)]
    budget = 4000

    def waste(batches):
        real = sum(rows[i][0] + rows[i][1] for batch in batches for i in batch)
        held = sum(len(b) * (padded(max(rows[i][0] for i in b)) + padded(max(rows[i][1] for i in b))) for b in batches)
        return 1 - real / held

    bucketed = plan_batches(rows, budget, 1, random.Random(1))
    order = list(range(len(rows)))
    generator.shuffle(order)
    unsorted = [order[i : i + 8] for i in range(0, len(order), 8)]
    assert waste(bucketed) < 0.5 * waste(unsorted)
