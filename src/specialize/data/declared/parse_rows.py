"""Rows of a declared dataset → problems. Every mistake of its rows is reported together."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from specialize.core.answers import canonical_gold
from specialize.core.errors import RecordError, SpecializeError
from specialize.core.params.datasets import PARTS, DatasetParams
from specialize.data import hub
from specialize.data.declared.columns import paths_of, text_at, value_at
from specialize.data.declared.options import Options, gold_option, options_of
from specialize.data.declared.read_table import read_table
from specialize.data.fields import Row
from specialize.records.problems import AnswerKind, Problem

MOST_MISTAKES = 20
"""So many are listed; the rest is counted."""


def parts_of(name: str, dataset: DatasetParams, root: Path) -> dict[str, list[Problem]]:
    """Return part (`train` of the seed dataset alone, `validation`, `test`) → problems, in the order of the rows.

    root: folder of the raw files. Ids are `<name>/<row's id or place>`, with the part between where it is not `test`.
    Raises SpecializeError that lists the first MOST_MISTAKES mistakes of all rows, each with file, line and column.
    """
    wanted = [part for part in PARTS if part != "train" or dataset.role == "seed"]
    rows = {part: _rows(dataset, part, root) for part in wanted}
    return _Parser(name, dataset).parse({part: each for part, each in rows.items() if each})


def _rows(dataset: DatasetParams, part: str, root: Path) -> list[Row]:
    if dataset.hub:
        return hub.part_rows(dataset.hub, part, root)
    return [row for file in dataset.parts.get(part, []) for row in read_table(root / file)]


class _Parser:
    """Parses the rows of one dataset and collects what is wrong with them."""

    def __init__(self, name: str, dataset: DatasetParams) -> None:
        self.name, self.dataset = name, dataset
        self.mistakes: list[str] = []

    def parse(self, rows: Mapping[str, list[Row]]) -> dict[str, list[Problem]]:
        found = {part: self._part(part, each) for part, each in rows.items() if self._has_columns(each)}
        if not self.mistakes:
            return found
        count = len(self.mistakes)
        lines = [f"  {mistake}" for mistake in self.mistakes[:MOST_MISTAKES]]
        lines += [f"  … and {count - MOST_MISTAKES} more"] if count > MOST_MISTAKES else []
        head = f"data.datasets.{self.name}: {count} mistake{'s' if count > 1 else ''} in its rows"
        raise SpecializeError("\n".join([head, *lines]))

    def _has_columns(self, rows: list[Row]) -> bool:
        """Whether each declared column exists in some row. One missing from all rows is reported once, not per row."""
        never = []
        for path in self._paths():
            missing = [error for row in rows if (error := _missing(row, path))]
            if len(missing) == len(rows):
                never.append(str(missing[0]))
        self.mistakes += never
        return not never

    def _paths(self) -> list[str]:
        dataset = self.dataset
        templates = [t for t in (dataset.question, dataset.answer, dataset.rationale, dataset.id) if t]
        choices = [dataset.choices] if isinstance(dataset.choices, str) else dataset.choices or []
        known = {"choices"} if choices else set()
        return [path for text in (*templates, *choices) for path in paths_of(text) if path not in known]

    def _part(self, part: str, rows: Iterable[Row]) -> list[Problem]:
        problems: dict[str, Problem] = {}
        for index, row in enumerate(rows):
            try:
                problem = self._problem(row, part, index)
                if problem.id in problems:
                    raise RecordError(row[0], str(self.dataset.id), "an id that no other row has", problem.id)
                problems[problem.id] = problem
            except RecordError as error:
                self.mistakes.append(str(error))
        return list(problems.values())

    def _problem(self, row: Row, part: str, index: int) -> Problem:
        dataset = self.dataset
        options = options_of(row, dataset.choices) if dataset.choices else None
        own = text_at(row, dataset.id) if dataset.id else str(index)
        if not own:
            raise RecordError(row[0], str(dataset.id), "an id", own)
        answer, kind = self._answer(row, options)
        return Problem(
            id=f"{self.name}/{own}" if part == "test" else f"{self.name}/{part}/{own}",
            dataset=self.name,
            question=self._question(row, options),
            answer=answer,
            kind=kind,
            choices=dict(options.texts) if options and not options.plain else None,
            rationale=(text_at(row, dataset.rationale) or None) if dataset.rationale else None,
        )

    def _question(self, row: Row, options: Options | None) -> str:
        template = str(self.dataset.question)
        shown = options.shown() if options and not options.plain else ""
        known = {"choices": shown} if options else {}
        if not _is_filled(row, template, known):
            raise RecordError(row[0], template, "a question", "")
        question = text_at(row, template, known)
        return question if not shown or "{choices}" in template else f"{question}\n{shown}"

    def _answer(self, row: Row, options: Options | None) -> tuple[str, AnswerKind]:
        where, template, wanted = row[0], str(self.dataset.answer), self.dataset.answer_kind
        if options or wanted == "choice":
            return gold_option(row, self.dataset, options), "choice"
        value = value_at(row, template) if "{" not in template else None
        if isinstance(value, list) and wanted == "numbers":
            written = "; ".join(str(each) for each in value)
        else:
            written = text_at(row, template) if _is_filled(row, template, {}) else ""
        if not written:
            raise RecordError(where, template, "an answer", written)
        if wanted in ("text", "math"):
            return written, wanted
        answer, kind = canonical_gold(written)
        if wanted == "numbers" and kind == "number":
            kind = "numbers"
        if wanted and kind != wanted:
            expected = {"number": "one number", "numbers": "numbers, parted by ';'"}[wanted]
            raise RecordError(where, template, f"{expected} (answer_kind: {wanted})", written)
        return answer, kind


def _is_filled(row: Row, template: str, known: Mapping[str, str]) -> bool:
    """Whether any column that a template names has a value; the template's own words do not count."""
    return any(text_at(row, f"{{{path}}}") for path in paths_of(template) if path not in known)


def _missing(row: Row, path: str) -> RecordError | None:
    try:
        value_at(row, path)
    except RecordError as error:
        return error
    return None
