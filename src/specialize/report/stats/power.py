"""The smallest difference that a run's problems and seeds can show."""

from collections.abc import Sequence
from itertools import pairwise

import pandas

from specialize.core.statistics.paired import detectable
from specialize.report.arms import Arm
from specialize.report.stats.accuracies import Measure
from specialize.report.stats.bootstrap import Comparison
from specialize.report.stats.contrasts import Evidence

COLUMNS = ("arm", "against", "dataset", "format", "n", "seeds", "detectable")


def detectable_differences(evidence: Evidence, arm: Arm, measures: Sequence[Measure]) -> pandas.DataFrame:
    """Return the smallest differences, as shares of 1, that four runs of five would show at the 95 % level: of the arm
    after training against its start (`against` is "start") and against the next size of the main ladder, with n and
    seeds. Read off the intervals of the comparisons themselves, so of this run's spread."""
    rows = []
    for measure in measures:
        for against, found in _compared(evidence, arm, measure):
            size = detectable(found.low, found.high)
            rows.append((arm.name, against, measure.title, measure.format, found.n, found.seeds, size))
    return pandas.DataFrame(rows, columns=list(COLUMNS))


def _compared(evidence: Evidence, arm: Arm, measure: Measure) -> list[tuple[str, Comparison]]:
    found = [("start", evidence.change(arm, evidence.start, evidence.front, measure))]
    for smaller, larger in pairwise(evidence.ladders[0]):
        if smaller == arm:
            found.append((larger.name, evidence.between(larger, smaller, evidence.front, measure)))
    return [(against, each) for against, each in found if each]
