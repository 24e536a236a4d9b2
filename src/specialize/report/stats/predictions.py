"""Right or wrong, problem by problem: what a comparison of two checkpoints is paired by."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas
import pyarrow
import pyarrow.parquet as parquet

from specialize.core.errors import RecordError
from specialize.core.machine.library_errors import reading_file
from specialize.records.judgements import JUDGEMENTS_SCHEMA

COLUMNS = ("id", "split", "format", "correct")
Predictions = dict[str, pandas.DataFrame]
"""Dataset → a row for each problem id, a column for each (student, step, split, format, reading): 1 right, 0 wrong
(of several samples the share that is right), NaN not asked."""


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
    """Return predictions by dataset and problem. rows: student, step, dataset, split, format, reading, id, correct.

    Of several answers to one problem the share that is right: errors are by question, not by answer.
    """
    columns = ["student", "step", "split", "format", "reading"]
    rows = rows.astype({"correct": float})
    if rows.duplicated(["dataset", *columns, "id"]).any():
        rows = rows.groupby(["dataset", *columns, "id"])["correct"].mean().reset_index()
    return {
        str(dataset): of_dataset.pivot(index="id", columns=columns, values="correct").sort_index()
        for dataset, of_dataset in rows.groupby("dataset")
    }


def _read(path: Path) -> Any:
    with reading_file(path, "judgements in Parquet"):
        table = parquet.read_table(path, columns=list(COLUMNS), page_checksum_verification=True)
        expected = pyarrow.schema([JUDGEMENTS_SCHEMA.field(name) for name in COLUMNS])
        if table.schema.remove_metadata() != expected:
            raise RecordError(str(path), "(columns)", "those of judgements", ", ".join(map(str, table.schema)))
        return table
