"""Judge anybody's answers: rows of text and gold answer from JSON Lines, CSV, TSV or Parquet."""

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from specialize.core.answers import judge
from specialize.core.errors import RecordError
from specialize.core.files import read_rows
from specialize.core.judging.cells import as_text
from specialize.core.judging.option_layouts import options_in
from specialize.core.machine.library_errors import reading_file
from specialize.records.problems import AnswerKind

Row = tuple[str, dict[str, Any]]
"""(where, fields): `answers.csv:7`, and what stands there."""

_HINT = 'Each row holds a "text" and a "gold" answer'
_BATCH = 1000


def judged_rows(path: Path, kind: AnswerKind | None, choices: str | None) -> Iterator[dict[str, Any]]:
    """Yield each row of the file with both readings.

    kind: how the gold answers are judged; None: as each of them is written. choices: the field that holds the options.
    Raises RecordError at the first malformed row.
    """
    for where, row in _rows(path):
        if not isinstance(row, dict):
            raise RecordError(where, "(whole line)", "a JSON object", row, _HINT)
        for field in ("text", "gold", *([choices] if choices else [])):
            if field not in row:
                raise RecordError(where, field, "the field to be there", f"only {', '.join(row) or 'nothing'}", _HINT)
        text, gold = row["text"], row["gold"]
        if not isinstance(text, str):
            raise RecordError(where, "text", "a text", text, _HINT)
        if not isinstance(gold, str | int | float):
            raise RecordError(where, "gold", "a text or a number", gold, _HINT)
        options = options_in(where, choices, row[choices]) if choices else None
        yield {**row, **asdict(judge(text, as_text(where, "gold", gold), kind, options))}


class Totals:
    """Counts how many rows are right by each reading."""

    def __init__(self) -> None:
        self._rows = 0
        self._counts: dict[str, Counter[str]] = {"strict": Counter(), "flexible": Counter()}

    def count(self, row: dict[str, Any]) -> None:
        """Count a judged row."""
        self._rows += 1
        for reading, counts in self._counts.items():
            counts["answered"] += row[reading]["answer"] is not None
            counts["correct"] += row[reading]["correct"]

    def lines(self, confidence: float = 0.95) -> list[str]:
        """Return a line for each reading: the share that is right, with its Wilson interval."""
        from specialize.evaluate.score import wilson  # heavy

        lines = []
        for reading, counts in self._counts.items():
            correct = counts["correct"]
            if not self._rows:
                lines.append(f"{reading:<9} no rows")
                continue
            low, high = wilson(correct / self._rows, self._rows, confidence)
            lines.append(
                f"{reading:<9} {correct:,} of {self._rows:,} right, {100 * correct / self._rows:.1f} % "
                f"[{100 * low:.1f}, {100 * high:.1f}]; "
                f"{self._rows - counts['answered']:,} without an answer"
            )
        return lines


def _rows(path: Path) -> Iterator[tuple[str, Any]]:
    match path.suffix.lower():
        case ".csv" | ".tsv":
            yield from _table(path, "," if path.suffix.lower() == ".csv" else "\t")
        case ".parquet":
            yield from _parquet(path)
        case _:
            yield from read_rows(path)


def _table(path: Path, delimiter: str) -> Iterator[Row]:
    csv.field_size_limit(sys.maxsize)  # a text may be long
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream, delimiter=delimiter)
        try:
            for row in reader:
                if None in row or None in row.values():
                    columns = f"{len(reader.fieldnames or [])} columns"
                    raise RecordError(f"{path}:{reader.line_num}", "(whole line)", columns, list(row.values()), _HINT)
                yield f"{path}:{reader.line_num}", row
        except (csv.Error, UnicodeDecodeError) as error:
            where = f"{path}:{reader.line_num + 1}"
            raise RecordError(where, "(whole line)", "a row of a table in UTF-8", str(error)) from None


def _parquet(path: Path) -> Iterator[Row]:
    import pyarrow.parquet as parquet

    with reading_file(path, "a Parquet file"):
        batches = parquet.ParquetFile(path, page_checksum_verification=True).iter_batches(_BATCH)
        rows = (row for batch in batches for row in batch.to_pylist())
        for number, row in enumerate(rows):
            yield f"{path}[{number}]", row
