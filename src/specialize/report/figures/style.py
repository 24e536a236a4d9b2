"""The style of all figures: colours, fonts, axes, and SVG whose bytes depend on the numbers alone."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import pandas
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

INK = "#1c1d21"
PALETTE = ("#0068a8", "#00845f", "#c94f00", "#a8508a", "#7a6a00", "#4b56b8", "#8a4b2a", "#5c6670")
"""Distinguishable for colour-blind readers on white; the page has a lighter set for dark mode."""
MARKERS = "osD^vPX*"
DASHES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)), (0, (8, 2)))
EARLY = 20
"""The step axis is logarithmic from this ratio of the last checkpoint to the first on."""
APART = 2.5
"""Smallest ratio of two labelled steps on a logarithmic axis."""
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


def svg_of(figure: Any) -> str:
    """Return the figure as SVG text."""
    stream = io.StringIO()
    FigureCanvasSVG(figure)
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def panels_of(
    count: int, across: int = 3, height: float = 2.7, width: float = 9.0, share_x: bool = True
) -> tuple[Any, list[Any]]:
    """Return a figure of `count` panels in rows of at most `across`, and the panels; they share the accuracy axis, and
    the other one unless that is unwanted. height of a row, width of all: inches."""
    across = max(1, min(across, count))
    down = max(1, -(-count // across))
    figure = Figure(figsize=(width, height * down + 0.6), layout="constrained")
    panels = list(figure.subplots(down, across, sharex=share_x, sharey=True, squeeze=False).flat)
    for spare in panels[count:]:
        spare.set_visible(False)
    for panel in panels:
        # Sharing hides these inside the grid, also above a spare place.
        panel.tick_params(labelbottom=True)
    for row in range(down):
        panels[row * across].set_ylabel("accuracy, %")
    return figure, panels[:count]


def empty_figure(text: str) -> Any:
    """Return a figure that says why there is nothing to draw."""
    figure = Figure(figsize=(9.0, 1.2), layout="constrained")
    axes = figure.subplots()
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center")
    axes.set_axis_off()
    return figure


def step_axis(axes: Any) -> None:
    """Label the x axis of training steps, with integer ticks."""
    axes.set_xlabel("step")
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 5, 10]))


def checkpoint_axis(axes: Any, steps: Sequence[int]) -> None:
    """Label the x axis; make it logarithmic where early checkpoints would lie on top of each other."""
    later = sorted({step for step in steps if step})
    if len(later) < 2 or EARLY * later[0] > later[-1]:
        step_axis(axes)
        return
    axes.set_xlabel("step, logarithmic")
    axes.set_xscale("symlog", linthresh=later[0], linscale=0.4)
    ticks = [later[-1]]
    for step in reversed(later):
        if ticks[-1] >= APART * step:
            ticks.append(step)
    ticks.append(0)
    axes.set_xticks(ticks, labels=[str(step) for step in ticks])
    axes.minorticks_off()


def banded_line(axes: Any, curve: pandas.DataFrame, number: int) -> Any:
    """Draw accuracies with their intervals against steps; return the line. curve: step, accuracy, low, high in %."""
    axes.fill_between(curve["step"], curve["low"], curve["high"], color=PALETTE[number], alpha=0.13, linewidth=0)
    # A line at zero would be half hidden by the frame.
    (line,) = axes.plot(
        curve["step"], curve["accuracy"], color=PALETTE[number], marker=MARKERS[number], linestyle=DASHES[number],
        clip_on=False, zorder=3,
    )  # fmt: skip
    return line


def loss_line(axes: Any, curve: "pandas.Series[float]", number: int, label: str) -> None:
    """Draw a loss against steps. curve: step → loss."""
    axes.plot(
        curve.index,
        curve,
        color=PALETTE[number % len(PALETTE)],
        linestyle=DASHES[number % len(DASHES)],
        marker="o" if len(curve) == 1 else None,
        label=label,
    )


def legend_above(figure: Any, lines: Mapping[str, Any], columns: int | None = None) -> None:
    """Give the figure one legend for all panels. lines: label → line; columns: of the legend, else one for each."""
    if lines:
        figure.legend(lines.values(), lines.keys(), loc="outside upper left", ncols=columns or len(lines))


def set_top(axes: Any, highs: Sequence[float]) -> None:
    """Set the range of an accuracy axis: from 0 to a little above the highest interval, in %."""
    axes.set_ylim(0, min(100.0, 1.05 * max(highs, default=0.0)) or 1.0)
