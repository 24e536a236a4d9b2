"""Right or wrong, problem by problem: what a comparison of two checkpoints is paired by."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet as parquet
from numpy.typing import NDArray

from specialize.core.errors import RecordError

COLUMNS = ("id", "split", "format", "correct")
Marked = tuple[Any, ...]
"""A row of predictions: the COLUMNS; `correct` as (reading, right) pairs."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Measure:
    """One accuracy: the mean over `benchmarks`, of each the mean over its tasks."""

    title: str
    benchmarks: tuple[str, ...]
    format: str
    reading: str
    split: str = "test"


class Marks:
    """The marks of the checkpoints that are compared, by student, step and benchmark."""

    def __init__(self) -> None:
        self._marks: dict[tuple[str, int, str, str, str, str], dict[str, bool]] = {}

    def add(self, student: str, step: int, benchmark: str, rows: Iterable[Marked]) -> None:
        """Take in the marks of one checkpoint on one benchmark."""
        for id, split, format, correct in rows:
            for reading, right in correct:
                self._marks.setdefault((student, step, benchmark, split, format, reading), {})[id] = right

    def of(self, student: str, step: int, benchmark: str, measure: Measure) -> dict[str, bool] | None:
        """Return problem id → right; None where it was not measured."""
        return self._marks.get((student, step, benchmark, measure.split, measure.format, measure.reading))


def read_marks(files: Iterable[tuple[str, int, str, Path]]) -> Marks:
    """Read results/predictions/{student}/step-{n}/{benchmark}.parquet; files: (student, step, benchmark, path)."""
    marks = Marks()
    for student, step, benchmark, path in files:
        try:
            table = parquet.read_table(path, columns=list(COLUMNS))
        except (pyarrow.ArrowInvalid, KeyError) as error:
            raise RecordError(str(path), "(whole file)", "predictions in Parquet", str(error)) from None
        marks.add(student, step, benchmark, zip(*(table.column(name).to_pylist() for name in COLUMNS), strict=True))
    return marks


def task_weights(ids: Iterable[str], is_suite: bool) -> Floats:
    """Return a weight for each problem, of mean 1, that makes the mean over problems the mean over tasks.

    A problem of a suite is named {suite}/{task}/{number}.
    """
    tasks = [id.rpartition("/")[0] if is_suite else "" for id in ids]
    counts = Counter(tasks)
    return np.array([len(tasks) / (len(counts) * counts[task]) for task in tasks], dtype=np.float64)
