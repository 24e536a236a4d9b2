"""Before → after on test problems: the columns of the main table and their numbers (paper, Table 1)."""

from dataclasses import dataclass

from specialize.core.prompt_formats import GENERIC_FORMATS
from specialize.report.arms import Arm
from specialize.report.stats.contrasts import Evidence, When
from specialize.report.stats.estimate import Change, Estimate, mean_estimate, replicates_estimate
from specialize.report.stats.predictions import Measure


@dataclass(frozen=True)
class Column:
    """One accuracy of the main table."""

    role: str
    measure: Measure

    @property
    def title(self) -> str:
        """What stands above it."""
        return self.measure.title

    @property
    def is_mean(self) -> bool:
        """Whether several benchmarks are averaged."""
        return len(self.measure.benchmarks) > 1


def columns_of(evidence: Evidence) -> list[Column]:
    """Return the columns that have a number: maths by role, the out-of-distribution mean, the generic formats."""
    study, params = evidence.study, evidence.params
    out = study.benchmarks("out_of_distribution")
    maths: list[tuple[str, str, tuple[str, ...]]] = [(name, "seed", (name,)) for name in study.benchmarks("seed")]
    maths += [(name, "out_of_distribution", (name,)) for name in out]
    if len(out) > 1:
        maths.append(("out-of-distribution mean", "out_of_distribution", tuple(out)))
    maths += [(name, "probe", (name,)) for name in study.benchmarks("probe")]
    columns = [Column(role, Measure(title, names, params.format, params.reading)) for title, role, names in maths]
    generic = tuple(study.benchmarks("generic"))
    if generic:
        title = generic[0] if len(generic) == 1 else "generic mean"
        columns += [
            Column("generic", Measure(title, generic, format, params.generic_reading)) for format in GENERIC_FORMATS
        ]
    return [column for column in columns if _is_measured(evidence, column)]


def accuracy_of(evidence: Evidence, arm: Arm, when: When, measure: Measure, task: str | None = None) -> Estimate | None:
    """Return an arm's accuracy: the mean over benchmarks, then over seeds; None where a replicate has none."""
    found = []
    for student in arm.names:
        each = [
            evidence.accuracies.of_benchmark(
                student, when(student), benchmark, measure.split, measure.format, measure.reading, task
            )
            for benchmark in measure.benchmarks
        ]
        mean = mean_estimate([estimate for estimate in each if estimate])
        if mean is None:
            return None
        found.append(mean)
    return replicates_estimate(found)


def change_in(
    evidence: Evidence, arm: Arm, measure: Measure, before: When | None = None, after: When | None = None
) -> Change:
    """Return what training did to an arm: the start against the checkpoint in front, or other two."""
    before, after = before or evidence.start, after or evidence.front
    return Change(
        accuracy_of(evidence, arm, before, measure),
        accuracy_of(evidence, arm, after, measure),
        evidence.change(arm, before, after, measure),
    )


def _is_measured(evidence: Evidence, column: Column) -> bool:
    known = {(name, format) for name, format, _ in evidence.accuracies.measured(column.role, "test")}
    return any((name, column.measure.format) in known for name in column.measure.benchmarks)
