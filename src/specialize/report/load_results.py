"""The files of one run, read and checked."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from specialize.core.errors import RecordError, SpecializeError
from specialize.core.files import parse_record, read_json
from specialize.core.params.report import ReportRun
from specialize.records.checkpoints import CheckpointManifest
from specialize.records.coverage import Coverage
from specialize.records.funnel import Funnel
from specialize.records.problems import ProblemIndex
from specialize.records.scores import Score, Selected
from specialize.records.training_curve import OBJECTIVE_COLUMNS, UPDATE_COLUMNS

CurveRow = dict[str, str]
"""A row of a training curve, numbers as they were written."""
FIRST = 10 / 260
"""Share of the training after which the paper's first checkpoint of its 3B student stands (10K of 260K micro-batches,
Fig. 3A1). A run may score much earlier ones, of which the paper says nothing."""


@dataclass(frozen=True)
class StudyFiles:
    """The files of a run that the report reads."""

    problems: Path
    funnel: Path
    selected: list[Path]
    curves: list[Path]
    manifests: list[Path]
    scores: list[Path]
    predictions: list[tuple[str, int, str, Path]]
    """(student, step, benchmark, path) of the checkpoints that are compared problem by problem."""
    coverage: list[Path]

    def all(self) -> list[Path]:
        """Return every file."""
        lists = (self.selected, self.curves, self.manifests, self.scores, self.coverage)
        marks = [path for *_, path in self.predictions]
        return [self.problems, self.funnel, *(path for paths in lists for path in paths), *marks]


@dataclass(frozen=True)
class Study:
    """Everything the report tells of. Students stand by size, then by name; scores by student, step, benchmark."""

    students: list[str]
    parameters: dict[str, int]
    scores: list[Score]
    selected: dict[str, Selected]
    manifests: list[CheckpointManifest]
    curves: dict[str, list[CurveRow]]
    funnel: Funnel
    problems: ProblemIndex
    coverage: dict[str, Coverage]
    """Tokenizer → coverage of its alignment."""

    def steps(self, student: str) -> list[int]:
        """Return the student's scored checkpoints, ascending."""
        return sorted({score.step for score in self.scores if score.student == student})

    def benchmarks(self, role: str) -> list[str]:
        """Return the names of the scored benchmarks of a role, sorted."""
        return sorted({score.benchmark for score in self.scores if score.role == role})


def files_of(
    problems: Path, funnel: Path, scores: Path, checkpoints: Path, predictions: Path, coverage: Sequence[Path],
    run: ReportRun,
) -> StudyFiles:  # fmt: skip
    """Return the files of the students and datasets that a recipe names.

    Predictions are read of a few checkpoints a student: the start, the first, the first as late as the paper's, the one
    at two thirds, the last and the selected ones. What is read grows with the students, not the checkpoints.
    """
    selected, curves, manifests, scored, marks = [], [], [], [], []
    for student in sorted(run.students):
        steps = sorted(int(path.name.removeprefix("step-")) for path in (scores / student).glob("step-*"))
        if not steps:
            raise SpecializeError(f"{scores / student}: no scores of student {student}; run the phase `evaluate` first")
        selected.append(scores / student / "selected.json")
        curves.append(checkpoints / student / "training.csv")
        manifests += [checkpoints / student / f"step-{step}" / "manifest.json" for step in steps]
        scored += [scores / student / f"step-{step}" / f"{name}.json" for step in steps for name in run.datasets]
        choice = parse_record(str(selected[-1]), read_json(selected[-1]), Selected)
        compared = {steps[0], steps[min(1, len(steps) - 1)], early_step(steps), late_step(steps), steps[-1]}
        compared |= {step for step in choice.by.values() if step in steps}
        marks += [
            (student, step, name, predictions / student / f"step-{step}" / f"{name}.parquet")
            for step in sorted(compared)
            for name in run.datasets
        ]
    return StudyFiles(problems, funnel, selected, curves, manifests, scored, marks, sorted(coverage))


def early_step(steps: Sequence[int]) -> int:
    """Return the first of ascending steps that stands no earlier in the training than the paper's first checkpoint."""
    return next(step for step in steps if step >= FIRST * steps[-1])


def late_step(steps: Sequence[int]) -> int:
    """Return the first of ascending steps at or after two thirds of the last one."""
    return next(step for step in steps if 3 * step >= 2 * steps[-1])


def read_study(files: StudyFiles) -> Study:
    """Read a run's files. A student's curve, and a tokenizer's coverage, is the one in the folder that bears its name.

    Raises SpecializeError where a scored student has no manifest or no selection, or a score comes twice.
    """
    found = sorted(
        (parse_record(str(path), read_json(path), Score) for path in files.scores),
        key=lambda score: (score.student, score.step, score.benchmark),
    )
    _refuse_twice(found)
    made = sorted(
        (parse_record(str(path), read_json(path), CheckpointManifest) for path in files.manifests),
        key=lambda manifest: (manifest.student, manifest.step),
    )
    parameters = {manifest.student: manifest.parameters for manifest in made}
    choices = [parse_record(str(path), read_json(path), Selected) for path in files.selected]
    chosen = {choice.student: choice for choice in choices}
    students = {score.student for score in found}
    _refuse_missing(students, parameters.keys(), "manifest")
    _refuse_missing(students, chosen.keys(), "selection")
    study = Study(
        students=sorted(students, key=lambda student: (parameters[student], student)),
        parameters=parameters,
        scores=found,
        selected=chosen,
        manifests=[manifest for manifest in made if manifest.student in students],
        curves={path.parent.name: read_curve(path) for path in sorted(files.curves)},
        funnel=parse_record(str(files.funnel), read_json(files.funnel), Funnel),
        problems=parse_record(str(files.problems), read_json(files.problems), ProblemIndex),
        coverage={path.parent.name: parse_record(str(path), read_json(path), Coverage) for path in files.coverage},
    )
    _refuse_unscored(study)
    return study


def read_curve(path: Path) -> list[CurveRow]:
    """Read the UPDATE_COLUMNS of training.csv and those of OBJECTIVE_COLUMNS that it has; empty cells are left out."""
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        header = list(reader.fieldnames or [])
        if not set(UPDATE_COLUMNS) <= set(header):
            raise RecordError(f"{path}:1", "(header)", ",".join(UPDATE_COLUMNS), ",".join(header))
        rows = []
        for number, row in enumerate(reader, start=2):
            known = [*UPDATE_COLUMNS, *(column for column in OBJECTIVE_COLUMNS if row.get(column))]
            for column in known:
                _refuse_no_number(f"{path}:{number}", column, row[column])
            rows.append({column: row[column] for column in known})
        return rows


def _refuse_no_number(where: str, column: str, text: str | None) -> None:
    try:
        float(text or "")
    except ValueError:
        raise RecordError(where, column, "a number", text) from None


def _refuse_twice(scores: Sequence[Score]) -> None:
    seen = set()
    for score in scores:
        key = (score.student, score.step, score.benchmark)
        if key in seen:
            raise SpecializeError(f"two scores of student {key[0]}, step {key[1]}, benchmark {key[2]}; give each once")
        seen.add(key)


def _refuse_missing(students: set[str], known: Any, what: str) -> None:
    missing = sorted(students.difference(known))
    if missing:
        raise SpecializeError(f"no {what} of student {', '.join(missing)}, though scores were given")


def _refuse_unscored(study: Study) -> None:
    for student in study.students:
        for criterion, step in sorted(study.selected[student].by.items()):
            if step is not None and step not in study.steps(student):
                raise SpecializeError(
                    f"{student}: step {step} is selected by {criterion}, but has no scores among those given"
                )
