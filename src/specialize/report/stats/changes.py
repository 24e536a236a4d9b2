"""The accuracy of an arm at a checkpoint, and its change between two."""

from dataclasses import replace

from specialize.report.arms import Arm
from specialize.report.stats.accuracies import Measure
from specialize.report.stats.contrasts import Evidence, When
from specialize.report.stats.estimate import Change, Estimate, replicates_estimate


def accuracy_of(evidence: Evidence, arm: Arm, when: When, measure: Measure) -> Estimate | None:
    """Return an arm's accuracy: the mean over datasets, then over seeds; None where a replicate has none.

    The interval of several seeds is drawn from their answers where these were read, else put together from the
    replicates' own (replicates_estimate), which is wider near 0 and 1.
    """
    found = [evidence.accuracies.mean(measure, student, when(student)) for student in arm.names]
    known = [estimate for estimate in found if estimate]
    if len(known) < len(found):
        return None
    mean = replicates_estimate(known)
    drawn = evidence.accuracy(arm, when, measure) if mean and len(known) > 1 and measure.task is None else None
    if mean is None or drawn is None or drawn.n != mean.n:
        return mean
    return replace(mean, low=max(drawn.low, 0.0), high=min(drawn.high, 1.0))


def change_in(
    evidence: Evidence, arm: Arm, measure: Measure, before: When | None = None, after: When | None = None
) -> Change:
    """Return what training did to an arm: the start against the selected checkpoint, or other two."""
    before, after = before or evidence.start, after or evidence.front
    return Change(
        accuracy_of(evidence, arm, before, measure),
        accuracy_of(evidence, arm, after, measure),
        evidence.change(arm, before, after, measure),
    )
