"""Before → after by each scorer side by side, and by task."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import pandas

from specialize.records.scores import GenericReading, MathsReading
from specialize.report.arms import Arm
from specialize.report.stats.accuracies import Measure
from specialize.report.stats.changes import accuracy_of, change_in
from specialize.report.stats.contrasts import Evidence
from specialize.report.stats.estimate import Change

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
    """One task of a suite in one format; a change per arm, by size. A task has few problems: changes are not tested."""

    benchmark: str
    task: str
    format: str
    changes: list[Change]


def reading_rows(
    evidence: Evidence, arms: Sequence[Arm], roles: Sequence[str], readings: Sequence[str]
) -> list[ReadingRow]:
    """Return a row per arm, benchmark and format of the roles, test problems."""
    measured = pandas.concat([evidence.accuracies.measured(role, "test") for role in roles])
    datasets = measured.loc[measured["task"].isna(), ["dataset", "format"]]
    return [
        ReadingRow(
            arm.name,
            benchmark,
            format,
            [change_in(evidence, arm, Measure(benchmark, (benchmark,), format, reading)) for reading in readings],
        )
        for arm in arms
        for benchmark, format in datasets.itertuples(index=False)
    ]


def task_rows(evidence: Evidence, arms: Sequence[Arm]) -> list[TaskRow]:
    """Return a row per generic task and format, test problems, by the reading of the params."""
    tasks = evidence.accuracies.measured("generic", "test").dropna(subset=["task"])
    return [
        TaskRow(benchmark, task, format, [_of_task(evidence, arm, benchmark, format, task) for arm in arms])
        for benchmark, format, task in tasks.itertuples(index=False)
    ]


def _of_task(evidence: Evidence, arm: Arm, benchmark: str, format: str, task: str) -> Change:
    measure = Measure(task, (benchmark,), format, evidence.params.generic_reading, task=task)
    before, after = (accuracy_of(evidence, arm, when, measure) for when in (evidence.start, evidence.front))
    return Change(before, after)
