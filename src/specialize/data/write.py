"""Problems to `results/problems/`: everything is written to a temporary folder first, then moved into place."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

from specialize.core.errors import RecordError
from specialize.core.files import read_rows, write_json, write_records
from specialize.data.build import Splits
from specialize.records.problems import ProblemIndex, Split
from specialize.records.record import Record

_SPLIT_FILES = tuple(f"{split}.jsonl" for split in get_args(Split))
# Earlier versions wrote completions (`recorded`) here too.
_OWN_FILES = (*_SPLIT_FILES, "recorded.jsonl", "instructions.jsonl", "pretraining.jsonl")


def write_problems(
    output: Path, splits: Mapping[str, Splits], index: ProblemIndex, texts: Mapping[str, Sequence[Record]]
) -> list[Path]:
    """Write `{dataset}/{split}.jsonl` and `index.json`.

    texts: name → what else goes to `world/{name}.jsonl`. Returns the files. A failure while writing leaves the earlier
    files as they were. Files of datasets that are no longer asked for are removed.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{output.name}.", suffix=".part", dir=output.parent) as part:
        temporary = Path(part)
        for dataset, each in splits.items():
            for split, problems in each.items():
                write_records(temporary / dataset / f"{split}.jsonl", problems)
        for name, rows in texts.items():
            write_records(temporary / "world" / f"{name}.jsonl", rows)
        write_json(temporary / "index.json", index.model_dump())
        written = sorted(path.relative_to(temporary) for path in temporary.rglob("*.json*"))
        for path in sorted(written, key=lambda path: path.name == "index.json"):  # last: marks the others complete
            (output / path).parent.mkdir(parents=True, exist_ok=True)
            (temporary / path).replace(output / path)
    _remove_stale(output, {output / path for path in written})
    return [output / path for path in written]


def _remove_stale(output: Path, written: set[Path]) -> None:
    """Remove what an earlier configuration left: only files that this phase wrote."""
    for folder in sorted(path for path in output.iterdir() if path.is_dir()):
        if folder.name != "world" and not any(_holds(folder / name, folder.name) for name in _SPLIT_FILES):
            continue
        for name in _OWN_FILES:
            if folder / name not in written:
                (folder / name).unlink(missing_ok=True)
        if not any(folder.iterdir()):
            folder.rmdir()


def _holds(path: Path, dataset: str) -> bool:
    """Whether a file's first row is a problem of `dataset`."""
    try:
        _, first = next(read_rows(path))
    except (FileNotFoundError, StopIteration, RecordError):
        return False
    return isinstance(first, dict) and first.get("dataset") == dataset
