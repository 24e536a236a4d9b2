"""Accuracy of the main sizes along their checkpoints (paper, Fig. 3A)."""

from collections.abc import Sequence
from typing import Any

import pandas

from specialize.report.arms import Arm
from specialize.report.figures.style import INK, banded_line, checkpoint_axis, legend_above, panels_of, set_top
from specialize.report.formatting import size
from specialize.report.stats.contrasts import Evidence
from specialize.report.stats.learning_curves import dynamics, dynamics_table, stacked, steps_of

NAME = "dynamics"
CAPTION = (
    "Accuracy at each checkpoint with its interval (paper, Fig. 3A), the mean where an arm has several seeds, on "
    "validation problems; generic suites without any, on test problems. Step 0 is the start; dashed: the selected "
    "checkpoint. Every student: dynamics.csv."
)
NUMBERS = "%.2f"
ABILITIES = {
    "seed": "seed dataset",
    "out_of_distribution": "out-of-distribution mean",
    "generic_answer_only": "generic, answer-only",
    "generic_chain_of_thought": "generic, chain of thought",
}


def table(evidence: Evidence) -> pandas.DataFrame:
    """Return student, step and the accuracy of each ability in %, for all students by name."""
    students = sorted((each for arm in evidence.arms for each in arm.replicates()), key=lambda arm: arm.name)
    tables = [dynamics_table(evidence, student).assign(student=student.name) for student in students]
    return stacked(tables, ["student", "step", *ABILITIES])


def draw(evidence: Evidence) -> Any:
    """Return a panel for each arm of the main ladder."""
    return draw_arms(evidence, evidence.ladders[0])


def draw_arm(evidence: Evidence, arm: Arm) -> Any:
    """Return one arm's panel alone, for the head of the page."""
    return draw_arms(evidence, [arm], height=3.4, width=6.2)


def draw_arms(evidence: Evidence, arms: Sequence[Arm], height: float = 2.7, width: float = 9.0) -> Any:
    """Return a panel for each arm: a line for each ability, a vertical line at each selected checkpoint."""
    figure, panels = panels_of(len(arms), height=height, width=width)
    lines: dict[str, Any] = {}
    highs: list[float] = []
    for arm, axes in zip(arms, panels, strict=True):
        for front in sorted({evidence.front(student) for student in arm.names}):
            axes.axvline(front, color=INK, linewidth=0.8, alpha=0.55, linestyle=(0, (2, 2)))
        for number, (ability, curve) in enumerate(dynamics(evidence, arm).items()):
            if len(curve):
                lines[ABILITIES[ability]] = banded_line(axes, curve, number)
                highs += list(curve["high"])
        axes.set_title(f"{arm.name} ({size(arm.parameters)})")
    steps = sorted({step for arm in arms for step in steps_of(evidence, arm)})
    for axes in panels:
        checkpoint_axis(axes, steps)
    set_top(panels[0], highs)
    legend_above(figure, lines, columns=2 if len(arms) == 1 else None)
    return figure
