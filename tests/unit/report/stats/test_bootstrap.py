"""Straight lines through accuracies, and the weights of tasks."""

import numpy as np
import pytest

from specialize.core.statistics.paired import task_weights
from specialize.report.stats.bootstrap import bend_weights, line_through, slope_weights


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
