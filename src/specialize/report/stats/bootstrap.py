"""A contrast of accuracies as the report shows it, and straight lines through accuracies.

The intervals themselves: specialize.core.statistics.paired.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from specialize.core.statistics.paired import Floats


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
    """Two-sided, of no difference: McNemar's mid-p where there are two such counts, else by the draws of the interval.
    Null for an accuracy, which is no difference."""
    p_holm: float | None = None
    """The same, adjusted for all comparisons of the report (Holm)."""


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
