"""Two checkpoints, answer by answer: what both solve, what only one does, and whether that is more than chance.

Answers pair by problem id; of several answers to one problem the share that is right counts. Accuracies are as in the
scores: of a generic suite the mean over its tasks.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from specialize.core.errors import SpecializeError
from specialize.core.files import read_records
from specialize.core.statistics.paired import holm, mcnemar, mean_interval, task_weights
from specialize.core.statistics.question_families import question_family
from specialize.evaluate.compare.checkpoint_answers import SUITE_READINGS, Checkpoint, readings_of_rows, right
from specialize.records.problems import Problem

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Wanted:
    """Which answers to compare; None: all formats, and the readings flexible and exact."""

    split: str = "test"
    format: str | None = None
    reading: str | None = None


@dataclass(frozen=True)
class Pair:
    """One benchmark in one format by one reading. Shares of 1; the difference is second − first."""

    benchmark: str
    format: str
    reading: str
    n: int
    only_in_one: int
    """Problems that only one of the two was asked; they do not count."""
    first: float
    second: float
    both: int
    first_only: int
    second_only: int
    neither: int
    difference: float
    low: float
    high: float
    p: float
    """McNemar's mid-p; with several answers a problem, of the interval's draws."""
    p_holm: float = 1.0
    """Adjusted for all rows of the table."""


@dataclass(frozen=True)
class Changed:
    """A problem that one of the two solves more often than the other."""

    benchmark: str
    format: str
    reading: str
    id: str
    winner: str
    gold: str
    first_text: str
    second_text: str


def compare(first: Checkpoint, second: Checkpoint, wanted: Wanted) -> tuple[list[Pair], list[Changed]]:
    """Return a row for each benchmark, format and reading that both have, and the problems that changed.

    Raises SpecializeError where they have nothing in common.
    """
    pairs: list[Pair] = []
    changed: list[Changed] = []
    for benchmark in sorted(first.benchmarks.keys() & second.benchmarks.keys()):
        families = families_of([first.results, second.results], benchmark, wanted.split)
        for format, reading in _measured(first, second, benchmark, wanted):
            both = [_by_problem(each.benchmarks[benchmark], wanted.split, format, reading) for each in (first, second)]
            common = sorted(both[0].keys() & both[1].keys())
            if not common:
                continue
            answers = [{id: each[id] for id in common} for each in both]
            alone = len(both[0].keys() ^ both[1].keys())
            pairs.append(_pair(benchmark, format, reading, answers[0], answers[1], alone, families))
            changed += _changes(benchmark, format, reading, answers[0], answers[1])
    if not pairs:
        asked = " and ".join(
            f"{each.predictions} has {', '.join(sorted(each.benchmarks))} in {', '.join(sorted(_formats(each)))}"
            for each in (first, second)
        )
        raise SpecializeError(f"no problem of split {wanted.split!r} was asked of both in one format: {asked}")
    adjusted = holm([pair.p for pair in pairs])
    return [replace(pair, p_holm=round(p, 6)) for pair, p in zip(pairs, adjusted, strict=True)], changed


def families_of(results: Sequence[Path], benchmark: str, split: str) -> dict[str, str]:
    """Return problem id → question family by the problems beside the predictions; of no problems, nothing."""
    for folder in results:
        path = folder / "problems" / benchmark / f"{split}.jsonl"
        if path.is_file():
            return {each.id: question_family(each.question) for each in read_records(path, Problem)}
    return {}


def table_lines(first: Checkpoint, second: Checkpoint, pairs: Sequence[Pair]) -> Iterator[str]:
    """Yield the table for a human, and what its columns say."""
    yield f"A: {first.name} ({first.predictions})"
    yield f"B: {second.name} ({second.predictions})"
    width = max(len(_title(pair)) for pair in pairs)
    yield (
        f"{'':<{width}} {'n':>6} {'A %':>6} {'B %':>6} {'both':>6} {'A only':>6} {'B only':>6} {'neither':>7}  "
        f"{'B - A':>6} {'95 % interval':<16} {'p':>7} {'Holm':>7}"
    )
    for pair in pairs:
        interval = f"{100 * pair.low:+.1f} to {100 * pair.high:+.1f}"
        yield (
            f"{_title(pair):<{width}} {pair.n:>6,} {100 * pair.first:>6.1f} {100 * pair.second:>6.1f} {pair.both:>6,} "
            f"{pair.first_only:>6,} {pair.second_only:>6,} {pair.neither:>7,}  {100 * pair.difference:>+6.1f} "
            f"{interval:<16} {_p(pair.p):>7} {_p(pair.p_holm):>7}"
        )
    if alone := sum(pair.only_in_one for pair in pairs):
        yield f"{alone:,} answers to problems that only one of the two was asked were left aside."
    yield (
        f"p: McNemar's mid-p of no difference; Holm: adjusted for the {len(pairs)} rows. One run against one: the "
        "interval is of these problems only; another seed may differ by more."
    )


def changed_lines(changed: Sequence[Changed], show: bool) -> Iterator[str]:
    """Yield a line for each changed problem; show: with both texts."""
    for each in changed:
        yield f"{each.winner} only  {each.benchmark} {each.format} {each.reading}  {each.id}  gold {each.gold}"
        if show:
            yield f"  A: {' '.join(each.first_text.split())}"
            yield f"  B: {' '.join(each.second_text.split())}"


def as_record(
    first: Checkpoint, second: Checkpoint, pairs: Sequence[Pair], changed: Sequence[Changed]
) -> dict[str, Any]:
    """Return the comparison for a machine."""
    return {
        "first": str(first.predictions),
        "second": str(second.predictions),
        "pairs": [asdict(pair) for pair in pairs],
        "changed": [asdict(each) for each in changed],
    }


@dataclass(frozen=True)
class _Answered:
    """The answers to one problem."""

    share: float
    text: str
    gold: str
    answers: int


def _by_problem(rows: Sequence[Mapping[str, Any]], split: str, format: str, reading: str) -> dict[str, _Answered]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        if row["split"] == split and row["format"] == format and right(row, reading) is not None:
            found.setdefault(row["id"], []).append(row)
    return {
        id: _Answered(fmean(bool(right(row, reading)) for row in each), each[0]["text"], each[0]["gold"], len(each))
        for id, each in found.items()
    }


def _pair(
    benchmark: str,
    format: str,
    reading: str,
    first: Mapping[str, _Answered],
    second: Mapping[str, _Answered],
    alone: int,
    families: Mapping[str, str],
) -> Pair:
    ids = list(first)
    one, other = (np.array([each[id].share for id in ids]) for each in (first, second))
    weights = task_weights(ids, reading in SUITE_READINGS)
    keys = [families.get(id, id) for id in ids]
    # Of several answers a problem one is the pseudo-problems' measure, as it is with several seeds.
    least = 1 / min(each.answers for answered in (first, second) for each in answered.values())
    interval = mean_interval([((other - one) * weights)[None]], (-least, least), CONFIDENCE, [keys])
    first_only, second_only = int((one > other).sum()), int((other > one).sum())
    single = all(each.answers == 1 for answered in (first, second) for each in answered.values())
    both = int(((one == other) & (one > 0)).sum())
    return Pair(
        benchmark,
        format,
        reading,
        n=len(ids),
        only_in_one=alone,
        first=round(float((one * weights).mean()), 6),
        second=round(float((other * weights).mean()), 6),
        both=both,
        first_only=first_only,
        second_only=second_only,
        neither=len(ids) - both - first_only - second_only,
        difference=interval.value,
        low=interval.low,
        high=interval.high,
        p=round(mcnemar(second_only, first_only), 6) if single else interval.p,
    )


def _changes(
    benchmark: str, format: str, reading: str, first: Mapping[str, _Answered], second: Mapping[str, _Answered]
) -> Iterator[Changed]:
    for id, one in first.items():
        other = second[id]
        if one.share != other.share:
            winner = "A" if one.share > other.share else "B"
            yield Changed(benchmark, format, reading, id, winner, one.gold, one.text, other.text)


def _measured(first: Checkpoint, second: Checkpoint, benchmark: str, wanted: Wanted) -> list[tuple[str, str]]:
    found = []
    for each in (first, second):
        rows = [row for row in each.benchmarks[benchmark] if row["split"] == wanted.split]
        formats = dict.fromkeys(row["format"] for row in rows)
        found.append({(format, reading) for format in formats for reading in readings_of_rows(rows)})
    readings = (wanted.reading,) if wanted.reading else ("flexible", "exact")
    return sorted(
        (format, reading)
        for format, reading in found[0] & found[1]
        if reading in readings and wanted.format in (None, format)
    )


def _formats(checkpoint: Checkpoint) -> set[str]:
    return {row["format"] for rows in checkpoint.benchmarks.values() for row in rows}


def _title(pair: Pair) -> str:
    return f"{pair.benchmark} ({pair.format}, {pair.reading})"


def _p(p: float) -> str:
    return "<.0001" if p < 0.0001 else f"{p:.4f}".lstrip("0") if p < 1 else "1"
