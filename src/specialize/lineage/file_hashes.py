"""The hashes of files as they are now, with as little reading as possible.

A hash is remembered together with what the operating system says of the file: size, inode, time of modification, and
time of change, which no program can set. While these are the same, the bytes are the same; so the cache never changes a
result, only the time it takes. Time stamps are coarse, so a file modified in the last seconds is not remembered
(Git's index treats "racily clean" entries likewise).
"""

import json
import os
import stat
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from specialize.core.errors import SpecializeError
from specialize.core.files import read_json, sha256_file, write_text
from specialize.records.provenance import FileState

YOUNG_NS = 3 * 10**9
"""No clock of a file system is coarser than two seconds."""


def file_state(path: Path) -> FileState:
    """Return size and hash of a file as it is now."""
    return FileState(size=path.stat().st_size, sha256=sha256_file(path))


class Memory:
    """Hashes of files when they were last read. Stored where no tool compares files."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._new: dict[str, list[int | str]] = {}
        try:
            self._old = dict(read_json(file))
        except (OSError, SpecializeError, TypeError, ValueError):
            self._old = {}

    def sha256(self, name: str, path: Path, found: os.stat_result) -> str:
        """Return the hash of a file, of which `found` was just read."""
        marks = [found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns]
        match self._old.get(name):
            case [*known, str(digest)] if known == marks:
                pass
            case _:
                digest = sha256_file(path)
        if found.st_ctime_ns < time.time_ns() - YOUNG_NS:
            self._new[name] = [*marks, digest]
        return digest

    def save(self) -> None:
        """Write down what is known now, in a folder that Snakemake has made."""
        if self._new != self._old and self._file.parent.is_dir():
            with suppress(OSError):  # in a folder that may not be written to, everything is hashed each time
                write_text(self._file, json.dumps(self._new))


class Contents:
    """Present contents of files, each read at most once.

    given: files to be taken as if they had this content.
    """

    def __init__(
        self, project: Path, given: Mapping[str, FileState | None] | None = None, memory: Memory | None = None
    ) -> None:
        self._project, self._memory = project, memory
        self._seen = dict(given or {})

    def state(self, name: str) -> FileState | None:
        """Return the state of a file; None where there is none."""
        if name not in self._seen:
            self._seen[name] = self._look(name)
        return self._seen[name]

    def _look(self, name: str) -> FileState | None:
        path = self._project / name
        try:
            found = path.stat()
        except OSError:
            return None
        if not stat.S_ISREG(found.st_mode):
            return None
        digest = self._memory.sha256(name, path, found) if self._memory else sha256_file(path)
        return FileState(size=found.st_size, sha256=digest)
