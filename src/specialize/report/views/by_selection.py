"""Accuracy of the checkpoints that the two criteria select, by arm (paper, Table 3)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from specialize.records.scores import CRITERIA
from specialize.report.arms import Arm
from specialize.report.stats.accuracies import Measure
from specialize.report.stats.changes import accuracy_of, change_in
from specialize.report.stats.contrasts import Evidence
from specialize.report.stats.estimate import Change


@dataclass(frozen=True)
class Choice:
    """An arm's checkpoints by one criterion, with their validation accuracies (`after`).

    `before` is the accuracy of the choice by the seed dataset, in the row of the other choice.
    """

    arm: str
    criterion: str
    steps: str
    """Of its replicates, `300` or `300–900`; empty where nothing could be chosen."""
    seed: Change
    out_of_distribution: Change
    is_front: bool


def choices(evidence: Evidence, arms: Sequence[Arm]) -> list[Choice]:
    """Return both choices of every arm, with the validation accuracies that they were made by."""
    rows = []
    for arm in arms:
        for criterion in CRITERIA:
            by = [evidence.study.selected[student].by.get(criterion) for student in arm.names]
            known = [step for step in by if step is not None]
            steps = "" if len(known) < len(by) else str(known[0])
            if steps and min(known) < max(known):
                steps = f"{min(known)}–{max(known)}"
            seed, out = (_change(evidence, arm, criterion, role) if steps else Change(None, None) for role in CRITERIA)
            rows.append(Choice(arm.name, criterion, steps, seed, out, criterion == evidence.params.selected_by))
    return rows


def _change(evidence: Evidence, arm: Arm, criterion: str, role: str) -> Change:
    selected = evidence.study.selected[arm.names[0]]
    names = tuple(evidence.study.benchmarks(role))
    measure = Measure(role, names, selected.format, selected.reading, "validation")
    when = evidence.chosen_by(criterion)
    if criterion == CRITERIA[0]:
        return Change(None, accuracy_of(evidence, arm, when, measure))
    change = change_in(evidence, arm, measure, evidence.chosen_by(CRITERIA[0]), when)
    # On the problems that selected it the checkpoint is best by construction, so the change is not tested.
    return replace(change, paired=None)
