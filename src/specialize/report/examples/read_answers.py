"""Questions and the texts that checkpoints generated for them, from results/problems,
results/predictions and results/scores."""

from collections.abc import Collection, Iterator, Sequence
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

WRITTEN = ("id", "format", "text")
JUDGED = ("id", "format", "answers", "correct")
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
    """The answers of a checkpoint to a dataset."""

    student: str
    step: int
    dataset: str
    texts: Path
    """What it wrote: results/predictions/{student}/step-{n}/{dataset}.parquet."""
    judged: Path
    """What the judge found: the same below results/scores/."""


def read_questions(path: Path) -> dict[str, Problem]:
    """Read results/problems/{dataset}/{split}.jsonl: id → problem.

    Raises SpecializeError where it is missing.
    """
    if not path.is_file():
        raise SpecializeError(f"{path}: no such file; run the phase `data` first")
    return {problem.id: problem for problem in read_records(path, Problem)}


def read_answers(texts: Path, judged: Path, split: str, ids: Collection[str] | None = None) -> dict[Key, Answer]:
    """Return the answers of one checkpoint to one dataset, in the order of the file; of several samples the first.

    ids: to these problems alone.
    """
    written = {(id, format): text for id, format, text in _rows(texts, WRITTEN, split, ids)}
    return {
        (id, format): Answer(printable(written.get((id, format)) or ""), _escaped(dict(found or ())), dict(right or ()))
        for id, format, found, right in _rows(judged, JUDGED, split, ids)
    }


def characters(path: Path, split: str, longest: int) -> int:
    """Return how many characters the texts of a split have, each counted up to `longest`."""
    lengths = compute.min_element_wise(compute.utf8_length(_read(path, ("text",), split)["text"]), longest)
    return compute.sum(lengths).as_py() or 0


def _rows(path: Path, columns: Sequence[str], split: str, ids: Collection[str] | None) -> Iterator[tuple[Any, ...]]:
    table = _read(path, columns, split)
    if ids is not None:
        table = table.filter(compute.is_in(table["id"], pyarrow.array(sorted(ids), pyarrow.string())))
    return zip(*(table[name].to_pylist() for name in columns), strict=True)


def _escaped(found: dict[str, str | None]) -> dict[str, str | None]:
    return {reading: None if answer is None else printable(answer) for reading, answer in found.items()}


def _read(path: Path, columns: Sequence[str], split: str) -> Any:
    try:
        # As a file, not as a data set of files: a study has more than a thousand of these.
        with parquet.ParquetFile(path) as file:
            known = file.schema_arrow.names
            if missing := [name for name in (*columns, "split", "sample") if name not in known]:
                raise RecordError(str(path), missing[0], "a column of this name", known)
            table = file.read(columns=[*columns, "split", "sample"])
            return table.filter(compute.and_(compute.equal(table["split"], split), compute.equal(table["sample"], 0)))
    except (pyarrow.ArrowException, OSError) as error:
        raise RecordError(str(path), "(whole file)", "predictions in Parquet", str(error)) from None
