"""The tables as files: all scores in Parquet and CSV (shares of 1), the data of a figure in CSV (accuracies in %)."""

import io
from pathlib import Path

import pandas
import pyarrow
import pyarrow.parquet as parquet

from specialize.core.files import replacing, write_text
from specialize.core.printable import printable
from specialize.records.score_table import SCHEMA

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a cell begins with that a spreadsheet computes instead of showing it."""


def write_scores(folder: Path, scores: pandas.DataFrame) -> list[Path]:
    """Write scores.parquet and scores.csv, atomically, the same bytes for the same rows; return their paths."""
    table = pyarrow.Table.from_pandas(scores, SCHEMA, preserve_index=False).replace_schema_metadata(None)
    with replacing(folder / "scores.parquet") as temporary:
        parquet.write_table(table, temporary, compression="zstd")
    write_csv(folder / "scores.csv", scores)
    return [folder / "scores.parquet", folder / "scores.csv"]


def _no_formula(cell: object) -> object:
    if not isinstance(cell, str) or not cell.startswith(FORMULA):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell


def write_csv(path: Path, table: pandas.DataFrame, numbers: str | None = None) -> None:
    """Write a table with a header, atomically; null is an empty cell. numbers: format of real numbers, as `%.2f`.

    A text that a spreadsheet would take for a formula gets an apostrophe in front, as spreadsheets write such texts.
    """
    stream = io.StringIO()
    texts = table.select_dtypes(exclude="number")
    table = table.assign(**{str(name): texts[name].map(_no_formula) for name in texts})
    table.rename(columns=_no_formula).to_csv(stream, index=False, float_format=numbers, lineterminator="\n")
    write_text(path, printable(stream.getvalue()))
