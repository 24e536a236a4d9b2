"""The CSV tables: every score, the dynamics, the scaling curve, the training curves.

scores.csv holds shares of 1, as the scores do; dynamics.csv and scaling.csv hold %, for `dvc plots`.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from specialize.core.files import write_text
from specialize.core.params.report import ReportParams
from specialize.records.training_curve import UPDATE_COLUMNS
from specialize.report.load_results import Study
from specialize.report.selection import front_of
from specialize.report.stats.accuracies import Accuracies
from specialize.report.stats.estimate import Estimate
from specialize.report.stats.learning_curves import ABILITIES, dynamics_of

SCORES = ("student", "parameters", "step", "benchmark", "role", "task", "split", "format", "reading")
TRAINING = (*UPDATE_COLUMNS, "sample_nll", "teacher_kl", "target_entropy", "soft_share")
SCORE_NUMBERS = ("n", "correct", "accuracy", "low", "high")

Cell = str | int | float | None


@dataclass(frozen=True)
class ScalingPoint:
    """A student's accuracy on the seed dataset, before or after training."""

    student: str
    parameters: int
    stage: str
    split: str
    estimate: Estimate


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write a table with a header, atomically; null is an empty cell."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    write_text(path, stream.getvalue())


def write_tables(folder: Path, study: Study, accuracies: Accuracies, params: ReportParams) -> list[Path]:
    """Write the four tables, sorted; return their paths."""
    scaling = [
        (point.student, point.parameters, point.stage, point.split, point.estimate.n, *_percents(point.estimate))
        for point in scaling_points(study, accuracies, params)
    ]
    updates = [(student, row) for student in sorted(study.curves) for row in study.curves[student]]
    logged = [name for name in TRAINING if name in UPDATE_COLUMNS or any(name in row for _, row in updates)]
    curves = [[student, *(row.get(name) for name in logged)] for student, row in updates]
    tables: dict[str, tuple[Sequence[str], Sequence[Sequence[Cell]]]] = {
        "scores": ([*SCORES, *SCORE_NUMBERS], score_rows(study)),
        "dynamics": (["student", "step", *ABILITIES], dynamics_rows(study, accuracies, params)),
        "scaling": (["student", "parameters", "stage", "split", "n", "accuracy", "low", "high"], scaling),
        "training": (["student", *logged], curves),
    }
    for name, (columns, rows) in tables.items():
        write_csv(folder / f"{name}.csv", columns, rows)
    return [folder / f"{name}.csv" for name in tables]


def score_rows(study: Study) -> list[list[Cell]]:
    """Return one row per score row, sorted by its identity."""
    rows: list[list[Cell]] = []
    for score in study.scores:
        whose = (score.student, study.parameters[score.student], score.step, score.benchmark, score.role)
        for row in sorted(score.rows, key=lambda row: (row.task or "", row.split, row.format, row.reading)):
            what = (row.task, row.split, row.format, row.reading)
            rows.append([*whose, *what, row.n, row.correct, row.accuracy, row.low, row.high])
    return rows


def dynamics_rows(study: Study, accuracies: Accuracies, params: ReportParams) -> list[list[Cell]]:
    """Return one row per student and checkpoint, accuracies in %."""
    return [
        [student, step, *(_percents(estimate)[0] if (estimate := of_step[name]) else None for name in ABILITIES)]
        for student in sorted(study.students)
        for step, of_step in dynamics_of(study, accuracies, params, student)
    ]


def scaling_points(study: Study, accuracies: Accuracies, params: ReportParams) -> list[ScalingPoint]:
    """Return before and after of every student, by size.

    Differs from the paper (Fig. 2): test problems, because the checkpoint was chosen on validation problems.
    """
    rows = []
    for student in study.students:
        after = front_of(study, student, params.selected_by).step
        for stage, step in (("before", 0), ("after", after)):
            estimate = accuracies.of_role(student, step, "seed", "test", params.format, params.reading)
            if estimate:
                rows.append(ScalingPoint(student, study.parameters[student], stage, "test", estimate))
    return rows


def _percents(estimate: Estimate) -> tuple[str, str, str]:
    return f"{100 * estimate.accuracy:.2f}", f"{100 * estimate.low:.2f}", f"{100 * estimate.high:.2f}"
