"""Reading and writing files: atomic writes, sorted keys, no timestamps, so that equal content has equal bytes."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from specialize.core.errors import RecordError

Model = TypeVar("Model", bound=BaseModel)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it replaces `path` atomically, on failure it is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes files private to the user; results are as readable as any other file.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, atomically."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def json_text(value: Any) -> str:
    """Return indented JSON with sorted keys and a last newline: the form of every JSON artifact."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def write_json(path: Path, value: Any) -> None:
    """Write `value` as sorted, indented JSON, atomically."""
    write_text(path, json_text(value))


def read_json(path: Path) -> Any:
    """Read a JSON file; a malformed one is a RecordError that names the line."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # not JSON, not UTF-8, huge numbers or deep nesting
        line = getattr(error, "lineno", 1)
        raise RecordError(f"{path}:{line}", "(whole file)", "JSON in UTF-8", str(error)) from None


def write_records(path: Path, records: Iterable[BaseModel]) -> None:
    """Write JSON Lines, one record a line in the order given, atomically."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
        for record in records:
            stream.write(record.model_dump_json(exclude_none=True) + "\n")


def read_rows(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield (where, value) for each line of a JSON Lines file.

    Lines end at `\\n` alone: decoded text may hold U+2028, at which str.splitlines would cut.
    """
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            where = f"{path}:{number}"
            if not line.strip():
                continue
            try:
                yield where, json.loads(line.decode("utf-8"))
            except (ValueError, RecursionError) as error:
                raise RecordError(where, "(whole line)", "one JSON value in UTF-8", str(error)) from None


def read_records(path: Path, model: type[Model]) -> list[Model]:
    """Read JSON Lines as records; the first malformed row ends in an error with file, line and field."""
    return [parse_record(where, row, model) for where, row in read_rows(path)]


def parse_record(where: str, row: Any, model: type[Model]) -> Model:
    """Turn a decoded row into a record, or raise a RecordError that names the field."""
    try:
        return model.model_validate(row)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "(whole row)"
        raise RecordError(where, field, first["msg"], first["input"]) from None


def sha256_text(text: str) -> str:
    """Return the sha256 of `text` in UTF-8, as hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def sha256_file(path: Path) -> str:
    """Return the sha256 of a file's bytes, as hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
