"""Accuracy and loss along the checkpoints, of a student and of an arm."""

from collections.abc import Iterable
from statistics import fmean

from specialize.core.params.report import ReportParams
from specialize.report.arms import Arm
from specialize.report.load_results import Study
from specialize.report.stats.accuracies import Accuracies
from specialize.report.stats.contrasts import Evidence
from specialize.report.stats.estimate import Estimate, replicates_estimate

ABILITIES = ("seed", "out_of_distribution", "generic_answer_only", "generic_chain_of_thought")
CHAINS = ("in_context_chain_of_thought", "zero_shot_chain_of_thought")


def dynamics_of(
    study: Study, accuracies: Accuracies, params: ReportParams, student: str
) -> list[tuple[int, dict[str, Estimate | None]]]:
    """Return per checkpoint the accuracy of each ability: maths on validation problems, generic on test problems."""
    rows = []
    for step in study.steps(student):
        of_step: dict[str, Estimate | None] = {
            role: accuracies.of_role(student, step, role, "validation", params.format, params.reading)
            for role in ("seed", "out_of_distribution")
        }
        for format in ("answer_only", "chain_of_thought"):
            estimate = accuracies.of_role(student, step, "generic", "test", format, params.generic_reading)
            of_step[f"generic_{format}"] = estimate
        rows.append((step, of_step))
    return rows


def arm_dynamics(evidence: Evidence, arm: Arm) -> list[tuple[int, dict[str, Estimate | None]]]:
    """Return the same as the mean over an arm's seeds, at the checkpoints that all of them have."""
    of_students = [
        dict(dynamics_of(evidence.study, evidence.accuracies, evidence.params, student)) for student in arm.names
    ]
    steps = sorted(set.intersection(*(set(rows) for rows in of_students)))
    return [
        (step, {ability: _mean(rows[step][ability] for rows in of_students) for ability in ABILITIES})
        for step in steps
    ]  # fmt: skip


def arm_formats(evidence: Evidence, arm: Arm) -> dict[str, list[tuple[int, Estimate]]]:
    """Return chain-of-thought format → (step, accuracy on the seed dataset's validation problems, or test problems)."""
    steps = sorted(set.intersection(*(set(evidence.study.steps(student)) for student in arm.names)))
    found: dict[str, list[tuple[int, Estimate]]] = {}
    for format in CHAINS:
        for split in ("validation", "test"):
            each = [
                (
                    step,
                    _mean(
                        evidence.accuracies.of_role(student, step, "seed", split, format, evidence.params.reading)
                        for student in arm.names
                    ),
                )
                for step in steps
            ]
            found[format] = [(step, estimate) for step, estimate in each if estimate]
            if found[format]:
                break
    return found


def arm_curve(evidence: Evidence, arm: Arm, column: str) -> list[tuple[int, float]]:
    """Return (step, mean over seeds) of a column of the training curves, at the steps that all of them logged."""
    curves = [
        {int(float(row["step"])): float(row[column]) for row in evidence.study.curves.get(student, []) if column in row}
        for student in arm.names
    ]
    steps = sorted(set.intersection(*(set(curve) for curve in curves)))
    return [(step, fmean(curve[step] for curve in curves)) for step in steps]


def _mean(estimates: Iterable[Estimate | None]) -> Estimate | None:
    found = list(estimates)
    known = [estimate for estimate in found if estimate]
    return replicates_estimate(known) if len(known) == len(found) else None
