"""Accuracy of the arms beside the main sizes along their checkpoints: other starts, losses and formats."""

from typing import Any

import pandas

from specialize.report.arms import Arm
from specialize.report.figures.dynamics import ABILITIES, draw_arms
from specialize.report.figures.style import empty_figure
from specialize.report.stats.contrasts import Evidence
from specialize.report.stats.learning_curves import dynamics_table, stacked

NAME = "other_arms"
CAPTION = (
    "Accuracy at each checkpoint of the other arms, drawn as for the main sizes. The same numbers: other_arms.csv."
)
NUMBERS = "%.2f"


def table(evidence: Evidence) -> pandas.DataFrame:
    """Return arm, step and the accuracy of each ability in %, the mean over seeds."""
    tables = [dynamics_table(evidence, arm).assign(arm=arm.name) for arm in _others(evidence)]
    return stacked(tables, ["arm", "step", *ABILITIES])


def draw(evidence: Evidence) -> Any:
    """Return a panel for each arm outside the main ladder."""
    others = _others(evidence)
    return draw_arms(evidence, others) if others else empty_figure("all arms are in the main ladder")


def _others(evidence: Evidence) -> list[Arm]:
    return [arm for arm in evidence.arms if arm not in evidence.ladders[0]]
