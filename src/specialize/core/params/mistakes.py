"""Pydantic's errors as lines for the user: which key, what was expected, what stands there, what may be meant."""

import difflib
import re
import reprlib
from collections.abc import Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

WHOLE = "(the whole file)"
MOST_LINES = 16
LONGEST_LINE = 1000
LONGEST_VALUE = 60
"""Characters of a value that a line shows."""
_SHORT = reprlib.Repr()
_SHORT.maxlevel = 3
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = LONGEST_VALUE


def mistake_lines(error: ValidationError, model: type[BaseModel]) -> tuple[int, list[str]]:
    """Return the number of mistakes, and a line for each, at most MOST_LINES.

    model: what was validated; the names of its fields are what a mistyped key may have meant.
    """
    lines = [_plain(line) for item in error.errors(include_url=False) for line in _lines(item, model)]
    more = len(lines) - MOST_LINES
    return len(lines), [*lines[:MOST_LINES], *([f"… and {more:,} more"] if more > 0 else [])]


def closest(name: object, known: Sequence[str]) -> str:
    """Return `; did you mean 'x'?` for the known name that is most like `name`, or nothing where none is alike."""
    found = difflib.get_close_matches(str(name)[:LONGEST_VALUE], known, n=1, cutoff=0.65)
    return f"; did you mean '{found[0]}'?" if found else ""


def inner_model(annotation: Any) -> tuple[type[BaseModel], bool] | None:
    """Return the section that a field holds and whether it is a mapping of such sections; None for a plain value."""
    for part in (annotation, *get_args(annotation)):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part, get_origin(annotation) is dict
    return None


def _lines(item: ErrorDetails, model: type[BaseModel]) -> list[str]:
    key = _shown_key(item["loc"])
    match item["type"]:
        case "value_error":  # a rule of the params: a line for each thing that it found wrong
            return [_rule(item["loc"], line, model) for line in str(item["ctx"]["error"]).split("\n")]
        case "extra_forbidden":
            return [f"{key}: no such key{closest(item['loc'][-1], _keys_at(item['loc'][:-1], model))}"]
        case "missing":
            return [f"{key}: missing, and it has no default"]
        case "model_type" | "dict_type":
            return [f"{key}: expected a mapping (`key: value`), got {_shown(item['input'])}"]
    meant = ""
    if item["type"] == "literal_error" and isinstance(item["input"], str):
        meant = closest(item["input"], re.findall("'([^']*)'", item["ctx"]["expected"]))
    return [f"{key}: {item['msg'][0].lower()}{item['msg'][1:]}, got {_shown(item['input'])}{meant}"]


def _rule(loc: Sequence[int | str], line: str, model: type[BaseModel]) -> str:
    """Return the line of a rule between keys; where it begins with a key of its section, that key's whole path."""
    first = re.match(r"\w*", line)
    if first and first[0] in _keys_at(loc, model):
        return ".".join([*map(str, loc), line])
    return f"{_shown_key(loc)}: {line}"


def _keys_at(loc: Sequence[int | str], model: type[BaseModel]) -> list[str]:
    """Return the keys of the section at `loc`; none where a plain value stands there."""
    parts = iter(loc)
    for part in parts:
        field = model.model_fields.get(str(part))
        inner = inner_model(field.annotation) if field else None
        if inner is None:
            return []
        model, is_mapping = inner
        if is_mapping:
            next(parts, None)  # the name of one entry
    return list(model.model_fields)


def _shown_key(loc: Sequence[int | str]) -> str:
    key = ".".join(str(part) for part in loc)
    return (key if len(key) <= 2 * LONGEST_VALUE else key[: 2 * LONGEST_VALUE] + "…") or WHOLE


def _plain(line: str) -> str:
    """Return the line cut, its control characters escaped: names in the file may hold those of a terminal."""
    line = line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + "…"
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in line)


def _shown(value: object) -> str:
    """Return the value's repr, cut. A list may stand for gigabytes by its aliases, so it is never written out whole."""
    text = _SHORT.repr(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 3] + "..."
