"""What one checkpoint wrote and what the judge found in it, as rows: what `compare` and `export` work on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet as parquet

from specialize.core.errors import RecordError, SpecializeError

SUITE_READINGS = ("exact", "substring")
"""Readings of generic suites, whose accuracy is the mean over their tasks."""


@dataclass(frozen=True)
class Checkpoint:
    """A folder of predictions, and where the results stand that it belongs to."""

    name: str
    """`s, step 1600`"""
    student: str
    step: int
    predictions: Path
    results: Path
    """The folder that holds predictions/, scores/ and problems/."""
    benchmarks: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Benchmark → rows of records.predictions, each with what records.judgements says of it."""


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint's predictions.

    path: …/predictions/{student}/step-{n}; …/scores/{student}/step-{n}, which stands for the folder beside it; or
    either without step-{n}: the student's last checkpoint.

    Raises SpecializeError where there are none.
    """
    folder = path.resolve()
    if not folder.is_dir():
        raise SpecializeError(
            f"{path}: no such folder; expected predictions of a checkpoint, as results/predictions/NAME/step-N"
        )
    parts = list(folder.parts)
    if "predictions" not in parts and "scores" in parts:
        parts[len(parts) - 1 - parts[::-1].index("scores")] = "predictions"
        folder = Path(*parts)
    steps = [each for each in folder.glob("step-*") if each.name.removeprefix("step-").isdigit()]
    if steps:
        folder = max(steps, key=_step)
    files = sorted(folder.glob("*.parquet"))
    if not files:
        raise SpecializeError(
            f"{path}: no predictions (*.parquet) in {folder}; give a folder such as results/predictions/NAME/step-N, "
            "or make them: snakemake results/scores/NAME/selected.json"
        )
    student, step = folder.parent.name, _step(folder)
    results = folder.parent.parent.parent
    judged = results / "scores" / student / folder.name
    rows = {each.stem: _judged_rows(each, judged / each.name) for each in files}
    name = f"{student}, step {step}" if step >= 0 else str(path)
    return Checkpoint(name, student, max(step, 0), folder, results, rows)


def right(row: Mapping[str, Any], reading: str) -> bool | None:
    """Return whether a row is right by a reading; None where it was not read so."""
    found = dict(row["correct"] or ()).get(reading)
    return None if found is None else bool(found)


def readings_of_rows(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the readings that occur, in order."""
    return list(dict.fromkeys(name for row in rows for name, _ in row["correct"] or ()))


def _judged_rows(texts: Path, judgements: Path) -> list[dict[str, Any]]:
    wrote = _rows(texts, ("id", "split", "format", "sample", "text"))
    if not judgements.is_file():
        raise SpecializeError(
            f"{judgements}: not there, so nobody has judged {texts}; "
            "make it: snakemake results/scores/NAME/selected.json"
        )
    found = _rows(judgements, ("id", "split", "format", "sample", "gold", "answers", "correct"))
    place = ("id", "split", "format", "sample")
    if [[row[name] for name in place] for row in wrote] != [[row[name] for name in place] for row in found]:
        raise SpecializeError(f"{judgements}: is not of {texts}: other problems, formats or samples; make it again")
    return [text | judged for text, judged in zip(wrote, found, strict=True)]


def _rows(path: Path, wanted: Sequence[str]) -> list[dict[str, Any]]:
    try:
        rows: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise RecordError(str(path), "(whole file)", "a Parquet file", str(error)) from None
    if rows and (missing := [name for name in wanted if name not in rows[0]]):
        raise RecordError(str(path), missing[0], f"the columns {', '.join(wanted)}", ", ".join(rows[0]))
    return rows


def _step(folder: Path) -> int:
    number = folder.name.removeprefix("step-")
    return int(number) if number.isdigit() else -1
