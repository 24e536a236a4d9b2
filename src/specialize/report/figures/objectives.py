"""Distribution and sample matching by the same two losses (paper, Fig. 3B)."""

from typing import Any

import pandas
from matplotlib.figure import Figure

from specialize.report.arms import pairs_of
from specialize.report.figures.style import empty_figure, loss_line, step_axis
from specialize.report.findings.loss import SCALES
from specialize.report.stats.contrasts import Evidence
from specialize.report.stats.learning_curves import stacked, training_curve

NAME = "objectives"
PAIRS = 3
CAPTION = (
    "Distribution and sample matching by the same two losses, whichever a student was trained on: divergence from the "
    "teacher and loss on its text, in nats per target token (paper, Fig. 3B, draws each for its own student alone). At "
    f"most {PAIRS} pairs are drawn; all: objectives.csv."
)
NUMBERS = "%.6g"


def table(evidence: Evidence) -> pandas.DataFrame:
    """Return pair, arm, loss it was trained on, scale, step and value, for arms that differ in the loss alone."""
    curves = [
        training_curve(evidence, arm, scale)
        .rename_axis("step")
        .reset_index(name="value")
        .assign(pair=f"{first.name} against {second.name}", arm=arm.name, loss=arm.loss, scale=scale)
        for first, second in pairs_of(evidence.arms, "loss", "distribution", "sample")
        for scale in SCALES
        for arm in (first, second)
    ]
    rows = stacked(curves, ["pair", "arm", "loss", "scale", "step", "value"])
    # A pair is comparable where both arms logged a loss in common.
    return rows.groupby("pair", sort=False).filter(lambda pair: pair.groupby("scale")["arm"].nunique().max() == 2)


def draw(evidence: Evidence) -> Any:
    """Return a row for each pair and a column for each loss."""
    pairs = list(table(evidence).groupby("pair", sort=False))[:PAIRS]
    if not pairs:
        return empty_figure("no two students differ in the loss alone")
    figure = Figure(figsize=(9.0, 2.6 * len(pairs) + 0.4), layout="constrained")
    panels = figure.subplots(len(pairs), len(SCALES), squeeze=False)
    for row, (_, pair) in zip(panels, pairs, strict=True):
        arms = list(pair["arm"].unique())
        for axes, (scale, title) in zip(row, SCALES.items(), strict=True):
            for (arm, loss), curve in pair[pair["scale"] == scale].groupby(["arm", "loss"], sort=False):
                loss_line(axes, curve.set_index("step")["value"], arms.index(arm), f"{arm}: {loss} matching")
            axes.set_title(title)
            axes.set_ylabel("nats per target token")
            axes.set_ylim(bottom=0)
            step_axis(axes)
        if handles := row[0].get_legend_handles_labels()[0]:
            row[0].legend(handles=handles, loc="upper right")
    return figure
