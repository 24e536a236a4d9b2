"""The options of a multiple-choice question, and which of them is right."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any, TypeGuard

from specialize.core.errors import RecordError
from specialize.core.params.datasets import DatasetParams
from specialize.data.declared.columns import as_text, text_at, value_at
from specialize.data.fields import Row

_WRITTEN_LABEL = re.compile(r"\s*\(?([A-Z])[).:]\s*")
_PLAIN = ({"yes", "no"}, {"true", "false"})
"""Options that are answers themselves: they need neither labels nor a list behind the question."""


@dataclass(frozen=True)
class Options:
    """Label → text, in order; `plain`: the texts are yes and no, or true and false."""

    texts: Mapping[str, str]
    plain: bool = False

    def shown(self) -> str:
        """Return what stands behind a question, in BIG-Bench-Hard's form."""
        return "Options:\n" + "\n".join(f"({label}) {text}" for label, text in self.texts.items())


def options_of(row: Row, choices: str | list[str]) -> Options:
    """Return the options that stand in a column, or in one column each.

    Raises RecordError where there are fewer than 2 or more than 26, an empty one, or a label twice.
    """
    where, name = row[0], choices if isinstance(choices, str) else ", ".join(choices)
    found = value_at(row, choices) if isinstance(choices, str) else _cells(row, choices)
    match found:
        case {"label": list(labels), "text": list(texts)} if len(labels) == len(texts):
            pairs = list(zip(labels, texts, strict=True))
        case [{"label": _, "text": _}, *_] if all(isinstance(o, dict) and {"label", "text"} <= o.keys() for o in found):
            pairs = [(option["label"], option["text"]) for option in found]
        case list():
            pairs = _lettered([as_text(where, name, option) for option in found])
        case dict() if _are_scores(found):
            pairs = _lettered(list(found))
        case _:
            expected = "a list of texts, of {label, text}, {label: [], text: []} or {option: score}"
            raise RecordError(where, name, expected, found)
    options = {as_text(where, name, label): as_text(where, name, text) for label, text in pairs}
    if (
        not 2 <= len(pairs) <= len(ascii_uppercase)
        or len(options) < len(pairs)
        or not all((*options, *options.values()))
    ):
        raise RecordError(where, name, "2 to 26 options, none empty, no label twice", found)
    return Options(options, plain={text.casefold() for text in options.values()} in _PLAIN)


def gold_option(row: Row, dataset: DatasetParams, options: Options | None) -> str:
    """Return the right answer in canonical form: `(B)`, or `yes`.

    options: None where the options are not known, so that the answer must be a label, yes or no, true or false.
    Raises RecordError where it names no option.
    """
    path = str(dataset.answer)
    found = _answer(row, path)
    if options is None:
        label = _bare(found)
        if len(label) == 1 and label.isupper():
            return f"({label})"
        if label.casefold() in set().union(*_PLAIN):
            return label.casefold()
        raise RecordError(row[0], path, "a label such as (B), or yes, no, true, false", found)
    named = _label_of(found, options.texts)
    if named is None:
        expected = (
            f"an option: a label ({', '.join(options.texts)}), its text if no other has it, or its place counted from 0"
        )
        raise RecordError(row[0], path, expected, found)
    return options.texts[named].casefold() if options.plain else f"({named})"


def _cells(row: Row, columns: list[str]) -> list[Any]:
    """Return the cells of the columns, without empty ones at the end: a question may have fewer options than others."""
    cells = [value_at(row, column) for column in columns]
    while cells and cells[-1] in (None, ""):
        cells.pop()
    return cells


def _answer(row: Row, path: str) -> str:
    """Return the answer's text; of option → score the one option with the best score."""
    if "{" not in path and _are_scores(scores := value_at(row, path)):
        best = [option for option, score in scores.items() if score == max(scores.values())]
        if len(best) != 1:
            raise RecordError(row[0], path, "one option with the best score", scores)
        return str(best[0])
    found = text_at(row, path)
    if not found:
        raise RecordError(row[0], path, "an answer", found)
    return found


def _label_of(found: str, options: Mapping[str, str]) -> str | None:
    """Return the label that an answer names: by label, by a text that one option alone has, by place."""
    labels = {label.casefold(): label for label in options}
    if _bare(found).casefold() in labels:
        return labels[_bare(found).casefold()]
    if same := [label for label, text in options.items() if text.casefold() == found.casefold()]:
        return same[0] if len(same) == 1 else None
    return list(options)[int(found)] if found.isdecimal() and int(found) < len(options) else None


def _are_scores(found: Any) -> TypeGuard[dict[str, float]]:
    """Whether a cell is BIG-bench's option → score."""
    return isinstance(found, dict) and all(isinstance(score, (int, float)) for score in found.values()) and bool(found)


def _lettered(texts: list[Any]) -> list[tuple[str, Any]]:
    """Give options letters. Where each begins with its own letter already (`A)21`), the letter is cut off."""
    written = [_WRITTEN_LABEL.match(str(text)) for text in texts]
    if all(label and label[1] == letter for label, letter in zip(written, ascii_uppercase, strict=False)):
        return [(label[1], str(text)[label.end() :]) for label, text in zip(written, texts, strict=True) if label]
    letters = [*ascii_uppercase, *("?" for _ in texts[len(ascii_uppercase) :])]  # too many are refused above
    return list(zip(letters, texts, strict=False))


def _bare(label: str) -> str:
    return label.strip().lstrip("(").rstrip(").:").strip()
