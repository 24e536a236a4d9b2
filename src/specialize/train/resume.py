"""The folder of resumable state: held by one process, named by everything that decides the result."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from specialize.core.errors import SpecializeError
from specialize.core.files import read_json
from specialize.core.locks import LockedError, exclusive


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


def last_complete_checkpoint(work: Path) -> Path | None:
    """Return the newest checkpoint of the Trainer that was written to the end (its state file is written last)."""
    found = sorted(work.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]), reverse=True)
    for folder in found:
        try:
            read_json(folder / "trainer_state.json")
            return folder
        except (OSError, SpecializeError):
            shutil.rmtree(folder)
    return None
