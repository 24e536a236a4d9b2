"""pass@1, pass@k, majority vote, errors by question."""

from itertools import combinations
from statistics import fmean, stdev

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from specialize.core.answers import Reading
from specialize.evaluate.repeated import interval, ks, majority, pass_at, sampled, standard_error, variance


def readings(*answers, gold="1"):
    return [Reading(answer, answer == gold) for answer in answers]


@given(st.integers(1, 9), st.data())
def test_pass_at_k_is_the_share_of_subsets_that_hold_a_right_answer(n, data):
    correct, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    subsets = list(combinations([True] * correct + [False] * (n - correct), k))
    assert pass_at(k, n, correct) == pytest.approx(fmean(any(subset) for subset in subsets))


def test_the_estimator_is_unbiased():
    chance, n, k = 0.3, 6, 3
    expected = sum(stats.binom.pmf(correct, n, chance) * pass_at(k, n, correct) for correct in range(n + 1))
    assert expected == pytest.approx(1 - (1 - chance) ** k)
    spread = sum(stats.binom.pmf(c, n, chance) * variance(readings(*["1"] * c, *["0"] * (n - c))) for c in range(n + 1))
    assert spread == pytest.approx(chance * (1 - chance))


def test_the_majority_wins_the_first_of_equals_and_no_answer_has_no_vote():
    assert majority(readings("2", "1", "1")) and not majority(readings("2", "2", "1"))
    assert not majority(readings("2", "1")) and majority(readings("1", "2"))
    assert majority(readings(None, None, "1")) and not majority(readings(None, None))


def test_k_are_powers_of_two_and_all():
    assert ks(1) == [1] and ks(12) == [1, 2, 4, 8, 12] and ks(16) == [1, 2, 4, 8, 16]


def test_errors_are_by_question():
    """Ten copies of each answer are no more evidence than one."""
    shares = [1.0, 0.0, 0.5, 1.0, 0.25]
    assert standard_error([shares]) == pytest.approx(stdev(shares) / len(shares) ** 0.5)
    once = sampled([[readings("1"), readings("0"), readings("1")]])
    often = sampled([[readings(*["1"] * 10), readings(*["0"] * 10), readings(*["1"] * 10)]])
    assert once.standard_error == often.standard_error > 0
    assert often.variance == 0 and often.pass_at["10"] == often.pass_at["1"] == often.majority == pytest.approx(
        2 / 3, abs=1e-6
    )
    low, high = interval(fmean(shares), standard_error([shares]), len(shares), 0.95)
    assert (low, high) == pytest.approx(np.clip(stats.t.interval(0.95, 4, fmean(shares), stats.sem(shares)), 0, 1))


def test_a_suite_is_the_mean_over_its_tasks():
    tasks = [[readings("1", "1")] * 3, [readings("0", "1")]]
    found = sampled(tasks)
    assert found.pass_at == {"1": 0.75, "2": 1.0} and found.majority == 0.5
