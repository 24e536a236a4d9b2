"""Before → after on test problems: the columns of the main table and their numbers (paper, Table 1)."""

from dataclasses import dataclass, replace
from statistics import mean

from specialize.core.prompt_formats import GENERIC_FORMATS
from specialize.report.stats.accuracies import Measure
from specialize.report.stats.contrasts import Evidence


@dataclass(frozen=True)
class Column:
    """One accuracy of the main table."""

    role: str
    measure: Measure
    guess: float | None = None
    """Accuracy of the best guess; of several benchmarks the mean of theirs. None: unknown."""

    @property
    def title(self) -> str:
        """The heading of the column."""
        return self.measure.title

    @property
    def is_mean(self) -> bool:
        """Whether several benchmarks are averaged."""
        return len(self.measure.datasets) > 1


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
    return [replace(column, guess=_guess(evidence, column)) for column in columns if _is_measured(evidence, column)]


def _guess(evidence: Evidence, column: Column) -> float | None:
    datasets = evidence.study.problems.datasets
    known = [datasets[name].guesses for name in column.measure.datasets if name in datasets and datasets[name].guesses]
    complete = len(known) == len(column.measure.datasets)
    return mean(max(guesses.values()) for guesses in known) if complete else None


def _is_measured(evidence: Evidence, column: Column) -> bool:
    measured = evidence.accuracies.measured(column.role, "test")
    formats = measured.loc[measured["dataset"].isin(column.measure.datasets), "format"]
    return column.measure.format in set(formats)
