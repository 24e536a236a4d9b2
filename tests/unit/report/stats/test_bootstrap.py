"""Paired statistics against direct calculations."""

from math import comb, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specialize.report.stats.bootstrap import bend_weights, contrast_interval, line_through, mcnemar, slope_weights
from specialize.report.stats.predictions import task_weights

BOTH = (-1.0, 1.0)


@given(st.integers(0, 30), st.integers(0, 30))
def test_mcnemar_is_the_exact_binomial_test(won, lost):
    n, least = won + lost, min(won, lost)
    direct = min(1.0, 2 * sum(comb(n, k) for k in range(least + 1)) / 2**n)
    assert mcnemar(won, lost) == pytest.approx(direct)


def changes(up: int, down: int, same: int) -> np.ndarray:
    return np.array([[1.0] * up + [-1.0] * down + [0.0] * same])


@pytest.mark.parametrize(("up", "down", "same"), [(30, 10, 60), (0, 0, 100), (5, 0, 0), (100, 80, 220)])
def test_the_bootstrap_agrees_with_bonett_and_price(up, down, same):
    n = up + down + same
    value, low, high = contrast_interval([changes(up, down, same)], BOTH, 0.95)
    p, q = (up + 1) / (n + 2), (down + 1) / (n + 2)
    half = 1.959964 * sqrt((p + q - (p - q) ** 2) / (n + 2))
    assert value == pytest.approx((up - down) / n, abs=1e-6)
    # Few problems make a skewed bootstrap: there the two agree more roughly.
    near = 0.012 if n > 50 else 0.3
    assert low == pytest.approx(max(p - q - half, -1), abs=near)
    assert high == pytest.approx(min(p - q + half, 1), abs=near)
    assert low <= value <= high


def test_nothing_changed_is_not_certain():
    _, low, high = contrast_interval([changes(0, 0, 100)], BOTH, 0.95)
    assert low < 0 < high
    _, few_low, few_high = contrast_interval([changes(0, 0, 10)], BOTH, 0.95)
    assert few_high - few_low > high - low


def test_several_benchmarks_weigh_alike():
    value, _, _ = contrast_interval([changes(10, 0, 0), changes(0, 0, 1000)], BOTH, 0.95)
    assert value == 0.5


def test_seeds_that_disagree_widen_the_interval():
    alike = np.concatenate([changes(40, 0, 60)] * 3)
    apart = np.concatenate([changes(10, 0, 90), changes(40, 0, 60), changes(70, 0, 30)])
    first, second = (contrast_interval([part], BOTH, 0.95) for part in (alike, apart))
    assert first[0] == pytest.approx(second[0]) == pytest.approx(0.4)
    # Student's t over three seeds: 4.303 · 0.3 / √3 to either side, and the problems' own error on top.
    assert second[2] - second[1] == pytest.approx(2 * sqrt((4.303 * 0.3 / sqrt(3)) ** 2 + 0.09**2), rel=0.1)
    assert first[2] - first[1] < 0.25


@settings(max_examples=25)
@given(st.lists(st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=4, max_size=4), min_size=1, max_size=4))
def test_an_interval_holds_its_value_and_comes_out_the_same_twice(rows):
    part = np.array(rows)
    value, low, high = contrast_interval([part], BOTH, 0.95)
    assert low <= value <= high
    assert contrast_interval([part], BOTH, 0.95) == (value, low, high)


def test_slope_as_a_contrast_is_the_slope_of_the_line():
    x, y = [1.0, 2.0, 4.0], [0.1, 0.4, 0.5]
    slope, intercept, fitted = line_through(x, y)
    assert sum(w * v for w, v in zip(slope_weights(x), y, strict=True)) == pytest.approx(slope)
    assert line_through(x, [2 * each + 1 for each in x]) == pytest.approx((2, 1, 1))
    assert 0 < fitted < 1 and intercept < 0.1
    assert line_through(x, [0.3, 0.3, 0.3])[2] == 0


def test_weights_make_the_mean_over_problems_the_mean_over_tasks():
    ids = ["s/a/0", "s/a/1", "s/a/2", "s/b/0"]
    weights = task_weights(ids, is_suite=True)
    assert float((weights * [1, 1, 1, 0]).mean()) == pytest.approx(0.5)
    assert list(task_weights(ids, is_suite=False)) == [1, 1, 1, 1]


def test_bend_weights_find_no_bend_on_a_line_and_the_height_of_a_parabola():
    x = np.array([1.0, 1.5, 3.0, 4.0])
    weights = np.array(bend_weights(x))
    assert weights @ (2 * x - 7) == pytest.approx(0, abs=1e-9)
    height = 0.3 * (1 - ((x - 2.5) / 1.5) ** 2)  # 0 at both ends, 0.3 in the middle
    assert weights @ (height + 5 * x) == pytest.approx(0.3)
