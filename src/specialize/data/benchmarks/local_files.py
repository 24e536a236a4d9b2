"""Rows of upstream's own files (`data.source: files`)."""

from pathlib import Path
from typing import Any

from specialize.core.errors import RecordError, SpecializeError
from specialize.core.files import read_json, read_rows
from specialize.data.fields import Row


def existing(path: Path, hint: str = "") -> Path:
    """Return `path`, or raise the error that says what to do about a missing file."""
    if path.is_file():
        return path
    advice = "Set data.root to the folder that holds upstream's files, laid out as upstream has them"
    raise SpecializeError(f"{path}: no such file. {advice}" + (f". {hint}" if hint else ""))


def json_lines(path: Path) -> list[Row]:
    """Return one row per line. Raises RecordError where a line is no JSON."""
    return list(read_rows(path))


def json_array(path: Path) -> list[Row]:
    """Return the elements of a file that is one JSON array. Raises RecordError where it is none."""
    return _numbered(str(path), read_json(path))


def json_examples(path: Path) -> list[Row]:
    """Return the elements of the list `examples` in a file that is one JSON object. Raises RecordError otherwise."""
    content = read_json(path)
    if not isinstance(content, dict) or "examples" not in content:
        raise RecordError(f"{path}:1", "examples", "an object with a list 'examples'", content)
    return _numbered(f"{path}:examples", content["examples"])


def _numbered(where: str, content: Any) -> list[Row]:
    if not isinstance(content, list):
        raise RecordError(f"{where}:1", "(whole file)", "a JSON array of rows", content)
    return [(f"{where}[{index}]", row) for index, row in enumerate(content)]
