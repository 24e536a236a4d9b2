"""Estimates, changes and how they are said."""

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_run import row

from specialize.report.formatting import describe, joined, points, size
from specialize.report.stats.bootstrap import Comparison
from specialize.report.stats.estimate import Change, Estimate, mean_estimate, replicates_estimate


def estimate(correct: int, n: int) -> Estimate:
    made = row(None, "test", "format", "reading", n, correct)
    return Estimate(made["accuracy"], made["low"], made["high"], n, correct)


estimates = st.integers(1, 500).flatmap(lambda n: st.builds(estimate, st.integers(0, n), st.just(n)))


@given(st.lists(estimates, min_size=1, max_size=6))
def test_a_mean_lies_in_its_interval_and_the_interval_in_that_of_the_means(parts):
    mean = mean_estimate(parts)
    assert 0 <= mean.low <= mean.accuracy <= mean.high <= 1
    assert mean.low >= sum(part.low for part in parts) / len(parts) - 1e-5
    assert mean.high <= sum(part.high for part in parts) / len(parts) + 1e-5
    assert (mean.n, mean.correct) == (sum(part.n for part in parts), sum(part.correct for part in parts))


def test_a_mean_of_equals_has_the_interval_of_the_squares():
    part = Estimate(0.5, 0.4, 0.6, 100, 50)
    mean = mean_estimate([part] * 4)
    assert (mean.low, mean.high) == (0.45, 0.55)
    assert mean_estimate([part]) is part


def test_the_mean_weighs_benchmarks_alike():
    mean = mean_estimate([estimate(0, 1000), estimate(10, 10)])
    assert mean.accuracy == 0.5
    assert not mean.is_share


def test_a_mean_of_zeros_keeps_an_upper_bound():
    mean = mean_estimate([estimate(0, 40)] * 3)
    assert (mean.accuracy, mean.low) == (0, 0)
    assert 0.04 < mean.high < 0.09


def test_the_paired_interval_makes_a_verdict():
    low, high = Estimate(0.1, 0.05, 0.2, 10, 1), Estimate(0.5, 0.3, 0.7, 10, 5)
    clear, open_ = Comparison("a", 0.4, 0.1, 0.7, 10, 1), Comparison("a", 0.4, -0.1, 0.9, 10, 1)
    assert Change(low, high, clear).verdict == "gain"
    assert Change(high, low, Comparison("a", -0.4, -0.7, -0.1, 10, 1)).verdict == "loss"
    assert Change(low, high, open_).verdict == "unclear"
    assert Change(low, high).verdict is None  # not compared problem by problem
    assert Change(low, None).points is None
    assert Change(low, high).points == pytest.approx(40)


def test_replicates_add_students_t_over_seeds():
    alike = replicates_estimate([estimate(50, 100)] * 3)
    assert (alike.accuracy, alike.n, alike.seeds, alike.is_share) == (0.5, 100, 3, False)
    assert (alike.low, alike.high) == pytest.approx((estimate(50, 100).low, estimate(50, 100).high), abs=1e-5)
    apart = replicates_estimate([estimate(correct, 100) for correct in (40, 50, 60)])
    half = sqrt((4.302653 * 0.1 / sqrt(3)) ** 2 + (0.5 - estimate(50, 100).low) ** 2)
    assert apart.high - apart.accuracy == pytest.approx(half, rel=0.02)
    assert replicates_estimate([]) is None


def test_zero_shows_its_count():
    assert describe(estimate(0, 40), "95 % interval").replace("\u00a0", " ") == "0 of 40 (0.0 %, 95 % interval 0.0–8.8)"


def test_a_mean_has_no_count():
    mean = Estimate(0.5, 0.4, 0.6, 1010, 10)
    assert describe(mean, "95 % interval").replace("\u00a0", " ") == "50.0 % (n 1,010, 95 % interval 40.0–60.0)"


@pytest.mark.parametrize(
    ("change", "text"), [(12.34, "+12.3"), (-4.06, "−4.1"), (0.04, "0.0"), (-0.04, "0.0"), (0, "0.0"), (-10, "−10.0")]
)
def test_points_carry_their_sign(change, text):
    assert points(change) == text


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        (1, "1"),
        (999, "999"),
        (1000, "1k"),
        (28_416, "28.4k"),
        (999_400, "999k"),
        (999_950, "1M"),
        (247_577_856, "248M"),
        (11_135_332_352, "11.1B"),
    ],
)
def test_sizes_have_three_digits(parameters, text):
    assert size(parameters) == text


def test_names_are_joined():
    assert [joined(["a"]), joined(["a", "b"]), joined(["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
