"""Questions and the texts that checkpoints generated for them, from results/problems and results/predictions."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow
import pyarrow.compute as compute
import pyarrow.parquet as parquet

from specialize.core.errors import RecordError, SpecializeError
from specialize.core.files import read_records
from specialize.core.printable import printable
from specialize.records.problems import Problem

COLUMNS = ("id", "format", "text", "answers", "correct")
MARKERS = ("strict", "exact")
"""Readings that want the answer where the student marks it."""
Key = tuple[str, str]
"""(id of the problem, format)."""


class Answer(NamedTuple):
    """What one checkpoint answered to one problem in one format; control characters are escapes."""

    text: str
    found: dict[str, str | None]
    """Reading → the answer that it finds in the text, null where none."""
    right: dict[str, bool]
    """Reading → whether that is the gold answer."""

    @property
    def is_marked(self) -> bool:
        """Whether an answer stands where the format wants it."""
        return any(self.found.get(reading) is not None for reading in MARKERS)


@dataclass(frozen=True)
class Source:
    """The predictions of a checkpoint on a dataset."""

    student: str
    step: int
    dataset: str
    path: Path


def read_questions(path: Path) -> dict[str, Problem]:
    """Read results/problems/{dataset}/{split}.jsonl: id → problem.

    Raises SpecializeError where it is missing.
    """
    if not path.is_file():
        raise SpecializeError(f"{path}: no such file; run the phase `data` first")
    return {problem.id: problem for problem in read_records(path, Problem)}


def read_answers(path: Path, split: str, ids: Collection[str] | None = None) -> dict[Key, Answer]:
    """Read results/predictions/{student}/step-{n}/{dataset}.parquet, in the order of the file. ids: of these alone."""
    table = _read(path, COLUMNS, split)
    if ids is not None:
        table = table.filter(compute.is_in(table["id"], pyarrow.array(sorted(ids), pyarrow.string())))
    columns = (table[name].to_pylist() for name in COLUMNS)
    return {
        (id, format): Answer(printable(text or ""), _escaped(dict(found or ())), dict(right or ()))
        for id, format, text, found, right in zip(*columns, strict=True)
    }


def characters(path: Path, split: str, longest: int) -> int:
    """Return how many characters the texts of a split have, each counted up to `longest`."""
    lengths = compute.min_element_wise(compute.utf8_length(_read(path, ("text",), split)["text"]), longest)
    return compute.sum(lengths).as_py() or 0


def _escaped(found: dict[str, str | None]) -> dict[str, str | None]:
    return {reading: None if answer is None else printable(answer) for reading, answer in found.items()}


def _read(path: Path, columns: Sequence[str], split: str) -> Any:
    try:
        return parquet.read_table(path, columns=list(columns), filters=[("split", "=", split)])
    except (pyarrow.ArrowException, KeyError, OSError) as error:
        raise RecordError(str(path), "(whole file)", "predictions in Parquet", str(error)) from None
