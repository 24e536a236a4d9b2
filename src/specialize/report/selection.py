"""Which checkpoint of a student is reported."""

from dataclasses import dataclass

from specialize.report.load_results import Study


@dataclass(frozen=True)
class Front:
    """The reported checkpoint."""

    step: int
    was_selected: bool
    """False: nothing could be selected, and this is the last checkpoint."""


def front_of(study: Study, student: str, criterion: str) -> Front:
    """Return the student's checkpoint by `criterion`, or its last one where the criterion chose nothing."""
    step = study.selected[student].by.get(criterion)
    return Front(study.steps(student)[-1], False) if step is None else Front(step, True)
