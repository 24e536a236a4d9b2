"""Which runs of Snakemake are alive in this folder, to distinguish the lock of a killed run from that of a live one.

Snakemake's lock is a few files that do not say which process wrote them: after `kill -9` they stay, and every later run
stops until the user decides that no other run is alive. An operating system lock is reliable: each run holds a shared
lock on one file for as long as it lives, however it ends, and so does each of its jobs, which may outlive it. Whoever
can have that file to itself is alone, and the files of Snakemake's lock are a dead run's.
"""

import fcntl
import os
import platform
import shlex
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO

from specialize.core.locks import VARIABLE, LockedError

FILE = Path(".snakemake") / "running"
LOCKS = Path(".snakemake") / "locks"

_held: dict[Path, IO[str]] = {}
"""Project → the open file whose lock this process holds until it ends."""


def join_runs(project: Path) -> str | None:
    """Count this process among the runs of `project`, and take away the lock that a killed run has left.

    Returns a line for the user: what was taken away, or who else is at work here; None where there is nothing to say.
    Only a run of the same machine is ever taken for dead: not every shared file system passes locks on.
    """
    file = project / FILE
    file.parent.mkdir(exist_ok=True)
    stream = _held.get(project) or file.open("a+", encoding="utf-8")
    _held[project] = stream
    stream.seek(0)
    host, _, process = stream.read().strip().partition(" ")
    told = None
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # somebody else holds it, or this file system has no locks
        with suppress(OSError):
            fcntl.flock(stream, fcntl.LOCK_SH)
        if is_locked(project):
            told = f"another snakemake is at work in this folder (process {process} on {host})"
            if host == platform.node() and _is_dead(process):
                told = "jobs of a run that was killed are still at work in this folder: run this again when they end"
        return told
    if is_locked(project):
        if host != platform.node():
            return f"this folder was locked on another machine ({host or 'unknown'}): look there before `--unlock`"
        shutil.rmtree(project / LOCKS)
        told = "a run that was killed had left this folder locked; no run is alive here, so its lock is taken away"
    stream.truncate(0)
    stream.write(f"{platform.node()} {os.getpid()}\n")
    stream.flush()
    fcntl.flock(stream, fcntl.LOCK_SH)
    return told


def refuse_beside_runs(project: Path) -> None:
    """Raise LockedError where a run of Snakemake, or a job of one, is alive in `project`."""
    file = project / FILE
    if not file.is_file():
        return
    with file.open(encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedError(
                f"a snakemake is at work in this folder ({stream.read().strip()}): its results would be removed. "
                "Run the same command again when it has ended"
            ) from None
        except OSError:  # a file system without locks
            pass


def job_environment(project: Path) -> str:
    """Return what stands before each job's command: this interpreter and this copy of the code, also where the
    environment is not activated or belongs to another copy of the project (dvc exp run --temp), and which run it is of.
    """
    path, code, file = (shlex.quote(str(p)) for p in (Path(sys.executable).parent, project / "src", project / FILE))
    return f"export PATH={path}:$PATH PYTHONPATH={code} {VARIABLE}={file}; "


def _is_dead(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, ValueError):
        return True
    except PermissionError:
        pass
    return False


def is_locked(project: Path) -> bool:
    """Whether Snakemake's lock is there."""
    folder = project / LOCKS
    return folder.is_dir() and any(folder.iterdir())
