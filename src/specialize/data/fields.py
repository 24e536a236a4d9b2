"""Typed access to the fields of a decoded row. Each row carries its location, so that errors can name it."""

from fractions import Fraction
from typing import Any

from specialize.core.errors import RecordError
from specialize.core.numbers import format_number, parse_number

Row = tuple[str, Any]
"""(location, decoded value); a location is `gsm8k/train.jsonl:7` or `svamp/SVAMP.json[3]`."""


def value(row: Row, name: str) -> Any:
    """Return field `name` of a row, unconverted.

    Raises RecordError where the row is no mapping or lacks the field.
    """
    where, fields = row
    if not isinstance(fields, dict):
        raise RecordError(where, "(whole row)", f"a mapping with a field '{name}'", fields)
    if name not in fields:
        raise RecordError(where, name, "the field to be there", f"only {', '.join(map(str, fields)) or 'nothing'}")
    return fields[name]


def text(row: Row, name: str) -> str:
    """Return field `name` without outer blanks; RecordError where it is no text or empty."""
    found = optional_text(row, name)
    if not found:
        raise RecordError(row[0], name, "a text that is not empty", value(row, name))
    return found


def optional_text(row: Row, name: str) -> str:
    """Return field `name`, which may be empty, without outer blanks; RecordError where it is no text."""
    found = value(row, name)
    if not isinstance(found, str):
        raise RecordError(row[0], name, "a text", found)
    try:
        found.encode("utf-8")
    except UnicodeEncodeError:
        # JSON can spell half a surrogate pair, which no file could hold afterwards.
        raise RecordError(row[0], name, "text that can be written as UTF-8", found) from None
    return found.strip()


def number(row: Row, name: str) -> str:
    """Return field `name`, a JSON number or a number in text, in canonical form: `51.0` → `51`."""
    return canonical_number(row, name, value(row, name))


def canonical_number(row: Row, name: str, found: object) -> str:
    """Return `found`, the value of field `name`, as a canonical number; RecordError where it is none."""
    exact: Fraction | None = None
    if isinstance(found, str):
        exact = parse_number(found)
    elif isinstance(found, (int, float)) and not isinstance(found, bool):
        try:
            # By way of the decimal text: 0.1 means one tenth, not the nearest binary fraction.
            exact = Fraction(str(found))
        except ValueError:  # NaN, Infinity
            exact = None
    if exact is None:
        raise RecordError(row[0], name, "one number", found)
    return format_number(exact)


def identifier(row: Row, name: str, index: int) -> str:
    """Return the row's own id, or its index where a copy of the dataset has dropped the ids."""
    where, fields = row
    if isinstance(fields, dict) and fields.get(name) is None:
        return str(index)
    found = value(row, name)
    if isinstance(found, bool) or not isinstance(found, (int, str)) or not str(found).strip():
        raise RecordError(where, name, "an id", found)
    return str(found).strip()


_ENDS = (".", "?", "!", ",", ";", ":")


def joined(body: str, question: str) -> str:
    """Return body and question as one text.

    A body that ends without punctuation gets a full stop, or the sentences would run together; one that ends in a
    comma runs on into its question as it stands. Quotes and brackets behind the punctuation do not count.
    """
    if not body:
        return question
    ended = body.rstrip("\"'”’)").endswith(_ENDS)
    return f"{body}{' ' if ended else '. '}{question}"
