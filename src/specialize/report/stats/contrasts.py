"""Contrasts between checkpoints of a run, paired by problem and by seed: what all verdicts are computed from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas

from specialize.core.params.report import ReportParams
from specialize.core.statistics.paired import Floats, mcnemar, mean_interval, task_weights
from specialize.report.arms import Arm, arms_of, ladders_of
from specialize.report.load_results import Study, before_decay, early_step, late_step
from specialize.report.selection import front_of
from specialize.report.stats.accuracies import Accuracies, Measure, score_table
from specialize.report.stats.bootstrap import Comparison, changed
from specialize.report.stats.predictions import Predictions

When = Callable[[str], int]
"""Student → step."""
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Term:
    """One accuracy of a contrast, with its weight."""

    weight: float
    arm: Arm
    when: When
    measure: Measure


@dataclass(frozen=True)
class Evidence:
    """The results of a run, and the contrasts between its checkpoints."""

    study: Study
    accuracies: Accuracies
    predictions: Predictions
    params: ReportParams
    arms: list[Arm]
    ladders: list[list[Arm]]
    """Arms that differ in size alone; the main findings are about the first."""
    simulated_teacher: bool = False
    """Whether the teacher is this project's own grammar."""
    known: dict[tuple[Any, ...], Comparison | None] = field(default_factory=dict, compare=False, repr=False)
    """Contrasts drawn before: table, page, summary and verdicts ask for the same ones."""

    # Steps of a student.

    def start(self, student: str) -> int:
        """Before any training."""
        return 0

    def earliest(self, student: str) -> int:
        """The first checkpoint after the start."""
        return next((step for step in self.study.steps(student) if step), 0)

    def first(self, student: str) -> int:
        """The first checkpoint at or after the paper's first, as a share of the training."""
        return early_step(self.study.steps(student))

    def late(self, student: str) -> int:
        """The first checkpoint at or after two thirds of the training."""
        return late_step(self.study.steps(student))

    def last(self, student: str) -> int:
        """The last checkpoint."""
        return self.study.steps(student)[-1]

    def before_decay(self, student: str) -> int:
        """The last checkpoint before the rate's final decay, where the schedule has one, else the last."""
        return before_decay(self.study.steps(student), self.study.training_params(student))

    def front(self, student: str) -> int:
        """The checkpoint that validation selected."""
        return front_of(self.study, student, self.params.selected_by).step

    def chosen_by(self, criterion: str) -> When:
        """The checkpoint that a criterion selected, or the last where it selected none."""
        return lambda student: front_of(self.study, student, criterion).step

    # Measures, on test problems.

    def seed(self, format: str | None = None) -> Measure | None:
        """The seed dataset, by default in the format of the params."""
        names = self.study.benchmarks("seed")
        title = names[0] if names else ""
        return Measure(title, tuple(names), format or self.params.format, self.params.reading) if names else None

    def out(self) -> Measure | None:
        """The mean of the out-of-distribution sets."""
        names = self.study.benchmarks("out_of_distribution")
        title = "out-of-distribution mean" if len(names) > 1 else "".join(names)
        return Measure(title, tuple(names), self.params.format, self.params.reading) if names else None

    def maths(self) -> list[Measure]:
        """Each maths dataset on its own."""
        names = [*self.study.benchmarks("seed"), *self.study.benchmarks("out_of_distribution")]
        return [Measure(name, (name,), self.params.format, self.params.reading) for name in names]

    def generic(self, format: str, reading: str | None = None) -> Measure | None:
        """The mean of the generic suites."""
        names = self.study.benchmarks("generic")
        return Measure("generic", tuple(names), format, reading or self.params.generic_reading) if names else None

    # Contrasts.

    def accuracy(self, arm: Arm, when: When, measure: Measure | None, label: str = "") -> Comparison | None:
        """Return an arm's mean accuracy."""
        return self.contrast(label or arm.name, [Term(1.0, arm, when, measure)]) if measure else None

    def change(
        self, arm: Arm, before: When, after: When, measure: Measure | None, label: str = ""
    ) -> Comparison | None:
        """Return after − before of one arm; None where both are the same checkpoints."""
        if measure is None or all(before(student) == after(student) for student in arm.names):
            return None
        terms = [Term(1.0, arm, after, measure), Term(-1.0, arm, before, measure)]
        return self.contrast(label or f"{arm.name}, {measure.title}", terms)

    def mean_change(self, arms: Sequence[Arm], before: When, after: When, measure: Measure | None) -> Comparison | None:
        """Return the mean over arms of after − before; None where no checkpoint differs."""
        if measure is None or all(before(student) == after(student) for arm in arms for student in arm.names):
            return None
        share = 1 / len(arms)
        terms = [
            Term(sign * share, arm, when, measure) for arm in arms for sign, when in ((1.0, after), (-1.0, before))
        ]
        label = f"{arms[0].name}, {measure.title}" if len(arms) == 1 else f"mean of {len(arms)} sizes, {measure.title}"
        return self.contrast(label, terms)

    def between(
        self, first: Arm, second: Arm, when: When, measure: Measure | None, label: str = ""
    ) -> Comparison | None:
        """Return first − second, each at its step `when`; None where neither was trained yet."""
        if measure is None or not any(when(student) for student in [*first.names, *second.names]):
            return None
        terms = [Term(1.0, first, when, measure), Term(-1.0, second, when, measure)]
        return self.contrast(label or f"{first.name} against {second.name}, {measure.title}", terms)

    def contrast(self, label: str, terms: Sequence[Term]) -> Comparison | None:
        """Return Σ weight · accuracy over the terms; None where one of them was not measured.

        Paired by problem: only problems that every term has count. Paired by seed where all arms have a seed in common;
        where they have none, replicates pair in the order of their seeds.
        """
        if not terms or not terms[0].measure.datasets:
            return None
        key = tuple((term.weight, term.arm, *map(term.when, term.arm.names), term.measure) for term in terms)
        if key not in self.known:
            self.known[key] = self._drawn(terms)
        found = self.known[key]
        return replace(found, label=label) if found else None

    def _drawn(self, terms: Sequence[Term]) -> Comparison | None:
        teams = teams_of([term.arm for term in terms])
        # All terms of a contrast have the same datasets; formats may differ.
        found = [self._by_problem(terms, teams, place) for place in range(len(terms[0].measure.datasets))]
        parts = [part for part in found if part is not None]
        if len(parts) < len(found):
            return None
        values = [each for each, _ in parts]
        bounds = (
            sum(term.weight for term in terms if term.weight < 0),
            sum(term.weight for term in terms if term.weight > 0),
        )
        interval = mean_interval(values, bounds, CONFIDENCE, [families for _, families in parts])
        one_against_one = len(teams) == 1 and len(parts) == 1 and sorted(t.weight for t in terms) == [-1.0, 1.0]
        won, lost = changed(values[0]) if one_against_one else (None, None)
        p = interval.p if won is None or lost is None else round(mcnemar(won, lost), 6)
        return Comparison(
            label="",
            value=interval.value,
            low=interval.low,
            high=interval.high,
            n=sum(part.shape[1] for part in values),
            seeds=len(teams),
            won=won,
            lost=lost,
            p=p if bounds[0] < 0 else None,
        )

    def _by_problem(
        self, terms: Sequence[Term], teams: Sequence[Sequence[str]], place: int
    ) -> tuple[Floats, list[str] | None] | None:
        """Return the contrast on one dataset, [replicates, problems], weighted by task, and each problem's family
        (None: each stands for itself); None where a term lacks the dataset."""
        dataset = terms[0].measure.datasets[place]
        predictions = self.predictions.get(dataset)
        if predictions is None:
            return None
        columns = [
            (student, term.when(student), term.measure.split, term.measure.format, term.measure.reading)
            for team in teams
            for term, student in zip(terms, team, strict=True)
        ]
        places = predictions.columns.get_indexer(pandas.MultiIndex.from_tuples(columns))
        if (places < 0).any():
            return None
        answers = predictions.to_numpy()[:, places].reshape(len(predictions), len(teams), len(terms))
        values = sum((term.weight * answers[:, :, number] for number, term in enumerate(terms)), start=np.zeros(()))
        common = np.flatnonzero(~np.isnan(values).any(axis=1))
        if not len(common):
            return None
        ids = list(predictions.index[common])
        weights = task_weights(ids, dataset in self.study.benchmarks("generic"))
        # Contiguous along the problems: a mean then adds them in order.
        known = self.study.families.get(dataset)
        families = [known.get(id, id) for id in ids] if known else None
        return np.ascontiguousarray(values[common].T) * weights, families


def evidence_of(
    study: Study,
    predictions: Predictions,
    params: ReportParams,
    objectives: Mapping[str, str],
    simulated_teacher: bool = False,
) -> Evidence:
    """Return the evidence of a run. objectives: start → its pretraining objective."""
    arms = arms_of(study, objectives)
    accuracies = Accuracies(score_table(study))
    return Evidence(study, accuracies, predictions, params, arms, ladders_of(arms), simulated_teacher)


def teams_of(arms: Sequence[Arm]) -> list[list[str]]:
    """Return for each replicate one student of each arm, paired by seed or else in the order of seeds."""
    common = sorted(set.intersection(*(set(arm.seeds) for arm in arms)))
    if common:
        return [[dict(arm.students)[seed] for arm in arms] for seed in common]
    count = min(len(arm.students) for arm in arms)
    return [[arm.names[place] for arm in arms] for place in range(count)]
