"""Right or wrong, problem by problem: what a comparison of two checkpoints is paired by."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pyarrow
import pyarrow.parquet as parquet
from numpy.typing import NDArray

from specialize.core.errors import RecordError

COLUMNS = ("id", "split", "format", "correct")
Predictions = dict[str, pandas.DataFrame]
"""Dataset → a row for each problem id, a column for each (student, step, split, format, reading): 1 right, 0 wrong
(of several samples the share that is right), NaN not asked."""
Floats = NDArray[np.float64]


def read_predictions(files: Iterable[tuple[str, int, str, Path]]) -> Predictions:
    """Read results/scores/{student}/step-{n}/{dataset}.parquet; files: (student, step, dataset, path).

    Of several samples of a question the share that is right counts.
    """
    tables = []
    for student, step, dataset, path in files:
        table = _read(path)
        for name, value in (("student", student), ("step", step), ("dataset", dataset)):
            table = table.append_column(name, pyarrow.repeat(value, len(table)))
        tables.append(table)
    answers = pyarrow.concat_tables(tables).to_pandas()
    readings = pandas.DataFrame.from_records([dict(correct) for correct in answers.pop("correct")])
    rows = answers.join(readings).melt(list(answers.columns), var_name="reading", value_name="correct")
    return by_problem(rows.dropna(subset=["correct"]))


def by_problem(rows: pandas.DataFrame) -> Predictions:
    """Return predictions by dataset and problem. rows: student, step, dataset, split, format, reading, id, correct."""
    columns = ["student", "step", "split", "format", "reading"]
    rows = rows.astype({"correct": float})
    return {
        str(dataset): of_dataset.pivot_table(
            index="id", columns=columns, values="correct", aggfunc="mean", observed=True
        ).sort_index()
        for dataset, of_dataset in rows.groupby("dataset")
    }


def task_weights(ids: Sequence[str], is_suite: bool) -> Floats:
    """Return a weight for each problem, of mean 1, that makes the mean over problems the mean over tasks.

    A problem of a suite is named {suite}/{task}/{number}.
    """
    if not is_suite:
        return np.ones(len(ids))
    _, task, problems = np.unique([id.rpartition("/")[0] for id in ids], return_inverse=True, return_counts=True)
    return np.asarray(len(ids) / (len(problems) * problems[task]), dtype=np.float64)


def _read(path: Path) -> Any:
    try:
        return parquet.read_table(path, columns=list(COLUMNS))
    except (pyarrow.ArrowInvalid, KeyError) as error:
        raise RecordError(str(path), "(whole file)", "judgements in Parquet", str(error)) from None
