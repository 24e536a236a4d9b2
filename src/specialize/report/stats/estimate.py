"""An accuracy with its interval, the mean of several, and the change between two."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev
from typing import Literal

from scipy.stats import t as student_t

from specialize.report.stats.bootstrap import Comparison

Verdict = Literal["gain", "loss", "unclear"]


@dataclass(frozen=True)
class Estimate:
    """`accuracy`, `low` and `high` are shares of 1; `n` problems, of which `correct` were right, over all `seeds`."""

    accuracy: float
    low: float
    high: float
    n: int
    correct: int
    seeds: int = 1

    @property
    def is_share(self) -> bool:
        """Whether the accuracy is `correct / n`; a mean over tasks or benchmarks of unequal size is not."""
        return self.seeds == 1 and abs(self.accuracy - self.correct / self.n) < 1e-6


@dataclass(frozen=True)
class Change:
    """One accuracy before and after training, or by two selections; either may be missing."""

    before: Estimate | None
    after: Estimate | None
    paired: Comparison | None = None
    """After − before, problem by problem; None where the answers were not compared."""

    @property
    def points(self) -> float | None:
        """After minus before, in percentage points."""
        if self.before is None or self.after is None:
            return None
        return 100 * (self.after.accuracy - self.before.accuracy)

    @property
    def verdict(self) -> Verdict | None:
        """`gain` or `loss` where the interval of the paired change holds no zero, else `unclear`."""
        if self.paired is None:
            return None
        if self.paired.low > 0:
            return "gain"
        return "loss" if self.paired.high < 0 else "unclear"


def mean_estimate(estimates: Sequence[Estimate]) -> Estimate:
    """Return the unweighted mean of independent accuracies, one or more.

    Its interval comes from the parts' intervals (MOVER: Zou, Huang & Zhang, A note on confidence interval estimation
    for a linear function of binomial proportions, Computational Statistics & Data Analysis 53, 2009), so a mean of
    zeros keeps a proper upper bound.
    """
    if len(estimates) == 1:
        return estimates[0]
    mean = fmean(part.accuracy for part in estimates)
    below = sqrt(sum((part.accuracy - part.low) ** 2 for part in estimates)) / len(estimates)
    above = sqrt(sum((part.high - part.accuracy) ** 2 for part in estimates)) / len(estimates)
    # Rounded as scores are, so that the last digits of a square root are in no artifact.
    return Estimate(
        round(mean, 6),
        round(max(mean - below, 0.0), 6),
        round(min(mean + above, 1.0), 6),
        sum(part.n for part in estimates),
        sum(part.correct for part in estimates),
    )


def replicates_estimate(estimates: Sequence[Estimate], confidence: float = 0.95) -> Estimate | None:
    """Return the mean over seeds, of accuracies on the same problems; None of none.

    Its interval adds two errors as independent: of the problems (the mean of the replicates' own half widths, since all
    answer the same problems), and of the seeds (Student's t over the replicates, n − 1 degrees of freedom).
    """
    if len(estimates) < 2:
        return estimates[0] if estimates else None
    mean = fmean(each.accuracy for each in estimates)
    t = float(student_t.ppf((1 + confidence) / 2, len(estimates) - 1))
    of_seeds = t * stdev(each.accuracy for each in estimates) / sqrt(len(estimates))
    below = sqrt(fmean(each.accuracy - each.low for each in estimates) ** 2 + of_seeds**2)
    above = sqrt(fmean(each.high - each.accuracy for each in estimates) ** 2 + of_seeds**2)
    return Estimate(
        round(mean, 6),
        round(max(mean - below, 0.0), 6),
        round(min(mean + above, 1.0), 6),
        estimates[0].n,
        sum(each.correct for each in estimates),
        len(estimates),
    )
