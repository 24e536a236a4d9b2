"""Accuracy against parameters before and after training, with straight lines (paper, Fig. 2).

Differs from the paper: test problems, because the checkpoint was selected on validation problems.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pandas

from specialize.report.arms import STARTS, Arm
from specialize.report.figures.style import DASHES, MARKERS, PALETTE, empty_figure, panels_of, set_top
from specialize.report.formatting import size
from specialize.report.stats.bootstrap import line_through
from specialize.report.stats.changes import accuracy_of
from specialize.report.stats.contrasts import Evidence
from specialize.report.stats.estimate import Estimate

NAME = "scaling"
CAPTION = (
    "Accuracy on the seed dataset against the number of parameters, before and after training, with its interval and "
    "the least-squares line (paper, Fig. 2), on test problems. Every student: scaling.csv."
)
NUMBERS = "%.2f"


def table(evidence: Evidence) -> pandas.DataFrame:
    """Return student, parameters, stage, split, n, accuracy, low and high in %: before and after of every student."""
    seed = evidence.seed()
    students = [each for arm in evidence.arms for each in arm.replicates()] if seed else []
    rows = [
        (arm.name, evidence.study.parameters[arm.name], stage, seed.split, found)
        for arm in sorted(students, key=lambda arm: evidence.study.students.index(arm.name))
        for stage, when in (("before", evidence.start), ("after", evidence.front))
        if seed and (found := accuracy_of(evidence, arm, when, seed))
    ]
    return pandas.DataFrame(
        [(*row, each.n, 100 * each.accuracy, 100 * each.low, 100 * each.high) for *row, each in rows],
        columns=["student", "parameters", "stage", "split", "n", "accuracy", "low", "high"],
    )


def draw(evidence: Evidence) -> Any:
    """Return a panel for each start whose students come in several sizes; of one with several ladders the first."""
    seed = evidence.seed()
    first: dict[str, list[Arm]] = {}
    for ladder in evidence.ladders:
        if len(ladder) > 1 or ladder is evidence.ladders[0]:
            first.setdefault(ladder[0].start, ladder)
    if seed is None:
        return empty_figure("no seed problems were scored")
    figure, panels = panels_of(len(first), across=2, height=3.2, share_x=False)
    stages = (("before", evidence.start, 0.99), ("after", evidence.front, 1.01))
    found = {
        (start, stage): [(arm.parameters, each) for arm in ladder if (each := accuracy_of(evidence, arm, when, seed))]
        for start, ladder in first.items()
        for stage, when, _ in stages
    }
    set_top(panels[0], [100 * estimate.high for known in found.values() for _, estimate in known])
    for (start, ladder), axes in zip(first.items(), panels, strict=True):
        for number, (stage, _, nudge) in enumerate(stages):
            if known := found[start, stage]:
                _draw(axes, known, number, stage, nudge)
        axes.set_title(STARTS.get(start, start))
        axes.set_xlabel("parameters (logarithmic)")
        _log_sizes(axes, ladder)
    handles, labels = panels[0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside upper left", ncols=2)
    return figure


def _draw(axes: Any, known: Sequence[tuple[int, Estimate]], number: int, stage: str, nudge: float) -> None:
    values = [100 * estimate.accuracy for _, estimate in known]
    below = [100 * max(estimate.accuracy - estimate.low, 0) for _, estimate in known]
    above = [100 * max(estimate.high - estimate.accuracy, 0) for _, estimate in known]
    color = PALETTE[0] if stage == "after" else PALETTE[7]
    # Set a little apart, so that one bar does not hide the other.
    places = [at * nudge for at, _ in known]
    axes.errorbar(
        places, values, yerr=[below, above], color=color, marker=MARKERS[number], linestyle="none", capsize=3,
        label=f"{stage} training", clip_on=False, zorder=3,
    )  # fmt: skip
    if len(known) > 1:
        slope, intercept, _ = line_through([math.log10(at) for at, _ in known], values)
        ends = _inside(slope, intercept, math.log10(known[0][0]), math.log10(known[-1][0]), axes.get_ylim()[1])
        axes.plot(
            [10**at for at in ends],
            [slope * at + intercept for at in ends],
            color=color,
            linestyle=DASHES[1 - number],
        )


def _inside(slope: float, intercept: float, left: float, right: float, top: float) -> list[float]:
    """Return the two ends of a line between `left` and `right`, cut where it would leave the range from 0 to `top`."""
    crossings = [(level - intercept) / slope for level in (0.0, top) if slope]
    return [left, right] if not crossings else [max(left, min(crossings)), min(right, max(crossings))]


def _log_sizes(axes: Any, ladder: Sequence[Arm]) -> None:
    """Put a tick at each arm's size."""
    axes.set_xscale("log")
    sizes = [arm.parameters for arm in ladder]
    places = [math.log(at) for at in sizes]
    gap = 0.03 * max(len(arm.name) for arm in ladder) * (places[-1] - places[0])
    close = any(later - earlier < gap for earlier, later in pairwise(places))
    axes.set_xticks(sizes, [f"{arm.name}\n{size(arm.parameters)}" for arm in ladder])
    for label in axes.get_xticklabels() if close else ():
        label.set(rotation=25, ha="right")
    axes.set_xticks([], minor=True)
    axes.set_xlim(sizes[0] / 1.3, sizes[-1] * 1.3)
