"""The options of a multiple-choice question, in the layouts that public sets and tables have."""

import json
import re
from contextlib import suppress
from string import ascii_uppercase
from typing import Any, TypeGuard

from specialize.core.errors import RecordError
from specialize.core.judging.cells import as_text

_WRITTEN_LABEL = re.compile(r"\s*\(?([A-Z])[).:]\s*")
_EXPECTED = "a list of texts or of {label, text}, {label: text, …}, {label: […], text: […]} or {option: score}"


def options_in(where: str, name: str, found: Any) -> dict[str, str]:
    """Return label → text of the options in a cell, in order.

    A list of texts (`A)21`, or without labels: A, B, …) or of `{label, text}`; `{label: text}`; `{label: […], text:
    […]}`; BIG-bench's `{option: score}`; also as JSON in a text, as tables hold it. where, name: file and line, column.
    Raises RecordError where it is nothing of the kind, for fewer than 2 or more than 26, an empty one, a label twice.
    """
    if isinstance(found, str):
        with suppress(ValueError):
            found = json.loads(found)
    match found:
        case {"label": list(labels), "text": list(texts)} if len(labels) == len(texts):
            pairs = list(zip(labels, texts, strict=True))
        case [{"label": _, "text": _}, *_] if all(isinstance(o, dict) and {"label", "text"} <= o.keys() for o in found):
            pairs = [(option["label"], option["text"]) for option in found]
        case list():
            pairs = _lettered([as_text(where, name, option) for option in found])
        case dict() if are_scores(found):
            pairs = _lettered(list(found))
        case dict() if found and all(isinstance(text, str) for text in found.values()):
            pairs = list(found.items())
        case _:
            raise RecordError(where, name, _EXPECTED, found)
    options = {as_text(where, name, label): as_text(where, name, text) for label, text in pairs}
    is_whole = all((*options, *options.values())) and len(options) == len(pairs)
    if not 2 <= len(pairs) <= len(ascii_uppercase) or not is_whole:
        raise RecordError(where, name, "2 to 26 options, none empty, no label twice", found)
    return options


def are_scores(found: Any) -> TypeGuard[dict[str, float]]:
    """Whether a cell is BIG-bench's option → score."""
    return isinstance(found, dict) and all(isinstance(score, (int, float)) for score in found.values()) and bool(found)


def _lettered(texts: list[Any]) -> list[tuple[str, Any]]:
    """Give options letters. Where each begins with its own letter already (`A)21`), the letter is cut off."""
    written = [_WRITTEN_LABEL.match(str(text)) for text in texts]
    if all(label and label[1] == letter for label, letter in zip(written, ascii_uppercase, strict=False)):
        return [(label[1], str(text)[label.end() :]) for label, text in zip(written, texts, strict=True) if label]
    letters = [*ascii_uppercase, *("?" for _ in texts[len(ascii_uppercase) :])]  # too many are refused above
    return list(zip(letters, texts, strict=False))
