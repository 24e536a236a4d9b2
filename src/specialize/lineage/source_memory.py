"""What is known of source texts, so that code is parsed once, not by every process: a run starts several a job.

A text is known by its sha256, so what is remembered can be as old as it likes and is never wrong. It is kept in
`.snakemake/code.json`, where no tool compares files, for one version of Python and of the reading code alone.
"""

import json
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from specialize.core.errors import SpecializeError
from specialize.core.files import read_json, sha256_file, write_text

FILE = Path(".snakemake") / "code.json"


@dataclass(frozen=True)
class Source:
    """A module's text."""

    imports: tuple[str, ...]
    """Modules that it may mean by its imports, at the top or inside a function."""
    code: str
    """sha256 of what it does: of its canonical form, without comments, docstrings and layout."""


class SourceMemory:
    """Sources by module and sha256 of the text."""

    def __init__(self, file: Path, reader: Path) -> None:
        """reader: the code that reads sources; where it is another, nothing is known."""
        self._file, self._changed = file, False
        self._made_by = f"{sys.version_info.major}.{sys.version_info.minor} {sha256_file(reader)}"
        self._known: dict[str, list[object]] = {}
        with suppress(OSError, SpecializeError, KeyError, TypeError):
            stored = read_json(file)
            if stored["made_by"] == self._made_by:
                self._known = dict(stored["modules"])

    def get(self, module: str, sha256: str) -> Source | None:
        """Return what is known of a module of this text; None: nothing."""
        match self._known.get(module):
            case [str(known), [*imports], str(code)] if known == sha256:
                return Source(tuple(str(name) for name in imports), code)
        return None

    def put(self, module: str, sha256: str, source: Source) -> None:
        """Remember a source; of a module the last one."""
        self._known[module] = [sha256, list(source.imports), source.code]
        self._changed = True

    def save(self) -> None:
        """Write down what is new, in a folder that Snakemake has made."""
        if self._changed and self._file.parent.is_dir():
            with suppress(OSError):  # in a folder that may not be written to, everything is read each time
                write_text(self._file, json.dumps({"made_by": self._made_by, "modules": self._known}, sort_keys=True))
                self._changed = False


@cache
def memory_of(project: Path, reader: Path) -> SourceMemory:
    """Return the memory of a project; one a process."""
    return SourceMemory(project / FILE, reader)
