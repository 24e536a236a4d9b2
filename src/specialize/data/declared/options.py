"""The options of a multiple-choice question, and which of them is right."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from specialize.core.errors import RecordError
from specialize.core.judging.option_layouts import are_scores, options_in
from specialize.core.params.datasets import DatasetParams
from specialize.data.declared.columns import text_at, value_at
from specialize.data.fields import Row

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
    options = options_in(where, name, found)
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
    if "{" not in path and are_scores(scores := value_at(row, path)):
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


def _bare(label: str) -> str:
    return label.strip().lstrip("(").rstrip(").:").strip()
