"""Accuracy with exemplars in context and without, by the formats of the training data (paper, Fig. 4)."""

from typing import Any

import pandas

from specialize.report.arms import pairs_of
from specialize.report.figures.style import banded_line, checkpoint_axis, empty_figure, legend_above, panels_of, set_top
from specialize.report.formatting import FORMATS
from specialize.report.stats.contrasts import Evidence
from specialize.report.stats.learning_curves import CHAINS, COLUMNS, format_curves, stacked

NAME = "formats"
CAPTION = (
    "Accuracy on the seed dataset with exemplars in context and zero-shot, by the formats a student was trained on "
    "(paper, Fig. 4): validation problems, else test problems. The same numbers: formats.csv."
)
NUMBERS = "%.2f"
LONE = ("in_context", "zero_shot")
"""Training on one kind of format alone."""


def table(evidence: Evidence) -> pandas.DataFrame:
    """Return arm, trained_on, format, step, n, accuracy, low and high in %, of arms of LONE and their partners with all
    formats."""
    partners = [partner for formats in LONE for _, partner in pairs_of(evidence.arms, "formats", formats, "all")]
    curves = [
        curve.assign(arm=arm.name, trained_on=arm.formats, format=format)
        for arm in evidence.arms
        if arm.formats in LONE or arm in partners
        for format, curve in format_curves(evidence, arm).items()
    ]
    return stacked(curves, ["arm", "trained_on", "format", *COLUMNS])


def draw(evidence: Evidence) -> Any:
    """Return a panel for each arm and a line for each format that it is asked in."""
    arms = list(table(evidence).groupby(["arm", "trained_on"], sort=False))
    if not arms:
        return empty_figure("no student learned from one kind of format alone")
    figure, panels = panels_of(len(arms))
    lines: dict[str, Any] = {}
    highs: list[float] = []
    for ((name, trained_on), of_arm), axes in zip(arms, panels, strict=True):
        for format, curve in of_arm.groupby("format", sort=False):
            lines[FORMATS[str(format)]] = banded_line(axes, curve, CHAINS.index(str(format)))
            highs += list(curve["high"])
        axes.set_title(f"{name}: {str(trained_on).replace('_', '-')} formats")
        checkpoint_axis(axes, list(of_arm["step"]))
    set_top(panels[0], highs)
    legend_above(figure, lines)
    return figure
