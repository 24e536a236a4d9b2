"""The accuracy of an arm at a checkpoint, and its change between two."""

from specialize.report.arms import Arm
from specialize.report.stats.accuracies import Measure
from specialize.report.stats.contrasts import Evidence, When
from specialize.report.stats.estimate import Change, Estimate, replicates_estimate


def accuracy_of(evidence: Evidence, arm: Arm, when: When, measure: Measure) -> Estimate | None:
    """Return an arm's accuracy: the mean over datasets, then over seeds; None where a replicate has none."""
    found = [evidence.accuracies.mean(measure, student, when(student)) for student in arm.names]
    known = [estimate for estimate in found if estimate]
    return replicates_estimate(known) if len(known) == len(found) else None


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
