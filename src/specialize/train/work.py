"""The folder of resumable state: held by one process, named by everything that decides the result."""

import fcntl
import shutil
from pathlib import Path
from typing import TextIO

from specialize.core.errors import SpecializeError
from specialize.core.files import read_json


def hold(work: Path, student: str) -> TextIO:
    """Hold the student for this process: a run killed from outside may have left one that still trains."""
    work.mkdir(parents=True, exist_ok=True)
    stream = (work / f"{student}.lock").open("a")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SpecializeError(
            f"{work}: another process is training student '{student}'; wait for it or end it, then run the same command"
        ) from None
    return stream


def own_work_folder(work: Path, student: str, identity: str) -> Path:
    """Return the folder of this very work; state of other recipes of this student is of no more use."""
    own = work / f"{student}.{identity[:16]}"
    for other in work.glob(f"{student}.*"):
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
