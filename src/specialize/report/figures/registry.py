"""The figures as SVG: scaling (paper, Fig. 2), dynamics (3A), training loss and both objectives (3B), formats (4)."""

from collections.abc import Sequence
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from specialize.report.arms import Arm, pairs_of
from specialize.report.figures.scaling import scaling_figure
from specialize.report.figures.style import (
    DASHES,
    INK,
    NAMES,
    PALETTE,
    STYLE,
    banded_line,
    checkpoint_axis,
    empty_figure,
    panels_of,
    set_top,
    step_axis,
    svg_of,
)
from specialize.report.findings.loss import SCALES
from specialize.report.formatting import FORMATS, size
from specialize.report.stats.contrasts import Evidence
from specialize.report.stats.learning_curves import ABILITIES, arm_curve, arm_dynamics, arm_formats

FIGURES = ("scaling", "dynamics", "arms", "training", "objectives", "formats")
LINES = len(PALETTE)
"""A figure of curves shows at most so many arms."""


def figures_of(evidence: Evidence) -> dict[str, str]:
    """Return name → SVG text of every one of FIGURES; the same numbers give the same bytes."""
    ladder = evidence.ladders[0]
    others = [arm for arm in evidence.arms if arm not in ladder]
    # Whatever matplotlibrc the user has, the figures are ours.
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        return {
            "scaling": svg_of(scaling_figure(evidence)),
            "dynamics": svg_of(_dynamics(evidence, ladder)),
            "arms": svg_of(_dynamics(evidence, others) if others else empty_figure("the main ladder is all there is")),
            "training": svg_of(_training(evidence, [*ladder, *others][:LINES])),
            "objectives": svg_of(_objectives(evidence)),
            "formats": svg_of(_formats(evidence)),
        }


def objective_pairs(evidence: Evidence) -> list[tuple[Arm, Arm]]:
    """Return (distribution, sample) pairs whose curves have a scale in common."""
    pairs = pairs_of(evidence.arms, "loss", "distribution", "sample")
    return [pair for pair in pairs if any(all(arm_curve(evidence, arm, name) for arm in pair) for name in SCALES)]


def format_arms(evidence: Evidence) -> list[Arm]:
    """Return the arms that learned from in-context or zero-shot data alone, and their partners with all formats."""
    lone = [arm for arm in evidence.arms if arm.formats in ("in_context", "zero_shot")]
    partners = [
        partner
        for formats in ("in_context", "zero_shot")
        for _, partner in pairs_of(evidence.arms, "formats", formats, "all")
    ]
    wanted = {arm.name for arm in [*lone, *partners]}
    return [arm for arm in evidence.arms if arm.name in wanted]


def _dynamics(evidence: Evidence, arms: Sequence[Arm]) -> Any:
    figure, panels = panels_of(len(arms))
    drawn: dict[str, Any] = {}
    highs = []
    for arm, axes in zip(arms, panels, strict=True):
        for front in sorted({evidence.front(student) for student in arm.names}):
            axes.axvline(front, color=INK, linewidth=0.8, alpha=0.55, linestyle=(0, (2, 2)))
        dynamics = arm_dynamics(evidence, arm)
        for number, ability in enumerate(ABILITIES):
            known = [(step, estimate) for step, of_step in dynamics if (estimate := of_step[ability])]
            if known:
                drawn[NAMES[ability]] = banded_line(axes, known, number)
                highs += [estimate.high for _, estimate in known]
        axes.set_title(f"{arm.name} ({size(arm.parameters)})")
        checkpoint_axis(axes, [step for step, _ in dynamics])
    set_top(panels[0], highs)
    if drawn:
        figure.legend(drawn.values(), drawn.keys(), loc="outside upper left", ncols=len(drawn))
    return figure


def _training(evidence: Evidence, arms: Sequence[Arm]) -> Any:
    curves = [(arm, curve) for arm in arms if (curve := arm_curve(evidence, arm, "loss"))]
    if not curves:
        return empty_figure("no loss was logged")
    figure = Figure(figsize=(9.0, 3.0), layout="constrained")
    axes = figure.subplots()
    for number, (arm, curve) in enumerate(curves):
        _loss_line(axes, curve, number, f"{arm.name} ({size(arm.parameters)})")
    axes.set_xlabel("step")
    axes.set_ylabel("loss per target token")
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=[1, 2, 5, 10]))
    longest = max(len(arm.name) for arm, _ in curves)
    figure.legend(loc="outside upper left", ncols=max(1, min(len(curves), 110 // (longest + 16))))
    return figure


def _objectives(evidence: Evidence) -> Any:
    """A row a pair, a column a scale: both arms by the same measure."""
    pairs = objective_pairs(evidence)[:3]
    if not pairs:
        return empty_figure("no two students differ in the loss alone")
    figure = Figure(figsize=(9.0, 2.6 * len(pairs) + 0.4), layout="constrained")
    panels = figure.subplots(len(pairs), len(SCALES), squeeze=False)
    for row, pair in zip(panels, pairs, strict=True):
        for axes, (column, name) in zip(row, SCALES.items(), strict=True):
            for number, arm in enumerate(pair):
                if curve := arm_curve(evidence, arm, column):
                    _loss_line(axes, curve, number, f"{arm.name}: {arm.loss} matching")
            axes.set_title(name)
            axes.set_ylabel("nats per target token")
            axes.set_ylim(bottom=0)
            step_axis(axes)
        if handles := row[0].get_legend_handles_labels()[0]:
            row[0].legend(handles=handles, loc="upper right")
    return figure


def _formats(evidence: Evidence) -> Any:
    arms = format_arms(evidence)
    if not arms:
        return empty_figure("no student learned from one kind of format alone")
    figure, panels = panels_of(len(arms))
    drawn: dict[str, Any] = {}
    highs = []
    for arm, axes in zip(arms, panels, strict=True):
        of_formats = arm_formats(evidence, arm)
        for number, (format, known) in enumerate(of_formats.items()):
            if known:
                drawn[FORMATS[format]] = banded_line(axes, known, number)
                highs += [estimate.high for _, estimate in known]
        axes.set_title(f"{arm.name}: {arm.formats.replace('_', '-')} formats")
        checkpoint_axis(axes, [step for known in of_formats.values() for step, _ in known])
    set_top(panels[0], highs)
    if drawn:
        figure.legend(drawn.values(), drawn.keys(), loc="outside upper left", ncols=len(drawn))
    return figure


def _loss_line(axes: Any, curve: Sequence[tuple[int, float]], number: int, label: str) -> None:
    axes.plot(
        [step for step, _ in curve],
        [loss for _, loss in curve],
        color=PALETTE[number % len(PALETTE)],
        linestyle=DASHES[number % len(DASHES)],
        marker="o" if len(curve) == 1 else None,
        label=label,
    )
