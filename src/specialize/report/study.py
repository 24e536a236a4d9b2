"""The files of one run, read and checked."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from specialize.core.errors import RecordError, SpecializeError
from specialize.core.files import parse_record, read_json
from specialize.core.records import ProblemIndex, Score

CURVE = ("step", "loss", "grad_norm", "learning_rate")
"""The columns that every training curve begins with; others follow, blank where nothing was measured."""
CurveRow = dict[str, str]
"""A row of a training curve, numbers as they were written."""


class Foreign(BaseModel):
    """What this room reads of another room's file; fields that it does not know are none of its business."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Selected(Foreign):
    """results/scores/{student}/selected.json"""

    student: str
    format: str
    reading: str
    by: dict[str, int | None]
    """Criterion → step."""


class Manifest(Foreign):
    """results/checkpoints/{student}/step-{n}/manifest.json"""

    student: str
    step: int
    parameters: int = Field(ge=1)
    recipe_sha256: str = ""
    libraries: dict[str, str] = {}


class FunnelStep(Foreign):
    """One filter: how many completions it dropped, how many were left."""

    step: str
    dropped: int
    left: int
    why: str = ""


class Funnel(Foreign):
    """results/traces/funnel.json"""

    steps: list[FunnelStep]
    by_teacher: dict[str, list[FunnelStep]] = {}
    questions: dict[str, Any] = {}


@dataclass(frozen=True)
class Study:
    """Everything the report tells of. Students stand by size, then by name; scores by student, step, benchmark."""

    students: list[str]
    parameters: dict[str, int]
    scores: list[Score]
    selected: dict[str, Selected]
    manifests: list[Manifest]
    curves: dict[str, list[CurveRow]]
    funnel: Funnel
    problems: ProblemIndex

    def steps(self, student: str) -> list[int]:
        """Return the student's scored checkpoints, ascending."""
        return sorted({score.step for score in self.scores if score.student == student})

    def benchmarks(self, role: str) -> list[str]:
        """Return the names of the scored benchmarks of a role, sorted."""
        return sorted({score.benchmark for score in self.scores if score.role == role})


def read_study(
    problems: Path, funnel: Path, selected: Sequence[Path], curves: Sequence[Path], manifests: Sequence[Path],
    scores: Sequence[Path],
) -> Study:  # fmt: skip
    """Read a run's files. A student's curve is the one in the folder that bears its name.

    Raises SpecializeError where a scored student has no manifest or no selection, or a score comes twice.
    """
    found = sorted(
        (parse_record(str(path), read_json(path), Score) for path in scores),
        key=lambda score: (score.student, score.step, score.benchmark),
    )
    _refuse_twice(found)
    made = sorted(
        (parse_record(str(path), read_json(path), Manifest) for path in manifests),
        key=lambda manifest: (manifest.student, manifest.step),
    )
    parameters = {manifest.student: manifest.parameters for manifest in made}
    choices = [parse_record(str(path), read_json(path), Selected) for path in selected]
    chosen = {choice.student: choice for choice in choices}
    students = {score.student for score in found}
    _refuse_missing(students, parameters.keys(), "manifest (--manifests)")
    _refuse_missing(students, chosen.keys(), "selection (--selected)")
    study = Study(
        students=sorted(students, key=lambda student: (parameters[student], student)),
        parameters=parameters,
        scores=found,
        selected=chosen,
        manifests=[manifest for manifest in made if manifest.student in students],
        curves={path.parent.name: read_curve(path) for path in sorted(curves)},
        funnel=parse_record(str(funnel), read_json(funnel), Funnel),
        problems=parse_record(str(problems), read_json(problems), ProblemIndex),
    )
    _refuse_unscored(study)
    return study


def read_curve(path: Path) -> list[CurveRow]:
    """Read training.csv: step, loss per target token, gradient norm, learning rate, and both losses on one scale."""
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        columns = list(reader.fieldnames or [])
        if columns[: len(CURVE)] != list(CURVE):
            raise RecordError(f"{path}:1", "(header)", ",".join(CURVE), ",".join(columns))
        rows = []
        for number, row in enumerate(reader, start=2):
            for column in columns:
                if column in CURVE or row[column]:
                    _refuse_no_number(f"{path}:{number}", column, row[column])
            rows.append({column: row[column] or "" for column in columns})
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
