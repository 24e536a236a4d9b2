"""How good a teacher is, from the completions that are there: pass@1, pass@k, majority vote. Asks no model, writes no
result.

The paper's teacher: 63.8 % of GSM8K's questions with one sample, 83.8 % by the majority of 40.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import pyarrow.parquet as parquet

from specialize.core.answers import Reading, judge
from specialize.core.errors import RecordError
from specialize.core.files import read_records
from specialize.core.machine.library_errors import reading_file
from specialize.evaluate.repeated import ks, majority, pass_at, right, share, standard_error
from specialize.records.problems import Problem

COLUMNS = ["problem_id", "teacher", "sample", "text"]


@dataclass(frozen=True)
class TeacherScore:
    """One teacher's completions by one reading."""

    teacher: str
    reading: str
    questions: int
    completions: int
    pass_at_1: float
    standard_error: float
    """Of pass@1, by question."""
    pass_at_k: float
    """For k = `fewest`."""
    majority: float
    fewest: int
    """Completions of the question that has the fewest."""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser("teacher", help="pass@1, pass@k and majority vote of a teacher's completions")
    parser.add_argument("--problems", type=Path, required=True, help="problems that were asked, …/train.jsonl")
    parser.add_argument("completions", type=Path, nargs="+", help="results/completions/part-*.parquet")
    parser.set_defaults(command=_run)


def teacher_scores(completions: Sequence[Path], problems: Path) -> list[TeacherScore]:
    """Return a score for each teacher and reading. Raises RecordError for a completion of an unknown problem."""
    known = {problem.id: problem for problem in read_records(problems, Problem)}
    found: dict[tuple[str, str], dict[str, list[tuple[int, Reading]]]] = defaultdict(lambda: defaultdict(list))
    for path in completions:
        for row in _rows(path):
            if (problem := known.get(row["problem_id"])) is None:
                raise RecordError(str(path), "problem_id", f"a problem of {problems}", row["problem_id"])
            judgement = judge(row["text"], problem.answer, problem.kind, problem.choices)
            for name in ("strict", "flexible"):
                answer = (row["sample"], getattr(judgement, name))
                found[row["teacher"], name][problem.id].append(answer)
    return [_score(teacher, reading, answers) for (teacher, reading), answers in sorted(found.items())]


def _score(teacher: str, reading: str, found: dict[str, list[tuple[int, Reading]]]) -> TeacherScore:
    questions = [[answer for _, answer in sorted(rows, key=lambda row: row[0])] for _, rows in sorted(found.items())]
    fewest = min(map(len, questions))
    return TeacherScore(
        teacher,
        reading,
        len(questions),
        sum(map(len, questions)),
        fmean(share(answers) for answers in questions),
        standard_error([[share(answers) for answers in questions]]),
        fmean(pass_at(max(ks(fewest)), len(answers), right(answers)) for answers in questions),
        fmean(majority(answers) for answers in questions),
        fewest,
    )


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with reading_file(path, "completions in Parquet"):
        file = parquet.ParquetFile(path, page_checksum_verification=True)
        for batch in file.iter_batches(2**14, columns=COLUMNS):
            yield from batch.to_pylist()


def _run(args: argparse.Namespace) -> None:
    head = ("teacher", "reading", "questions", "completions", "pass@1", "± s.e.", "pass@k", "majority", "k")
    rows = [
        (
            one.teacher, one.reading, str(one.questions), str(one.completions), f"{100 * one.pass_at_1:.1f}",
            f"{100 * one.standard_error:.1f}", f"{100 * one.pass_at_k:.1f}", f"{100 * one.majority:.1f}",
            str(one.fewest),
        )
        for one in teacher_scores(args.completions, args.problems)
    ]  # fmt: skip
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
