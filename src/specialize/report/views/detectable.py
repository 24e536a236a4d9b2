"""The smallest difference that a run can show, in words, for below its tables."""

from collections.abc import Sequence

from specialize.report.arms import Arm
from specialize.report.formatting import percent
from specialize.report.stats.accuracies import Measure
from specialize.report.stats.contrasts import Evidence
from specialize.report.stats.power import detectable_differences


def detectable_line(evidence: Evidence, arm: Arm, measures: Sequence[Measure]) -> list[str]:
    """Return a line for the change by training and one for the difference to the next size, where they are known."""
    table = detectable_differences(evidence, arm, measures)
    lines = []
    for against, rows in table.groupby("against", sort=False):
        low, high = percent(rows["detectable"].min()), percent(rows["detectable"].max())
        points = low if low == high else f"{low} to {high}"
        numbers = sorted(set(rows["n"]))
        n = str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"
        seeds = rows["seeds"].iloc[0]
        of = "one run" if seeds == 1 else f"{seeds} seeds"
        what = "change by training" if against == "start" else f"difference to {against}"
        lines.append(f"smallest {what} that shows in 4 of 5 runs: {points} points (n {n}, {of})")
    return lines
