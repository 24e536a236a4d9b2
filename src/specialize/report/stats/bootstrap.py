"""Paired statistics: McNemar's exact test, and intervals by the paired bootstrap over problems and over seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

DRAWS = 4000
SEED = 20230130
"""Fixed, and every interval draws anew from it: an interval does not depend on what was computed before it."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """A linear contrast of accuracies, such as after − before, in shares of 1."""

    label: str
    value: float
    low: float
    high: float
    n: int
    """Problems."""
    seeds: int
    """Replicates that the contrast is the mean of. 1: the interval covers the draw of the problems alone."""
    won: int | None = None
    """Problems that only the first solves; null unless one checkpoint is compared with one on one benchmark."""
    lost: int | None = None
    """Problems that only the second solves."""
    p: float | None = None
    """McNemar's exact two-sided p of these two counts."""


def mcnemar(won: int, lost: int) -> float:
    """Return the exact two-sided p of equally many changes in both directions (McNemar 1947; binomial)."""
    return float(binomtest(won, won + lost).pvalue) if won + lost else 1.0


def contrast_interval(
    parts: Sequence[Floats], bounds: tuple[float, float], confidence: float, draws: int = DRAWS
) -> tuple[float, float, float]:
    """Return (value, low, high) of the mean over `parts` of the mean over problems and seeds.

    parts: per benchmark the contrast of every problem, [seeds, problems]; the seeds are the same in all.
    bounds: smallest and largest value that a problem's contrast can take.

    Problems are drawn with replacement, each with all its seeds and all that is contrasted. Two pseudo-problems are
    added to each benchmark, one at either bound, so that an interval has a width even where no problem changed: for a
    difference of two these are the pseudo-counts of Bonett & Price (Adjusted Wald confidence interval for a difference
    of binomial proportions based on paired data, J. Educ. Behav. Stat. 37, 2012). With two seeds or more an error of
    Student's t over the seeds' means (seeds − 1 degrees of freedom) is added to each draw; it includes part of the
    problems' noise a second time, so the interval is conservative.
    """
    rng = np.random.default_rng(SEED)
    drawn = np.zeros(draws)
    for part in parts:
        values, counts = np.unique(np.append(part.mean(axis=0), bounds), return_counts=True)
        n = int(counts.sum())
        drawn += rng.multinomial(n, counts / n, size=draws) @ values / n
    drawn /= len(parts)
    by_seed = np.mean([part.mean(axis=1) for part in parts], axis=0)
    seeds = len(by_seed)
    if seeds > 1:
        drawn += rng.standard_t(seeds - 1, size=draws) * by_seed.std(ddof=1) / np.sqrt(seeds)
    value = float(by_seed.mean())
    low, high = (float(each) for each in np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2]))
    # Rounded as scores are, so that the last digits of a sum are in no artifact.
    return round(value, 6), round(min(low, value), 6), round(max(high, value), 6)


def changed(part: Floats) -> tuple[int, int]:
    """Return how many problems went up and how many down, of a contrast [1, problems] of one against one."""
    return int((part[0] > 0).sum()), int((part[0] < 0).sum())


def line_through(x: Sequence[float], y: Sequence[float]) -> tuple[float, float, float]:
    """Return (slope, intercept, R²) of the least-squares line; R² of a level curve is 0."""
    slope, intercept = np.polyfit(np.asarray(x), np.asarray(y), 1)
    rest = np.asarray(y) - (slope * np.asarray(x) + intercept)
    spread = float(((np.asarray(y) - np.mean(y)) ** 2).sum())
    fitted = 1 - float((rest**2).sum()) / spread if spread > 1e-12 else 0.0
    return float(slope), float(intercept), fitted


def slope_weights(x: Sequence[float]) -> list[float]:
    """Return the weights whose contrast with the values at `x` is the slope of their least-squares line."""
    centred = np.asarray(x) - np.mean(x)
    return [float(each) for each in centred / (centred**2).sum()]


def bend_weights(x: Sequence[float]) -> list[float]:
    """Return the weights whose contrast with the values at `x` is how far the least-squares parabola lies, in the
    middle of the range, above the straight line through its own ends: 0 for values on a line. At least three places."""
    places = np.asarray(x)
    half = (places.max() - places.min()) / 2
    quadratic = np.linalg.pinv(np.vander(places - places.mean(), 3))[0]
    return [float(each) for each in -quadratic * half**2]
