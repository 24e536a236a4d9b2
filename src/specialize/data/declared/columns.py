"""Paths and templates over the columns of a row.

A path is a column, a field inside it (`question.stem`) or a place in a list (`solutions.0`, counted from 0). A template
holds paths in braces: `{context} {question}`. A text without braces is a path.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from specialize.core.errors import RecordError
from specialize.core.judging.cells import as_text
from specialize.data.fields import Row

_PLACE = re.compile(r"\{([^{}]+)\}")


def paths_of(template: str) -> list[str]:
    """Return the paths that a template or path names.

    >>> paths_of("{context} {question.stem}"), paths_of("answer")
    (['context', 'question.stem'], ['answer'])
    """
    return _PLACE.findall(template) if "{" in template else [template]


def value_at(row: Row, path: str) -> Any:
    """Return the value at `path`. Raises RecordError that lists the existing columns."""
    where, cells = row
    if not isinstance(cells, dict):
        raise RecordError(where, "(whole row)", "an object with columns", cells)
    if path in cells:  # a column may have a full stop in its name
        return cells[path]
    found: Any = cells
    for part in path.split("."):
        if isinstance(found, dict) and part in found:
            found = found[part]
        elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        else:
            raise _missing(where, path, part, found)
    return found


def text_at(row: Row, template: str, extra: Mapping[str, str] | None = None) -> str:
    """Return a filled-in template, or the value at a path, as text without outer blanks; empty for null.

    extra: names besides columns that the template may use. Raises RecordError for a value that is no text, number or
    boolean.
    """
    known = extra or {}
    if "{" not in template:
        return as_text(row[0], template, value_at(row, template))

    def fill(place: re.Match[str]) -> str:
        path = place[1]
        return known[path] if path in known else as_text(row[0], path, value_at(row, path))

    return _PLACE.sub(fill, template).strip()


def _missing(where: str, path: str, part: str, found: Any) -> RecordError:
    if isinstance(found, dict):
        near = get_close_matches(part, map(str, found), n=1)
        whole = path.split(".")
        meant = ".".join(near[0] if each == part else each for each in whole) if near else ""
        hint = f"Did you mean '{meant}'?" if meant else ""
        columns = ", ".join(sorted(map(str, found))) or "none"
        return RecordError(where, path, f"one of the columns {columns}", part, hint)
    if isinstance(found, list):
        return RecordError(where, path, f"a place below {len(found)}, counted from 0", part)
    return RecordError(where, path, f"columns inside, to find '{part}' there", found)
