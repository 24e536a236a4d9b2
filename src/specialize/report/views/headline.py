"""The headline: what an arm gained on the seed dataset and elsewhere, and what it paid in generic ability."""

from collections.abc import Sequence
from dataclasses import dataclass

from specialize.report.arms import Arm
from specialize.report.formatting import FORMATS
from specialize.report.stats.changes import change_in
from specialize.report.stats.contrasts import Evidence
from specialize.report.stats.estimate import Change
from specialize.report.views.main_table import Column


@dataclass(frozen=True)
class Tile:
    """One number before and after."""

    role: str
    title: str
    says: str
    """What the number is, below the title."""
    change: Change


def tiles_of(evidence: Evidence, columns: Sequence[Column], arm: Arm) -> list[Tile]:
    """Return a tile for each role that was scored before and after: seed dataset, out of distribution, generic.

    Generic ability is taken in the format in which the start has most of it: that is what there is to lose.
    """
    tiles = []
    for role, says in (
        ("seed", "seed dataset"),
        ("out_of_distribution", "out of distribution"),
        ("generic", "the price"),
    ):
        found = [(column, change_in(evidence, arm, column.measure)) for column in columns if column.role == role]
        known = [(column, change) for column, change in found if change.before and change.after]
        if not known:
            continue
        if role == "generic":
            column, change = max(known, key=lambda each: each[1].before.accuracy if each[1].before else 0.0)
            title, says = "generic tasks", f"the price: {FORMATS[column.measure.format]}"
        else:
            means = [each for each in known if each[0].is_mean]
            column, change = (means or known)[0]
            title = f"mean of {len(column.measure.datasets)} sets" if column.is_mean else column.title
            title = f"{title}, out of distribution" if role == "out_of_distribution" and column.is_mean else title
            says = ", ".join(column.measure.datasets) if column.is_mean else says
        tiles.append(Tile(role, title, says, change))
    return tiles
