"""The axis of steps: linear as the paper's, logarithmic where much earlier checkpoints were scored."""

import pytest
from matplotlib.figure import Figure

from specialize.report.figures.style import checkpoint_axis


@pytest.mark.parametrize(
    ("steps", "scale", "written"),
    [
        ((0, 800, 1600), "linear", None),
        ((0, 100, 1600), "linear", None),
        ((0, 10, 30, 100, 800, 1600), "symlog", ["0", "10", "30", "100", "1600"]),
    ],
)
def test_early_checkpoints_are_drawn_apart(steps, scale, written):
    axes = Figure().subplots()
    axes.plot(steps, steps)
    checkpoint_axis(axes, steps)
    assert axes.get_xscale() == scale
    if written:
        assert sorted((label.get_text() for label in axes.get_xticklabels()), key=int) == written
