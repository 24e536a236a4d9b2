"""Cells of other people's tables, as text."""

import math
from fractions import Fraction
from typing import Any

from specialize.core.errors import RecordError
from specialize.core.numbers import format_number


def as_text(where: str, path: str, value: Any) -> str:
    """Return a cell as text: numbers in canonical form (`39.0` → `39`), true and false as yes and no, null as empty.

    where, path: file and line, and column, for the RecordError that is raised for a list, an object, or a text that
    UTF-8 cannot hold.
    """
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case str():
            try:
                value.encode("utf-8")
            except UnicodeEncodeError:  # JSON can spell half a surrogate pair, which no file could hold afterwards
                raise RecordError(where, path, "text that can be written as UTF-8", value) from None
            return value.strip()
        case int():
            return str(value)
        case float():
            if math.isnan(value):
                return ""
            return format_number(Fraction(str(value))) if math.isfinite(value) else str(value)
        case list():
            raise RecordError(where, path, "one value", value, f"One place of the list: '{path}.0'")
        case dict():
            raise RecordError(where, path, "one value", value, f"One field of it: '{path}.{next(iter(value), 'name')}'")
    raise RecordError(where, path, "a text or a number", value)
