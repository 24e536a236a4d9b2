"""Training loss along the updates (paper, Fig. 3B)."""

from typing import Any

import pandas
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from specialize.report.figures.style import PALETTE, empty_figure, loss_line
from specialize.report.formatting import size
from specialize.report.stats.contrasts import Evidence
from specialize.report.stats.learning_curves import training_curve, training_spread

NAME = "training"
LINES = len(PALETTE)
CAPTION = (
    f"Training loss per target token, in nats, of the first {LINES} arms, each by its own objective; where an arm has "
    "several seeds their mean, and a band from the lowest to the highest. Not comparable between tokenizers. Every "
    "student: training.csv."
)
NUMBERS = "%.6g"


def table(evidence: Evidence) -> pandas.DataFrame:
    """Return the training curves of all students, as they were logged."""
    return evidence.study.curves


def draw(evidence: Evidence) -> Any:
    """Return a line for each arm, those of the main ladder first."""
    ladder = evidence.ladders[0]
    arms = [*ladder, *(arm for arm in evidence.arms if arm not in ladder)][:LINES]
    curves = {arm: curve for arm in arms if len(curve := training_curve(evidence, arm, "loss"))}
    if not curves:
        return empty_figure("no loss was logged")
    figure = Figure(figsize=(9.0, 3.0), layout="constrained")
    axes = figure.subplots()
    for number, (arm, curve) in enumerate(curves.items()):
        loss_line(axes, curve, number, f"{arm.name} ({size(arm.parameters)})")
        if len(arm.seeds) > 1:
            seeds = training_spread(evidence, arm, "loss")
            axes.fill_between(seeds.index, seeds["min"], seeds["max"], color=PALETTE[number], alpha=0.13, linewidth=0)
    axes.set_xlabel("step")
    axes.set_ylabel("loss per target token")
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=[1, 2, 5, 10]))
    longest = max(len(arm.name) for arm in curves)
    figure.legend(loc="outside upper left", ncols=max(1, min(len(curves), 110 // (longest + 16))))
    return figure
