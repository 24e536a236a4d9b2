"""A student's predictions judged: scores with intervals, and what was found in each text. No model is loaded."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import pyarrow
import pyarrow.parquet as parquet
from scipy.stats import binomtest

from specialize.core.answers import SCORER_VERSION, Reading
from specialize.core.errors import RecordError
from specialize.core.files import parse_record, read_records, replacing
from specialize.core.machine.library_errors import reading_file
from specialize.core.params.evaluation.scoring import ScoringParams
from specialize.evaluate.repeated import interval, right, sampled
from specialize.evaluate.scorers import readings_of
from specialize.records.judgements import JUDGEMENTS_SCHEMA
from specialize.records.predictions import INFO_KEY, PREDICTIONS_SCHEMA, PredictionsInfo
from specialize.records.problems import Problem
from specialize.records.scores import Score, ScoreRow

Readings = dict[str, Reading]
"""Reading → what it found in a text."""


@dataclass(frozen=True)
class Answered:
    """All answers to one problem in one format."""

    problem: Problem
    split: str
    format: str
    readings: list[Readings]
    """Of each sample."""


PREDICTIONS = "predictions of the step `generate`"


def read_info(path: Path) -> PredictionsInfo:
    """Return what a file of predictions is of. Raises RecordError where it is none."""
    with reading_file(path, PREDICTIONS):
        text = (parquet.read_metadata(path).metadata or {}).get(INFO_KEY)
        if text is None or parquet.read_schema(path).remove_metadata() != PREDICTIONS_SCHEMA:
            raise RecordError(str(path), "(whole file)", PREDICTIONS, "another file")
        return parse_record(str(path), json.loads(text), PredictionsInfo)


def read_problems(folder: Path, benchmark: str) -> dict[str, Problem]:
    """Return the evaluation problems of a benchmark by id. folder: results/problems."""
    files = [folder / benchmark / f"{split}.jsonl" for split in ("validation", "test")]
    return {problem.id: problem for file in files if file.is_file() for problem in read_records(file, Problem)}


def _batches(path: Path) -> Iterator[pyarrow.RecordBatch]:
    with reading_file(path, PREDICTIONS):
        for batch in parquet.ParquetFile(path).iter_batches(2**14):
            for name in ("id", "split", "format", "text"):
                if batch.column(name).null_count:
                    raise RecordError(str(path), name, "a text in every row", "a row without")
            yield batch


def judge_predictions(path: Path, is_generic: bool, problems: Mapping[str, Problem], output: Path) -> list[Answered]:
    """Judge a file of predictions, write what was found beside the scores, return it by question.

    problems: of the benchmark, by id. A file is read row group by row group. Raises RecordError for an unknown id.
    """
    answered: dict[tuple[str, str, str], Answered] = {}
    with replacing(output) as temporary, parquet.ParquetWriter(temporary, JUDGEMENTS_SCHEMA, compression="zstd") as to:
        for batch in _batches(path):
            found = []
            for row in batch.to_pylist():
                key = row["split"], row["format"], row["id"]
                if row["id"] not in problems:
                    raise RecordError(str(path), "id", "a problem of results/problems", row["id"])
                if key not in answered:
                    answered[key] = Answered(problems[row["id"]], row["split"], row["format"], [])
                problem = problems[row["id"]]
                readings = readings_of(row["text"], problem, row["format"], is_generic)
                answered[key].readings.append(readings)
                found.append(_judgement(row, problem, readings))
            to.write_table(pyarrow.Table.from_pylist(found, JUDGEMENTS_SCHEMA))
    return list(answered.values())


def score_of(info: PredictionsInfo, answered: Sequence[Answered], params: ScoringParams) -> Score:
    """Return the score of a file of predictions."""
    return Score(
        benchmark=info.benchmark,
        role=info.role,
        student=info.student,
        step=info.step,
        checkpoint=info.checkpoint,
        scorer=SCORER_VERSION,
        prompts=info.prompts,
        plan=info.plan | {"confidence": params.confidence},
        rows=score_rows(answered, params.confidence),
    )


def score_rows(answered: Iterable[Answered], confidence: float) -> list[ScoreRow]:
    """Return accuracy and interval per split, format and reading; for a suite also per task."""
    found: dict[tuple[str, str, str], dict[str | None, list[list[Reading]]]] = defaultdict(lambda: defaultdict(list))
    for one in answered:
        for name in one.readings[0]:
            question = [readings[name] for readings in one.readings]
            found[one.split, one.format, name][one.problem.task].append(question)
    rows = []
    for (split, format, name), by_task in sorted(found.items()):
        rows.append(_row(None, (split, format, name), list(by_task.values()), confidence))
        rows += [
            _row(task, (split, format, name), [questions], confidence)
            for task, questions in sorted((task, rows) for task, rows in by_task.items() if task is not None)
        ]
    return rows


def wilson(accuracy: float, n: int, confidence: float) -> tuple[float, float]:
    """Return the Wilson score interval of `accuracy` over `n` trials.

    For a mean over tasks `n` is the number of problems of all tasks: tasks are of nearly equal size, so the mean over
    tasks is nearly the share of all problems that are right.
    """
    found = binomtest(round(accuracy * n), n).proportion_ci(confidence, method="wilson")
    return min(float(found.low), accuracy), max(float(found.high), accuracy)


def accuracies_line(scores: Iterable[Score], params: ScoringParams) -> str:
    """Return the accuracies for the log: on validation problems where there are any; maths in the format by which
    checkpoints are selected, generic tasks in every format."""
    parts = []
    for score in scores:
        rows = [row for row in score.rows if row.task is None]
        split = min({row.split for row in rows}, key=lambda split: split != "validation")
        for row in rows:
            if row.split != split or row.reading not in (params.selection_reading, "exact"):
                continue
            if score.role == "generic":
                parts.append(f"{score.benchmark} {row.format.replace('_', '-')} {100 * row.accuracy:.1f} %")
            elif row.format == params.selection_format:
                parts.append(f"{score.benchmark} {100 * row.accuracy:.1f} %")
    return ", ".join(parts)


def _judgement(row: dict[str, Any], problem: Problem, readings: Readings) -> dict[str, Any]:
    return {name: row[name] for name in ("id", "split", "format", "sample")} | {
        "gold": problem.answer,
        "answers": [(name, reading.answer) for name, reading in readings.items()],
        "correct": [(name, reading.correct) for name, reading in readings.items()],
    }


def _row(
    task: str | None, what: tuple[str, str, str], tasks: Sequence[Sequence[Sequence[Reading]]], confidence: float
) -> ScoreRow:
    """tasks: for each task its questions, for each question its answers."""
    split, format, name = what
    n = sum(map(len, tasks))
    accuracy = fmean(fmean(right(answers) / len(answers) for answers in questions) for questions in tasks)
    repeated = sampled(tasks) if len(tasks[0][0]) > 1 else None
    if repeated:
        low, high = interval(accuracy, repeated.standard_error, n, confidence)
    else:
        low, high = wilson(accuracy, n, confidence)
    return ScoreRow(
        task=task,
        split=split,
        format=format,
        reading=name,
        n=n,
        correct=sum(right(answers) for questions in tasks for answers in questions),
        accuracy=round(accuracy, 6),
        low=round(min(low, accuracy), 6),
        high=round(max(high, accuracy), 6),
        sampled=repeated,
    )
