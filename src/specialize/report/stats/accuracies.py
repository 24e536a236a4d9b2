"""All scores of a run as one tidy table, and the accuracies that the report selects from it."""

from dataclasses import dataclass

import pandas

from specialize.records.score_table import KEY, SCHEMA
from specialize.report.load_results import Study
from specialize.report.stats.estimate import Estimate, mean_estimate


@dataclass(frozen=True)
class Measure:
    """One accuracy: the mean over `datasets`, of each the mean over its tasks."""

    title: str
    datasets: tuple[str, ...]
    format: str
    reading: str
    split: str = "test"
    task: str | None = None
    """One task of a suite alone."""


def score_table(study: Study) -> pandas.DataFrame:
    """Return the columns of records.score_table, a row for each accuracy, sorted by KEY."""
    rows = pandas.DataFrame(
        {"student": score.student, "step": score.step, "dataset": score.benchmark, "role": score.role}
        | row.model_dump()
        for score in study.scores
        for row in score.rows
    )
    recipes = {student: study.training_params(student) for student in study.students}
    students = pandas.DataFrame(
        {
            "student": student,
            "seed": recipe.get("seed"),
            "size": study.parameters[student],
            "start": recipe.get("start"),
            "loss": recipe.get("loss"),
        }
        for student, recipe in recipes.items()
    ).astype({"seed": "Int64"})
    table = rows.merge(students, on="student", validate="many_to_one")
    columns: list[str] = SCHEMA.names
    return table.sort_values(list(KEY), na_position="first", ignore_index=True)[columns]


class Accuracies:
    """Selections from the score table."""

    def __init__(self, scores: pandas.DataFrame) -> None:
        self.scores = scores
        self._means: dict[Measure, dict[tuple[str, int], Estimate]] = {}

    def mean(self, measure: Measure, student: str, step: int) -> Estimate | None:
        """Return the mean over the measure's datasets that were scored; None where none was."""
        if measure not in self._means:
            self._means[measure] = self._mean_by_checkpoint(measure)
        return self._means[measure].get((student, step))

    def measured(self, role: str, split: str) -> pandas.DataFrame:
        """Return dataset, format and task of the accuracies of a role on a split, sorted; task null: all of it."""
        selected = (self.scores["role"] == role) & (self.scores["split"] == split)
        rows = self.scores.loc[selected, ["dataset", "format", "task"]].drop_duplicates()
        return rows.sort_values(["dataset", "format", "task"], na_position="first")

    def _mean_by_checkpoint(self, measure: Measure) -> dict[tuple[str, int], Estimate]:
        scores = self.scores
        selected = (
            scores["dataset"].isin(measure.datasets)
            & (scores["split"] == measure.split)
            & (scores["format"] == measure.format)
            & (scores["reading"] == measure.reading)
            & (scores["task"].isna() if measure.task is None else scores["task"] == measure.task)
        )
        # Lists by checkpoint: a group's own table would cost more than the mean.
        numbers = ["accuracy", "low", "high", "n", "correct"]
        by_checkpoint = scores[selected].groupby(["student", "step"])[numbers].agg(list)
        return {
            (student, step): mean_estimate([Estimate(*row) for row in zip(*rows, strict=True)])
            for (student, step), *rows in by_checkpoint.itertuples(name=None)
        }
