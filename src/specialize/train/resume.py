"""The folder of resumable state: held by one process, named by everything that decides the result."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from specialize.core.checkpoint_files import check_files
from specialize.core.errors import SpecializeError
from specialize.core.files import parse_record, read_json, sha256_file, write_json
from specialize.core.locks import LockedError, exclusive
from specialize.core.log import get_logger
from specialize.records.checkpoints import CheckpointManifest

DIGESTS = "digests.json"
log = get_logger("train")


@contextmanager
def hold_work_folder(work: Path, name: str, identity: str) -> Iterator[Path]:
    """Yield the folder of this very work, held by this process alone, and remove it when the work is done.

    A run killed from outside may have left a process that still trains. State of other recipes of this student or
    start is of no more use.

    Raises SpecializeError where another process is at work on `name`.
    """
    try:
        with exclusive(work / f"{name}.lock"):
            own = _own_work_folder(work, name, identity)
            yield own
            shutil.rmtree(own)
    except LockedError:
        raise SpecializeError(
            f"{work}: another process is training '{name}'; wait for it or end it, then run the same command"
        ) from None


def _own_work_folder(work: Path, name: str, identity: str) -> Path:
    own = work / f"{name}.{identity[:16]}"
    for other in work.glob(f"{name}.*"):
        if other != own and other.is_dir():
            shutil.rmtree(other, ignore_errors=True)
    own.mkdir(parents=True, exist_ok=True)
    return own


class RecordDigests(TrainerCallback):
    """Writes the hash of every file of a state that the Trainer has saved, last of all."""

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        record_digests(Path(str(args.output_dir)) / f"checkpoint-{state.global_step}")


def record_digests(folder: Path) -> None:
    """Write digests.json: file below the folder → sha256."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != DIGESTS]
    write_json(folder / DIGESTS, {path.relative_to(folder).as_posix(): sha256_file(path) for path in files})


def last_complete_checkpoint(work: Path) -> Path | None:
    """Return the newest state of the Trainer that was written to the end and is as it was saved.

    Any other is removed, with a line in the log: training goes on from the one before it, and ends in the same bytes.
    """
    found = sorted(work.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]), reverse=True)
    for folder in found:
        if not (damage := _damage(folder)):
            return folder
        log.warning("%s: %s; going back to the state before it", folder, damage)
        shutil.rmtree(folder)
    return None


def drop_damaged_exports(work: Path, finished: Path) -> None:
    """Remove the finished checkpoints that are not as they were written, and the states from which they would not be
    written again; each with a line in the log."""
    for folder in sorted(finished.glob("step-*")):
        manifest = folder / "manifest.json"
        try:
            check_files(folder, parse_record(str(manifest), read_json(manifest), CheckpointManifest).files)
        except (OSError, SpecializeError) as damage:
            step = int(folder.name.rpartition("-")[2])
            log.warning("%s; going back to the state before it", damage)
            shutil.rmtree(folder)
            for state in work.glob("checkpoint-*"):
                if int(state.name.rpartition("-")[2]) >= step:
                    shutil.rmtree(state)


def _damage(folder: Path) -> str | None:
    """Return what is wrong with a saved state; None: nothing."""
    try:
        digests = dict(read_json(folder / DIGESTS))
    except (OSError, SpecializeError, TypeError, ValueError):
        return "was not saved to the end"
    for name, digest in digests.items():
        path = folder / name
        if not path.is_file():
            return f"{name} is missing"
        if sha256_file(path) != digest:
            return f"{name} is not as it was saved"
    return None
