"""Paired statistics against direct calculations, against statsmodels' numbers, and against known truths."""

import json
from math import comb, sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specialize.core.statistics.paired import clustered_error, detectable, holm, mcnemar, mean_interval
from specialize.core.statistics.question_families import question_family

BOTH = (-1.0, 1.0)
GOLDEN = json.loads(Path(__file__).with_name("statsmodels.json").read_text())
"""Says of each number which call of statsmodels 0.15.0 gave it."""


def interval(parts, bounds, confidence):
    found = mean_interval(parts, bounds, confidence)
    return found.value, found.low, found.high


@given(st.integers(0, 30), st.integers(0, 30))
def test_mcnemar_is_the_exact_binomial_test_less_half_of_what_was_seen_in_each_tail(won, lost):
    n, least = won + lost, min(won, lost)
    exact = 2 * sum(comb(n, k) for k in range(least + 1)) / 2**n
    direct = exact - comb(n, least) / 2**n if won != lost else 1.0
    assert mcnemar(won, lost) == pytest.approx(direct)


def changes(up: int, down: int, same: int) -> np.ndarray:
    return np.array([[1.0] * up + [-1.0] * down + [0.0] * same])


@pytest.mark.parametrize(("up", "down", "same"), [(30, 10, 60), (0, 0, 100), (5, 0, 0), (100, 80, 220)])
def test_the_bootstrap_agrees_with_bonett_and_price(up, down, same):
    n = up + down + same
    value, low, high = interval([changes(up, down, same)], BOTH, 0.95)
    p, q = (up + 1) / (n + 2), (down + 1) / (n + 2)
    half = 1.959964 * sqrt((p + q - (p - q) ** 2) / (n + 2))
    assert value == pytest.approx((up - down) / n, abs=1e-6)
    # Few problems make a skewed bootstrap: there the two agree more roughly.
    near = 0.012 if n > 50 else 0.3
    assert low == pytest.approx(max(p - q - half, -1), abs=near)
    assert high == pytest.approx(min(p - q + half, 1), abs=near)
    assert low <= value <= high


def test_nothing_changed_is_not_certain():
    _, low, high = interval([changes(0, 0, 100)], BOTH, 0.95)
    assert low < 0 < high
    _, few_low, few_high = interval([changes(0, 0, 10)], BOTH, 0.95)
    assert few_high - few_low > high - low


def test_several_benchmarks_weigh_alike():
    value, _, _ = interval([changes(10, 0, 0), changes(0, 0, 1000)], BOTH, 0.95)
    assert value == 0.5


def test_seeds_that_disagree_widen_the_interval():
    alike = np.concatenate([changes(40, 0, 60)] * 3)
    apart = np.concatenate([changes(10, 0, 90), changes(40, 0, 60), changes(70, 0, 30)])
    first, second = (interval([part], BOTH, 0.95) for part in (alike, apart))
    assert first[0] == pytest.approx(second[0]) == pytest.approx(0.4)
    # Student's t over three seeds: 4.303 · 0.3 / √3 to either side, and the problems' own error on top.
    assert second[2] - second[1] == pytest.approx(2 * sqrt((4.303 * 0.3 / sqrt(3)) ** 2 + 0.09**2), rel=0.1)
    assert first[2] - first[1] < 0.25


@settings(max_examples=25)
@given(st.lists(st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=4, max_size=4), min_size=1, max_size=4))
def test_an_interval_holds_its_value_and_comes_out_the_same_twice(rows):
    part = np.array(rows)
    value, low, high = interval([part], BOTH, 0.95)
    assert low <= value <= high
    assert interval([part], BOTH, 0.95) == (value, low, high)


def test_several_seeds_that_solve_nothing_are_surer_than_one():
    one = mean_interval([np.zeros((1, 100))], (0.0, 1.0), 0.95)
    five = mean_interval([np.zeros((5, 100))], (0.0, 1.0), 0.95)
    assert 0.02 < one.high < 0.04
    assert 0 < five.high < one.high / 3


def draw_run(rng, seeds, n, level, spread):
    """Return answers of [seeds, n]: a logit of the seed and one of the problem around `level`."""
    logits = level + rng.normal(0, spread, (seeds, 1)) + rng.normal(0, 1.0, (1, n))
    return (rng.random((seeds, n)) < 1 / (1 + np.exp(-logits))).astype(float)


def true_mean(level, spread):
    """Return the accuracy over all seeds and problems that draw_run draws from."""
    rng = np.random.default_rng(0)
    return float((1 / (1 + np.exp(-(level + rng.normal(0, sqrt(spread**2 + 1), 400_000))))).mean())


@pytest.mark.parametrize(("level", "other", "widest"), [(0.0, -1.0, 0.6), (-5.0, -5.0, 0.07)], ids=["middle", "floor"])
def test_intervals_of_five_seeds_cover_the_truth_as_often_as_they_say(level, other, widest):
    rng = np.random.default_rng(7)
    truth = true_mean(level, 0.8) - true_mean(other, 0.8)
    covered, widths, runs = 0, [], 150
    for _ in range(runs):
        part = draw_run(rng, 5, 100, level, 0.8) - draw_run(rng, 5, 100, other, 0.8)
        found = mean_interval([part], BOTH, 0.95, draws=2000)
        covered += found.low <= truth <= found.high
        widths.append(found.high - found.low)
    assert covered / runs >= 0.91
    assert np.mean(widths) < widest


def test_repeats_count_once():
    single = np.array([[1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0] * 5])
    fourfold = np.repeat(single, 4, axis=1)
    keys = [str(number // 4) for number in range(fourfold.shape[1])]
    alone = mean_interval([single], None, 0.95)
    naive = mean_interval([fourfold], None, 0.95)
    clustered = mean_interval([fourfold], None, 0.95, [keys])
    assert naive.high - naive.low < 0.6 * (alone.high - alone.low)
    assert clustered.high - clustered.low == pytest.approx(alone.high - alone.low, rel=0.1)
    assert clustered_error(fourfold[0], keys) == pytest.approx(clustered_error(single[0], range(40)))


def test_numbers_that_statsmodels_gave():
    assert holm(GOLDEN["holm"]["p"]) == pytest.approx(GOLDEN["holm"]["adjusted"])
    for row in GOLDEN["mcnemar"]:
        won, lost = row["won"], row["lost"]
        seen = comb(won + lost, min(won, lost)) / 2 ** (won + lost)
        assert mcnemar(won, lost) == pytest.approx(row["exact"] - seen)
    values, families = np.array(GOLDEN["clustered"]["values"]), GOLDEN["clustered"]["families"]
    assert clustered_error(values, families) == pytest.approx(GOLDEN["clustered"]["error"])
    found = mean_interval([values[None]], None, 0.95, [families])
    assert (found.high - found.low) / 2 / 1.96 == pytest.approx(GOLDEN["clustered"]["error"], rel=0.1)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_never_lowers_a_p_and_keeps_their_order(ps):
    adjusted = holm(ps)
    assert all(p <= after <= 1 for p, after in zip(ps, adjusted, strict=True))
    order = sorted(range(len(ps)), key=lambda place: ps[place])
    assert [adjusted[place] for place in order] == sorted(adjusted)


def test_a_detectable_difference_is_found_in_four_runs_of_five():
    rng = np.random.default_rng(3)
    error = 0.025
    size = detectable(0.0, 2 * 1.96 * error)
    assert (size + rng.normal(0, error, 20_000) > 1.96 * error).mean() == pytest.approx(0.8, abs=0.01)


def test_variants_of_a_story_are_one_family():
    first = "Paco had 26 salty cookies. He ate 14 of them. How many were left?"
    again = "Paco had 9 salty cookies. He ate 1,200 of them.  How many did he eat?"
    assert question_family(first) == question_family(again)
    assert question_family(first) != question_family(first.replace("salty", "sweet"))
    assert question_family("What is 2 + 3?") == question_family("What is 4 + 3?") != question_family("What is 2 of x?")
