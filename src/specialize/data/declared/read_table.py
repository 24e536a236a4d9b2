"""Rows of a file of the user's: JSON Lines, JSON, CSV, TSV or Parquet."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from specialize.core.errors import RecordError, SpecializeError
from specialize.core.files import read_json, read_rows
from specialize.core.machine.library_errors import reading_file
from specialize.data.fields import Row


def read_table(path: Path) -> list[Row]:
    """Return the rows of a file, by its ending.

    A row's place is `file:line` for JSON Lines, CSV and TSV, `file[index]` for JSON and Parquet. Cells of CSV and TSV
    are texts as they stand: nothing is taken for a number, a date or a missing value.
    Raises SpecializeError where the file is missing or of another kind, RecordError where it cannot be decoded.
    """
    readers: dict[str, Callable[[Path], list[Row]]] = {
        ".jsonl": _json_lines, ".ndjson": _json_lines, ".json": _json,
        ".csv": lambda path: _delimited(path, ","), ".tsv": lambda path: _delimited(path, "\t"),
        ".parquet": _parquet,
    }  # fmt: skip
    if path.suffix.lower() not in readers:
        raise SpecializeError(f"{path}: expected a file that ends in {', '.join(readers)}")
    if not path.is_file():
        raise SpecializeError(f"{path}: no such file. Files of data.datasets count from data.root")
    return readers[path.suffix.lower()](path)


def _json_lines(path: Path) -> list[Row]:
    return list(read_rows(path))


def _json(path: Path) -> list[Row]:
    """Read an array of rows, an object that holds one, or JSON Lines under the wrong name (as AQuA's own are)."""
    try:
        content = read_json(path)
    except RecordError as error:
        try:
            rows = _json_lines(path)
        except RecordError:
            raise error from None
        return rows
    lists = {"": content} if isinstance(content, list) else _lists_of_rows(content)
    if len(lists) != 1:
        got = f"lists {', '.join(lists)}" if lists else "no list of objects"
        raise RecordError(f"{path}:1", "(whole file)", "an array of rows, or an object with one such array", got)
    ((name, rows_found),) = lists.items()
    return [(f"{path}:{name}[{index}]" if name else f"{path}[{index}]", row) for index, row in enumerate(rows_found)]


def _lists_of_rows(content: Any) -> dict[str, list[Any]]:
    if not isinstance(content, dict):
        return {}
    return {
        name: value
        for name, value in content.items()
        if isinstance(value, list) and value and all(isinstance(row, dict) for row in value)
    }


def _delimited(path: Path, separator: str) -> list[Row]:
    with reading_file(path, "a table in UTF-8"):
        return _cells(path, separator)


def _cells(path: Path, separator: str) -> list[Row]:
    import pandas  # heavy

    try:
        table = pandas.read_csv(
            path, sep=separator, dtype=str, keep_default_na=False, na_filter=False, skip_blank_lines=False
        )
    except pandas.errors.EmptyDataError:
        raise RecordError(f"{path}:1", "(first line)", "the names of the columns", "an empty file") from None
    except pandas.errors.ParserError as error:
        number = re.search(r"line (\d+)", str(error))
        where = f"{path}:{number[1]}" if number else str(path)
        hint = 'A cell that holds the separator or a line end stands in double quotes: "a, b"'
        raise RecordError(where, "(whole line)", "as many cells as columns", str(error).strip(), hint) from None
    except UnicodeDecodeError as error:
        raise RecordError(f"{path}:1", "(whole file)", "text in UTF-8", str(error)) from None
    if not isinstance(table.index, pandas.RangeIndex):  # pandas takes surplus cells at the start for row names
        raise RecordError(f"{path}:2", "(whole line)", f"{len(table.columns)} cells, as the first line has", "more")
    rows: list[Row] = []
    line = 2 + sum(str(name).count("\n") for name in table.columns)
    for record in table.to_dict("records"):
        # A short line lacks its last cells, which pandas marks as not there.
        cells = {str(name): cell if isinstance(cell, str) else "" for name, cell in record.items()}
        if any(cells.values()):
            rows.append((f"{path}:{line}", cells))
        line += 1 + sum(cell.count("\n") for cell in cells.values())
    return rows


def _parquet(path: Path) -> list[Row]:
    import pyarrow.parquet

    with reading_file(path, "Parquet"):
        rows = pyarrow.parquet.read_table(path, page_checksum_verification=True).to_pylist()
    return [(f"{path}[{index}]", row) for index, row in enumerate(rows)]
