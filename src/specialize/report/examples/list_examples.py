"""The examples browser for a terminal: two checkpoints item by item."""

import textwrap
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from specialize.core.errors import SpecializeError
from specialize.core.files import parse_record, read_json
from specialize.core.params.report import ReportRun
from specialize.records.checkpoints import CheckpointManifest
from specialize.records.problems import Problem, ProblemIndex
from specialize.records.scores import Selected
from specialize.report.examples.outcomes import FILTERS, OUTCOMES, outcome
from specialize.report.examples.read_answers import Answer, read_answers, read_questions

WIDTH = 100


@dataclass(frozen=True)
class Query:
    """What to show; null: the default that the method of the same name in `Results` gives."""

    student: str | None = None
    dataset: str | None = None
    format: str | None = None
    reading: str | None = None
    split: str = "test"
    before: int | None = None
    after: int | None = None
    against: str | None = None
    """The student of the first checkpoint where it is another one."""
    filters: tuple[str, ...] = ()
    """Names of FILTERS; a pair passes if it passes one of them."""
    search: str | None = None
    limit: int = 5


def example_lines(results: Path, params: ReportRun, query: Query) -> Iterator[str]:
    """Yield the lines of a query on the files of results/.

    Raises SpecializeError where a student, dataset, step or format is not there; the message lists those that are.
    """
    student = _one_of("student", query.student or _largest(results, params), params.students)
    against = _one_of("student", query.against or student, params.students)
    dataset = _one_of("dataset", query.dataset or _seed(results, params), params.datasets)
    after = _step(results, student, query.after, _selected(results, student, params))
    before = _step(results, against, query.before, min(_steps(results, against)))
    asked = [(against, before), (student, after)]
    places = [Path(name, f"step-{step}", f"{dataset}.parquet") for name, step in asked]
    first, second = (
        read_answers(results / "predictions" / place, results / "scores" / place, query.split) for place in places
    )
    formats = list(dict.fromkeys(format for _, format in second))
    if not formats:
        raise SpecializeError(f"{dataset}: no {query.split} problems were answered; try the other split (--split)")
    usual = params.format if params.format in formats else formats[0]
    format = _one_of("format", query.format or usual, formats)
    questions = read_questions(results / "problems" / dataset / f"{query.split}.jsonl")
    keys = [key for key in second if key in first and key[1] == format and key[0] in questions]
    readings = list(dict.fromkeys(reading for key in keys for reading in second[key].right))
    usual_readings = [name for name in (params.reading, params.generic_reading) if name in readings]
    reading = _one_of("reading", query.reading or (usual_readings or readings)[0], readings)
    pairs = [(questions[id], first[id, format], second[id, format]) for id, format in keys]
    names = [f"{name}, step {step}" for name, step in asked]
    yield f"{dataset}, {query.split} problems, {format}, {reading} reading: {names[0]} -> {names[1]}"
    yield f"{len(pairs)} problems: {_counts(pairs, reading)}"
    found = [pair for pair in pairs if _passes(pair, reading, query.filters) and _says(pair, query.search)]
    if query.filters or query.search:
        wanted = [*query.filters, *([f"with {query.search!r}"] if query.search else [])]
        yield f"{len(found)} {', '.join(wanted)}"
    for pair in found[: query.limit]:
        yield from pair_lines(pair, reading, names)
    if len(found) > query.limit:
        yield ""
        yield f"{len(found) - query.limit} more: --limit {len(found)}"


Pair = tuple[Problem, Answer, Answer]


def pair_lines(pair: Pair, reading: str, names: Sequence[str]) -> list[str]:
    """Return a blank line, a problem with its gold answer, and both answers below it. names: of the two checkpoints."""
    problem, first, second = pair
    lines = ["", f"{problem.id}: {outcome(first, second, reading)}"]
    lines += _block("question", problem.question) + _block("gold", problem.answer)
    for name, answer in zip(names, (first, second), strict=True):
        verdict = "right" if answer.right.get(reading) else "wrong"
        found = answer.found.get(reading)
        lines += _block(name, answer.text or "(nothing)")
        lines.append(
            f"{'':14}{verdict}, read as {found!r}" if found is not None else f"{'':14}{verdict}, no answer found"
        )
    return lines


def _block(name: str, text: str) -> list[str]:
    """Return a text behind its name, wrapped; later lines are indented."""
    lines: list[str] = []
    for line in text.splitlines() or [""]:
        lines += textwrap.wrap(line, WIDTH - 14, break_on_hyphens=False) or [""]
    head = [f"  {name}"] if len(name) > 10 else []
    return head + [f"{'' if number or head else f'  {name}':<14}{line}" for number, line in enumerate(lines)]


def _counts(pairs: Iterable[Pair], reading: str) -> str:
    counts = Counter(outcome(first, second, reading) for _, first, second in pairs)
    return ", ".join(f"{counts[name]} {name}" for name in OUTCOMES)


def _passes(pair: Pair, reading: str, filters: Sequence[str]) -> bool:
    return not filters or any(FILTERS[name](*pair[1:], reading) for name in filters)


def _says(pair: Pair, search: str | None) -> bool:
    problem, first, second = pair
    texts = (problem.id, problem.question, problem.answer, first.text, second.text)
    return search is None or any(search.casefold() in text.casefold() for text in texts)


def _largest(results: Path, params: ReportRun) -> str:
    sizes = {}
    for student in sorted(params.students):
        path = results / "checkpoints" / student / f"step-{min(_steps(results, student))}" / "manifest.json"
        sizes[student] = parse_record(str(path), read_json(path), CheckpointManifest).parameters
    return max(sizes, key=lambda student: sizes[student])


def _seed(results: Path, params: ReportRun) -> str:
    path = results / "problems" / "index.json"
    index = parse_record(str(path), read_json(path), ProblemIndex)
    seeds = [name for name in params.datasets if name in index.datasets and index.datasets[name].role == "seed"]
    return (seeds or params.datasets)[0]


def _steps(results: Path, student: str) -> list[int]:
    folder = results / "predictions" / student
    steps = sorted(int(path.name.removeprefix("step-")) for path in folder.glob("step-*"))
    if not steps:
        raise SpecializeError(f"{folder}: no predictions of student {student}; run the phase `evaluate` first")
    return steps


def _selected(results: Path, student: str, params: ReportRun) -> int:
    path = results / "scores" / student / "selected.json"
    chosen = parse_record(str(path), read_json(path), Selected).by.get(params.selected_by)
    return max(_steps(results, student)) if chosen is None else chosen


def _step(results: Path, student: str, wanted: int | None, usual: int) -> int:
    steps = _steps(results, student)
    return int(_one_of(f"step of {student}", str(usual if wanted is None else wanted), [str(step) for step in steps]))


def _one_of(what: str, name: str, known: Collection[str]) -> str:
    if name not in known:
        raise SpecializeError(f"no {what} '{name}' here; there are: {', '.join(known)}")
    return name
