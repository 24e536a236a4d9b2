"""Before → after by every reading side by side, and task by task."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from specialize.records.scores import GenericReading, MathsReading
from specialize.report.arms import Arm
from specialize.report.stats.contrasts import Evidence
from specialize.report.stats.estimate import Change
from specialize.report.stats.predictions import Measure
from specialize.report.views.main_table import accuracy_of, change_in

MATHS_READINGS: tuple[str, ...] = get_args(MathsReading)
GENERIC_READINGS: tuple[str, ...] = get_args(GenericReading)


@dataclass(frozen=True)
class ReadingRow:
    """One arm on one benchmark in one format; a change per reading."""

    arm: str
    benchmark: str
    format: str
    changes: list[Change]


@dataclass(frozen=True)
class TaskRow:
    """One task of a suite in one format; a change per arm, by size. Few problems each: no change is called clear."""

    benchmark: str
    task: str
    format: str
    changes: list[Change]


def reading_rows(
    evidence: Evidence, arms: Sequence[Arm], roles: Sequence[str], readings: Sequence[str]
) -> list[ReadingRow]:
    """Return a row per arm, benchmark and format of the roles, test problems."""
    measured = [
        (benchmark, format)
        for role in roles
        for benchmark, format, task in evidence.accuracies.measured(role, "test")
        if task is None
    ]
    return [
        ReadingRow(
            arm.name,
            benchmark,
            format,
            [change_in(evidence, arm, Measure(benchmark, (benchmark,), format, reading)) for reading in readings],
        )
        for arm in arms
        for benchmark, format in measured
    ]


def task_rows(evidence: Evidence, arms: Sequence[Arm]) -> list[TaskRow]:
    """Return a row per generic task and format, test problems, by the reading of the params."""
    return [
        TaskRow(benchmark, task, format, [_of_task(evidence, arm, benchmark, format, task) for arm in arms])
        for benchmark, format, task in evidence.accuracies.measured("generic", "test")
        if task is not None
    ]


def _of_task(evidence: Evidence, arm: Arm, benchmark: str, format: str, task: str) -> Change:
    measure = Measure(task, (benchmark,), format, evidence.params.generic_reading)
    before, after = (accuracy_of(evidence, arm, when, measure, task) for when in (evidence.start, evidence.front))
    return Change(before, after)
