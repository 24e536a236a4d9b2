"""The figures as SVG: dynamics (paper, Fig. 3A), training loss (Fig. 3B), scaling (Fig. 2)."""

import io
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import matplotlib
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from specialize.core.params.report import ReportParams
from specialize.report.accuracies import Accuracies
from specialize.report.estimate import Estimate
from specialize.report.selection import front_of
from specialize.report.study import Study
from specialize.report.tables import ABILITIES, ScalingPoint, dynamics_of, scaling_points
from specialize.report.wording import size

INK = "#1c1d21"
PALETTE = ("#0068a8", "#00845f", "#c94f00", "#a8508a", "#7a6a00", "#4b56b8", "#8a4b2a", "#5c6670")
"""Told apart by colour-blind readers too, on white; the page has a lighter set for dark."""
MARKERS = "osD^vPX*"
DASHES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)), (0, (8, 2)))
NAMES = {
    "seed": "seed dataset",
    "out_of_distribution": "out-of-distribution mean",
    "generic_answer_only": "generic, answer-only",
    "generic_chain_of_thought": "generic, chain of thought",
}
LOSSES = {
    "loss": "loss per target token",
    "sample_nll": "sample: NLL of the text",
    "teacher_kl": "distribution: KL to the teacher",
}
"""Columns of a training curve: what was learned from, then both losses in nats per token, whichever it was."""
STYLE = {
    "svg.hashsalt": "specialize",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "sans-serif"],
    "font.size": 9.5,
    "axes.titlesize": 10.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.15,
    "grid.color": INK,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
}


def figures_of(study: Study, accuracies: Accuracies, params: ReportParams) -> dict[str, str]:
    """Return name → SVG text; the same numbers give the same bytes."""
    # Whatever matplotlibrc the user has, the figures are ours.
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        return {
            "dynamics": _svg(_dynamics(study, accuracies, params)),
            "training": _svg(_training(study)),
            "scaling": _svg(_scaling(scaling_points(study, accuracies, params))),
        }


def _svg(figure: Any) -> str:
    stream = io.StringIO()
    FigureCanvasSVG(figure)
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def _dynamics(study: Study, accuracies: Accuracies, params: ReportParams) -> Any:
    across = min(3, len(study.students))
    down = math.ceil(len(study.students) / across)
    figure = Figure(figsize=(9.0, 2.7 * down + 0.6), layout="constrained")
    panels = figure.subplots(down, across, sharey=True, squeeze=False).flat
    drawn: dict[str, Any] = {}
    top = 0.0
    for student, axes in zip(study.students, panels, strict=False):
        dynamics = dynamics_of(study, accuracies, params, student)
        front = front_of(study, student, params.selected_by).step
        axes.axvline(front, color=INK, linewidth=0.8, alpha=0.55, linestyle=(0, (2, 2)))
        for number, ability in enumerate(ABILITIES):
            known = [(step, estimate) for step, of_step in dynamics if (estimate := of_step[ability])]
            if known:
                drawn[NAMES[ability]] = _banded_line(axes, known, number)
                top = max(top, *(100 * estimate.high for _, estimate in known))
        axes.set_title(f"{student} ({size(study.parameters[student])})")
        axes.set_xlabel("step")
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 5, 10]))
    axes = figure.axes[0]
    axes.set_ylim(0, min(100.0, 1.05 * top) or 1.0)
    for row in range(down):
        figure.axes[row * across].set_ylabel("accuracy, %")
    for spare in figure.axes[len(study.students) :]:
        spare.set_visible(False)
    if drawn:
        figure.legend(drawn.values(), drawn.keys(), loc="outside upper left", ncols=len(drawn))
    return figure


def _banded_line(axes: Any, known: Sequence[tuple[int, Estimate]], number: int) -> Any:
    steps = [step for step, _ in known]
    low = [100 * estimate.low for _, estimate in known]
    high = [100 * estimate.high for _, estimate in known]
    axes.fill_between(steps, low, high, color=PALETTE[number], alpha=0.13, linewidth=0)
    values = [100 * estimate.accuracy for _, estimate in known]
    # A line at zero would be half hidden by the frame.
    (line,) = axes.plot(
        steps, values, color=PALETTE[number], marker=MARKERS[number], linestyle=DASHES[number], clip_on=False, zorder=3
    )
    return line


def _training(study: Study) -> Any:
    """What each student learned from, and, where the teacher's distribution is known, both losses on one scale."""
    students = [student for student in study.students if study.curves.get(student)]
    known = any(row.get("teacher_kl") for student in students for row in study.curves[student])
    names = list(LOSSES) if known else ["loss"]
    figure = Figure(figsize=(9.0, 3.0), layout="constrained")
    panels = figure.subplots(1, len(names), squeeze=False)[0]
    for name, axes in zip(names, panels, strict=True):
        for number, student in enumerate(students):
            curve = [(int(float(row["step"])), float(row[name])) for row in study.curves[student] if row.get(name)]
            axes.plot(
                [step for step, _ in curve],
                [loss for _, loss in curve],
                color=PALETTE[number % len(PALETTE)],
                linestyle=DASHES[number % len(DASHES)],
                marker="o" if len(curve) == 1 else None,
                label=f"{student} ({size(study.parameters[student])})" if axes is panels[0] else None,
            )
        axes.set_xlabel("step")
        axes.set_ylabel(LOSSES[name])
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))  # the paper's objective may fall below 0
        axes.xaxis.set_major_locator(MaxNLocator(8 // len(names) + 1, integer=True, steps=[1, 2, 5, 10]))
    if students:
        longest = max(len(student) for student in students)
        figure.legend(loc="outside upper left", ncols=max(1, min(len(students), 110 // (longest + 16))))
    else:
        panels[0].text(0.5, 0.5, "no loss was logged", transform=panels[0].transAxes, ha="center")
    return figure


def _scaling(points: Sequence[ScalingPoint]) -> Any:
    figure = Figure(figsize=(9.0, 3.3), layout="constrained")
    axes = figure.subplots()
    for number, (stage, nudge) in enumerate((("before", 0.99), ("after", 1.01))):
        of_stage = [point for point in points if point.stage == stage]
        if not of_stage:
            continue
        values = [100 * point.estimate.accuracy for point in of_stage]
        below = [100 * max(point.estimate.accuracy - point.estimate.low, 0) for point in of_stage]
        above = [100 * max(point.estimate.high - point.estimate.accuracy, 0) for point in of_stage]
        # Set a little apart, so that one bar does not hide the other.
        places = [point.parameters * nudge for point in of_stage]
        color = PALETTE[0] if stage == "after" else PALETTE[7]
        axes.errorbar(
            places, values, yerr=[below, above], color=color, marker=MARKERS[number],
            linestyle=DASHES[1 - number], capsize=3, label=f"{stage} training", clip_on=False, zorder=3,
        )  # fmt: skip
    _log_sizes(axes, points)
    axes.set_ylim(0, min(100.0, 1.05 * max((100 * point.estimate.high for point in points), default=0)) or 1.0)
    axes.set_xlabel("parameters (logarithmic)")
    axes.set_ylabel("accuracy, %")
    if points:
        figure.legend(loc="outside upper left", ncols=2)
    else:
        axes.text(0.5, 0.5, "no seed problems were scored", transform=axes.transAxes, ha="center")
    return figure


def _log_sizes(axes: Any, points: Sequence[ScalingPoint]) -> None:
    """Ticks stand at the students' own sizes, each with the names of the students that have it."""
    axes.set_xscale("log")
    sizes = sorted({point.parameters for point in points})
    names = [", ".join(sorted({point.student for point in points if point.parameters == at})) for at in sizes]
    places = [math.log(at) for at in sizes]
    room = 0.016 * max((len(name) for name in names), default=0) * (places[-1] - places[0] if places else 0)
    close = any(later - earlier < room for earlier, later in pairwise(places))
    axes.set_xticks(sizes, [f"{name}\n{size(at)}" for name, at in zip(names, sizes, strict=True)])
    for label in axes.get_xticklabels() if close else ():
        label.set(rotation=25, ha="right")
    axes.set_xticks([], minor=True)
    if sizes:
        axes.set_xlim(sizes[0] / 1.3, sizes[-1] * 1.3)
