"""Problems to `results/problems/`: everything is written beside the folder first, then moved into place."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

from specialize.core.files import write_json, write_records
from specialize.core.params.data import BENCHMARKS, WORLDS
from specialize.data.build import Splits
from specialize.records.problems import ProblemIndex, Split
from specialize.records.record import Record

# Completions (`recorded`) are no longer made here; where an earlier version left them, they go.
_OURS = frozenset(f"{name}.jsonl" for name in (*get_args(Split), "recorded", "instructions", "pretraining"))


def write_problems(
    output: Path, splits: Mapping[str, Splits], index: ProblemIndex, texts: Mapping[str, Sequence[Record]]
) -> list[Path]:
    """Write `{dataset}/{split}.jsonl` and `index.json`.

    texts: name → what else goes to `world/{name}.jsonl`. Returns the files. A failure while writing leaves the earlier
    files as they were. Files of datasets that are no longer asked for go.
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
        made = sorted(path.relative_to(temporary) for path in temporary.rglob("*.json*"))
        for path in sorted(made, key=lambda path: path.name == "index.json"):  # the index last: it vouches for all
            (output / path).parent.mkdir(parents=True, exist_ok=True)
            (temporary / path).replace(output / path)
    _remove_stale(output, {output / path for path in made})
    return [output / path for path in made]


def _remove_stale(output: Path, made: set[Path]) -> None:
    """Remove what an earlier configuration left; only files that this phase could have written."""
    for dataset in (*BENCHMARKS, *WORLDS):
        folder = output / dataset
        for name in _OURS:
            if folder / name not in made:
                (folder / name).unlink(missing_ok=True)
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
