"""Statistics of paired answers: McNemar's mid-p, Holm's correction, bootstrap intervals over problems and seeds.

Values are shares of 1. Nothing here reads or writes a file.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, norm

DRAWS = 5_000
"""Draws of an interval. The smallest p that they can show, 2 / 5,001, stays below .05 for 125 comparisons at once."""
SEED = 20230130
"""Fixed, and every interval draws anew from it: an interval does not depend on what was computed before it."""
POWER = 0.8
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """A mean with its interval. p: two-sided, of a mean of zero, by the same draws."""

    value: float
    low: float
    high: float
    p: float


def mcnemar(won: int, lost: int) -> float:
    """Return McNemar's two-sided mid-p of equally many changes in both directions.

    The exact test is conservative with few changes; the mid-p counts the observed outcome by half and keeps the level
    (Fagerland, Lydersen & Laake, The McNemar test for binary matched-pairs data, BMC Med. Res. Methodol. 13, 2013).
    """
    if won == lost:
        return 1.0
    least, n = min(won, lost), won + lost
    return float(2 * binom.cdf(least, n, 0.5) - binom.pmf(least, n, 0.5))


def holm(ps: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number (Holm 1979), in the given order: below .05 all at once they hold with
    at most 5 % odds of any false one."""
    adjusted, running = [0.0] * len(ps), 0.0
    for rank, place in enumerate(sorted(range(len(ps)), key=lambda place: ps[place])):
        running = max(running, min(1.0, (len(ps) - rank) * ps[place]))
        adjusted[place] = running
    return adjusted


def mean_interval(
    parts: Sequence[Floats],
    bounds: tuple[float, float] | None,
    confidence: float,
    families: Sequence[Sequence[Hashable] | None] | None = None,
    draws: int = DRAWS,
) -> Interval:
    """Return the mean over `parts` of the mean over problems and seeds, with its interval.

    parts: per benchmark the value of every problem, [seeds, problems]; the seeds are the same in all. bounds: smallest
    and largest value that a problem can take; None: it has none, and no pseudo-problems are added. families: per
    benchmark a key for each problem; problems of one key are drawn together. None: every problem is its own family.

    Families are drawn with replacement, each with all its seeds. Two pseudo-problems are added to each benchmark, one
    at either bound, so that an interval has a width even where no problem changed: for a difference of one run these
    are the pseudo-counts of Bonett & Price (Adjusted Wald confidence interval for a difference of binomial proportions
    based on paired data, J. Educ. Behav. Stat. 37, 2012). With S seeds a problem's value is a mean of S answers, and
    the pair is one answer of one seed: both bounds divided by S. With two seeds or more an error of Student's t over
    the seeds' means (S − 1 degrees of freedom) is added to each draw; it includes part of the problems' noise a second
    time, so the interval is conservative.
    """
    rng = np.random.default_rng(SEED)
    seeds = len(parts[0])
    drawn = np.zeros(draws)
    for place, part in enumerate(parts):
        keys = families[place] if families else None
        sums, sizes = _by_family(part.mean(axis=0), keys)
        if bounds is not None:
            sums, sizes = np.append(sums, np.array(bounds) / seeds), np.append(sizes, [1.0, 1.0])
        # Equal families are drawn together: a few kinds of them instead of thousands of problems.
        kinds, counts = np.unique(np.stack([sums, sizes]), axis=1, return_counts=True)
        n = int(counts.sum())
        times = rng.multinomial(n, counts / n, size=draws)
        drawn += (times @ kinds[0]) / (times @ kinds[1])
    drawn /= len(parts)
    by_seed = np.mean([part.mean(axis=1) for part in parts], axis=0)
    if seeds > 1:
        drawn += rng.standard_t(seeds - 1, size=draws) * by_seed.std(ddof=1) / np.sqrt(seeds)
    value = float(by_seed.mean())
    low, high = (float(each) for each in np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2]))
    beyond = min(int((drawn <= 0).sum()), int((drawn >= 0).sum()))
    p = min(1.0, 2 * (beyond + 1) / (draws + 1))
    # Rounded as scores are, so that the last digits of a sum are in no artifact.
    return Interval(round(value, 6), round(min(low, value), 6), round(max(high, value), 6), round(p, 6))


def clustered_error(values: Floats, families: Sequence[Hashable]) -> float:
    """Return the standard error of the mean of `values` [problems] whose families are independent, not the problems.

    The sandwich estimator without small-sample correction (Liang & Zeger 1986); where each problem is a family of its
    own, it is the usual standard error with n in the denominator.
    """
    sums, _ = _by_family(values - values.mean(), families)
    return float(np.sqrt((sums**2).sum()) / len(values))


def detectable(low: float, high: float, confidence: float = 0.95) -> float:
    """Return the smallest true difference that data with an interval of this width would show in four runs of five.

    Standard error times (z of the confidence + z of the power), the standard error read from the interval.
    """
    reach = norm.ppf((1 + confidence) / 2)
    return float((high - low) / 2 * (1 + norm.ppf(POWER) / reach))


def task_weights(ids: Sequence[str], is_suite: bool) -> Floats:
    """Return a weight for each problem, of mean 1, that makes the mean over problems the mean over tasks.

    A problem of a suite is named {suite}/{task}/{number}.
    """
    if not is_suite:
        return np.ones(len(ids))
    _, task, problems = np.unique([id.rpartition("/")[0] for id in ids], return_inverse=True, return_counts=True)
    return np.asarray(len(ids) / (len(problems) * problems[task]), dtype=np.float64)


def _by_family(values: Floats, keys: Sequence[Hashable] | None) -> tuple[Floats, Floats]:
    """Return the sum of the values and the number of problems of each family."""
    if keys is None:
        return values, np.ones(len(values))
    place = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    index = np.array([place[key] for key in keys])
    sums = np.bincount(index, weights=values).astype(np.float64)
    return sums, np.bincount(index).astype(np.float64)
