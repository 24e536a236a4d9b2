"""Recorded rows → completions, with a count of what matched."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from specialize.core.errors import SpecializeError
from specialize.records.problems import Problem
from specialize.teacher.completions import completion_row, write_completions
from specialize.teacher.plan import shard_sizes
from specialize.teacher.recorded.match_questions import HOWS, QuestionIndex
from specialize.teacher.recorded.read_recordings import RecordedRow, read_recorded


@dataclass(frozen=True)
class Imported:
    """Completions in the order of problem, teacher, sample; the counts per teacher; the rows that found no problem."""

    completions: list[dict[str, Any]]
    """Rows of records.completions.COMPLETIONS_SCHEMA."""
    counts: dict[str, dict[str, int]]
    lost: list[RecordedRow]


def import_rows(rows_of: Mapping[str, Sequence[RecordedRow]], problems: Sequence[Problem]) -> Imported:
    """Turn teacher → rows into completions.

    A sample's number runs per problem and teacher in file order, so a teacher's answers to one problem may stand in
    one row or in several.
    """
    index = QuestionIndex(problems)
    completions: list[dict[str, Any]] = []
    counts: dict[str, dict[str, int]] = {}
    lost: list[RecordedRow] = []
    for teacher, rows in rows_of.items():
        hows: Counter[str] = Counter()
        samples: Counter[str] = Counter()
        states: Counter[str] = Counter()
        for row in rows:
            match = index.match(row.question)
            hows[match.how] += 1
            if match.problem is None:
                lost.append(row)
                continue
            for answer in row.answers:
                number = samples[match.problem.id]
                completions.append(completion_row(match.problem.id, teacher, number, answer))
                samples[match.problem.id] += 1
                states[answer.state] += 1
        counts[teacher] = {"rows": len(rows), **{how: hows[how] for how in HOWS}, "completions": samples.total()}
        if set(states) - {"none sent"}:
            counts[teacher] |= {f"tokens {state}": count for state, count in states.items()}
    place = {problem.id: number for number, problem in enumerate(problems)}
    completions.sort(key=lambda row: (place[row["problem_id"]], row["teacher"], row["sample"]))
    return Imported(completions, counts, lost)


def refuse_unmatched(path: Path, problems: Sequence[Problem]) -> int:
    """Return how many rows of a recorded file answer one of the `problems`.

    Raises RecordError for a malformed row, SpecializeError where the file is missing or none does.
    """
    if not path.is_file():
        raise SpecializeError(f"teacher.recorded: no file {path}")
    index, rows = QuestionIndex(problems), read_recorded(path)
    matched = sum(index.match(row.question).problem is not None for row in rows)
    if not matched:
        raise SpecializeError(
            f"teacher.recorded: {path}: none of {len(rows):,} rows answers a train problem; its first question is "
            f"{rows[0].question!r}, the first problem's {problems[0].question!r}"
        )
    return matched


def write_imported(paths: Sequence[Path], imported: Imported, problems: Sequence[Problem]) -> None:
    """Write completions to one file per shard; problems are dealt to shards as sampling deals them."""
    rows_of = {key: list(rows) for key, rows in groupby(imported.completions, key=lambda row: row["problem_id"])}
    begin = 0
    for path, size in zip(paths, shard_sizes(len(problems), len(paths)), strict=True):
        block = problems[begin : begin + size]
        write_completions(path, (row for problem in block for row in rows_of.get(problem.id, ())))
        begin += size
