"""File locks between processes. The operating system releases them when a process ends, also when it is killed."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from specialize.core.errors import SpecializeError

VARIABLE = "SPECIALIZE_RUNNING"
"""Environment variable that names the file on which a run of Snakemake and each of its jobs hold a shared lock."""

_held: list[IO[str]] = []
"""Files whose locks this process holds until it ends."""


class LockedError(SpecializeError):
    """Another process holds the lock."""


@contextmanager
def exclusive(path: Path, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold an exclusive lock on the file `path`. On a file system without locks this does nothing.

    on_wait: called once where another process holds the lock, before waiting for it; None: do not wait.
    Raises LockedError where another process holds the lock and on_wait is None.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if on_wait is None:
                raise LockedError(f"{path}: another process holds this lock") from None
            on_wait()
            fcntl.flock(stream, fcntl.LOCK_EX)
        except OSError:
            pass
        yield


def take_for_good(path: Path) -> int | None:
    """Lock the file `path` until this process ends, whatever program it goes on as; None: another process holds it.

    Returns the descriptor, which is never 0; to close it gives the lock back.
    """
    stream = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(stream)
        return None
    os.set_inheritable(stream, True)  # kept by the program that this process becomes (os.execvp)
    return stream


def join_as_job() -> None:
    """Count this process among the jobs of the Snakemake run that started it, until it ends; else do nothing.

    A run that is killed leaves its jobs alive: a second run of the same jobs beside them would pay and write twice.
    """
    if file := os.environ.get(VARIABLE):
        with suppress(OSError):  # a file system without locks
            stream = Path(file).open(encoding="utf-8")  # noqa: SIM115
            _held.append(stream)
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
