"""Look-up of accuracies by what was measured."""

from collections.abc import Iterable

from specialize.records.scores import Score, ScoreRow
from specialize.report.stats.estimate import Estimate, estimate_of, mean_estimate


class Accuracies:
    """Every score row of a run, by student, step, benchmark, split, format, reading and task."""

    def __init__(self, scores: Iterable[Score]) -> None:
        self._rows: dict[tuple[str, int, str, str, str, str, str | None], ScoreRow] = {}
        self._benchmarks: dict[str, set[str]] = {}
        for score in scores:
            self._benchmarks.setdefault(score.role, set()).add(score.benchmark)
            for row in score.rows:
                key = (score.student, score.step, score.benchmark, row.split, row.format, row.reading, row.task)
                self._rows[key] = row

    def of_benchmark(
        self, student: str, step: int, benchmark: str, split: str, format: str, reading: str, task: str | None = None
    ) -> Estimate | None:
        """Return one accuracy; None where it was not measured."""
        row = self._rows.get((student, step, benchmark, split, format, reading, task))
        return estimate_of(row) if row else None

    def of_role(self, student: str, step: int, role: str, split: str, format: str, reading: str) -> Estimate | None:
        """Return the mean over the benchmarks of a role; None where none was measured."""
        found = (
            self.of_benchmark(student, step, benchmark, split, format, reading)
            for benchmark in sorted(self._benchmarks.get(role, ()))
        )
        return mean_estimate([estimate for estimate in found if estimate])

    def measured(self, role: str, split: str) -> list[tuple[str, str, str | None]]:
        """Return (benchmark, format, task) of a role on a split, sorted; task null: the whole benchmark."""
        of_role = self._benchmarks.get(role, set())
        found = {(key[2], key[4], key[6]) for key in self._rows if key[2] in of_role and key[3] == split}
        return sorted(found, key=lambda item: (item[0], item[1], item[2] or ""))
