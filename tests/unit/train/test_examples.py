"""The mix of formats, drawn on the fly."""

from collections import Counter

import pytest

from specialize.core.prompt_formats import is_in_context
from specialize.train.examples import Lengths, active_formats, plan_pass


@pytest.fixture
def planned(corpus, targets, encoding):
    def plan(run, number=0):
        return plan_pass(corpus, Lengths(corpus, targets, encoding, list(active_formats(run))), run, number)

    return plan


def test_exemplars_never_hold_the_question_itself(corpus, make_run, planned):
    run = make_run(exemplars=4)
    for number in range(20):
        examples, _ = planned(run, number)
        for example in examples:
            own = corpus.traces[example.trace].question
            assert all(corpus.pool[index].question != own for index in example.exemplars)
            assert len(set(example.exemplars)) == len(example.exemplars)
            assert bool(example.exemplars) == is_in_context(example.format)


def test_shares_follow_the_weights(corpus, make_run, planned):
    run = make_run()
    counts = Counter(e.format for number in range(50) for e in planned(run, number)[0])
    total = sum(counts.values())
    for format, share in active_formats(run).items():
        assert abs(counts[format] / total - share) < 0.04


def test_same_seed_same_pass_and_passes_differ(corpus, make_run, planned):
    run = make_run()
    assert planned(run, 3) == planned(run, 3)
    assert planned(run, 3) != planned(run, 4)
    assert planned(run, 3) != planned(make_run(seed=2), 3)


def test_lengths_are_near_the_rendered_text(corpus, targets, encoding, make_run, planned):
    run = make_run()
    examples, _ = planned(run)
    lengths = Lengths(corpus, targets, encoding, list(active_formats(run)))
    for example in examples:
        source, target = lengths.of(example)
        assert abs(source - len(encoding.source_ids([corpus.source(example)])[0])) <= 2 + len(example.exemplars)
        assert target == len(encoding.target_ids([corpus.target(example)])[0])


def test_exemplars_that_do_not_fit_are_left_off_and_long_questions_are_counted(corpus, make_run, planned):
    roomy, none = planned(make_run())
    assert none == 0
    tight, few = planned(make_run(max_source_tokens=90))
    assert sum(len(e.exemplars) for e in tight) < sum(len(e.exemplars) for e in roomy)
    nothing, all_of_them = planned(make_run(max_source_tokens=16))
    assert nothing == [] and all_of_them == len(corpus.traces)
    assert few <= all_of_them
