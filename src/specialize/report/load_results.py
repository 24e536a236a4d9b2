"""Read and check the files of a run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas

from specialize.core.errors import RecordError, SpecializeError
from specialize.core.files import parse_record, read_json, read_records
from specialize.core.params.report import ReportRun
from specialize.core.params.training.optimizer import cooldown_steps
from specialize.core.statistics.question_families import question_family
from specialize.records.checkpoints import OBJECTIVE_COLUMNS, UPDATE_COLUMNS, CheckpointManifest
from specialize.records.coverage import Coverage
from specialize.records.funnel import Contamination, Funnel
from specialize.records.problems import Problem, ProblemIndex
from specialize.records.scores import Score, Selected

FIRST = 10 / 260
"""Share of the training at which the paper's first checkpoint of its 3B student was taken (10K of 260K micro-batches,
Fig. 3A1). A run may score much earlier ones, of which the paper says nothing."""


@dataclass(frozen=True)
class Inputs:
    """What the command line names: files and folders of results/."""

    problems: Path
    funnel: Path
    scores: Path
    checkpoints: Path
    predictions: Path
    coverage: Sequence[Path]
    contamination: Path | None = None


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
    """(student, step, benchmark, path) of the checkpoints that are compared problem by problem: what they wrote."""
    judgements: list[tuple[str, int, str, Path]]
    """The same: what the judge found."""
    coverage: list[Path]
    questions: list[Path]
    """The evaluation problems themselves."""
    contamination: Path | None = None

    def all(self) -> list[Path]:
        """Return every file."""
        lists = (self.selected, self.curves, self.manifests, self.scores, self.coverage, self.questions)
        predictions = [path for *_, path in (*self.predictions, *self.judgements)]
        single = [path for path in (self.problems, self.funnel, self.contamination) if path]
        return [*single, *(path for paths in lists for path in paths), *predictions]


@dataclass(frozen=True)
class Study:
    """All that the report is about. Students are sorted by size, then name; scores by student, step, benchmark."""

    students: list[str]
    parameters: dict[str, int]
    scores: list[Score]
    selected: dict[str, Selected]
    manifests: list[CheckpointManifest]
    curves: pandas.DataFrame
    """The training curves: student, UPDATE_COLUMNS and what one of them has of OBJECTIVE_COLUMNS; numbers as they were
    written, empty where a student did not log them."""
    funnel: Funnel
    problems: ProblemIndex
    coverage: dict[str, Coverage]
    """Tokenizer → coverage of its alignment."""
    families: dict[str, dict[str, str]] = field(default_factory=dict)
    """Dataset → problem id → a key that variants of one question share; of a dataset that is not there, every problem
    stands for itself."""
    contamination: Contamination | None = None
    """How the traces overlap with the evaluation sets; None where it was not measured."""

    def steps(self, student: str) -> list[int]:
        """Return the student's scored checkpoints, ascending."""
        return self._steps[student]

    @cached_property
    def _steps(self) -> dict[str, list[int]]:
        """Student → steps."""
        pairs = sorted({(score.student, score.step) for score in self.scores})
        return {student: [step for _, step in steps] for student, steps in groupby(pairs, lambda pair: pair[0])}

    def training_params(self, student: str) -> dict[str, Any]:
        """Return the params of the recipe that the student was trained by; empty where its manifest does not say."""
        return next((manifest.recipe.params for manifest in self.manifests if manifest.student == student), {})

    def benchmarks(self, role: str) -> list[str]:
        """Return the names of the scored benchmarks of a role, sorted."""
        return sorted({score.benchmark for score in self.scores if score.role == role})


def files_of(inputs: Inputs, run: ReportRun) -> StudyFiles:
    """Return the files of the students and datasets that a recipe names.

    Predictions and judgements are read for a few checkpoints of each student only: the start, the first, the first as
    late as the paper's, the one at two thirds, the last and the selected ones.

    Raises SpecializeError where a student has no scores.
    """
    scores, checkpoints, predictions = inputs.scores, inputs.checkpoints, inputs.predictions
    selected, curves, manifests, scored, compared_files = [], [], [], [], []
    for student in sorted(run.students):
        steps = sorted(int(path.name.removeprefix("step-")) for path in (scores / student).glob("step-*"))
        if not steps:
            raise SpecializeError(f"{scores / student}: no scores of student {student}; run the phase `evaluate` first")
        selected.append(scores / student / "selected.json")
        curves.append(checkpoints / student / "training.csv")
        manifests += [checkpoints / student / f"step-{step}" / "manifest.json" for step in steps]
        scored += [scores / student / f"step-{step}" / f"{name}.json" for step in steps for name in run.datasets]
        choice = parse_record(str(selected[-1]), read_json(selected[-1]), Selected)
        compared = {steps[0], steps[min(1, len(steps) - 1)], early_step(steps)}
        compared |= {step for step in steps if step >= late_step(steps)}
        compared |= {step for step in choice.by.values() if step in steps}
        compared_files += [
            (student, step, name, Path(student) / f"step-{step}" / f"{name}.parquet")
            for step in sorted(compared)
            for name in run.datasets
        ]
    texts, judgements = (
        [(student, step, name, folder / path) for student, step, name, path in compared_files]
        for folder in (predictions, scores)
    )
    asked = [
        inputs.problems.parent / name / f"{split}.jsonl" for name in run.datasets for split in ("validation", "test")
    ]
    return StudyFiles(
        inputs.problems,
        inputs.funnel,
        selected,
        curves,
        manifests,
        scored,
        texts,
        judgements,
        sorted(inputs.coverage),
        questions=[path for path in asked if path.is_file()],
        contamination=inputs.contamination,
    )


def early_step(steps: Sequence[int]) -> int:
    """Return the first of ascending steps at or after the paper's first checkpoint, as a share of the training."""
    return next(step for step in steps if step >= FIRST * steps[-1])


def late_step(steps: Sequence[int]) -> int:
    """Return the first of ascending steps at or after two thirds of the last one."""
    return next(step for step in steps if 3 * step >= 2 * steps[-1])


def before_decay(steps: Sequence[int], params: Mapping[str, Any]) -> int:
    """Return the last of ascending steps at which the learning rate had not begun its final decay.

    params: those that the student was trained by. Under a schedule without such an end it is the last step.
    """
    decay = cooldown_steps(params.get("schedule", ""), params.get("decay_steps"), steps[-1])
    return max(step for step in steps if step <= steps[-1] - decay)


def read_study(files: StudyFiles) -> Study:
    """Read a run's files; a curve's student and a coverage's tokenizer are the names of their folders.

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
        curves=join_curves({path.parent.name: read_curve(path) for path in sorted(files.curves)}),
        funnel=parse_record(str(files.funnel), read_json(files.funnel), Funnel),
        problems=parse_record(str(files.problems), read_json(files.problems), ProblemIndex),
        coverage={path.parent.name: parse_record(str(path), read_json(path), Coverage) for path in files.coverage},
        families=read_families(files.questions),
        contamination=read_contamination(files.contamination) if files.contamination else None,
    )
    _refuse_unscored(study)
    return study


def read_families(files: Sequence[Path]) -> dict[str, dict[str, str]]:
    """Return dataset → problem id → question family, of results/problems/{dataset}/{split}.jsonl."""
    families: dict[str, dict[str, str]] = {}
    for path in files:
        known = families.setdefault(path.parent.name, {})
        known.update((problem.id, question_family(problem.question)) for problem in read_records(path, Problem))
    return families


def read_contamination(path: Path) -> Contamination:
    """Read results/traces/contamination.json."""
    return parse_record(str(path), read_json(path), Contamination)


def read_curve(path: Path) -> pandas.DataFrame:
    """Read the UPDATE_COLUMNS of training.csv and what it has of OBJECTIVE_COLUMNS, numbers as they were written.

    Raises RecordError where a column is missing or a cell holds no number; one of OBJECTIVE_COLUMNS may be empty.
    """
    try:
        curve = pandas.read_csv(path, dtype=str, keep_default_na=False)
    except (pandas.errors.ParserError, pandas.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise RecordError(str(path), "(whole file)", "a CSV table", str(error)) from None
    if missing := [column for column in UPDATE_COLUMNS if column not in curve]:
        raise RecordError(f"{path}:1", missing[0], f"the columns {','.join(UPDATE_COLUMNS)}", ",".join(curve.columns))
    for column in (*UPDATE_COLUMNS, *OBJECTIVE_COLUMNS):
        for number, text in enumerate(curve.get(column, ()), start=2):
            if not _is_number(text) and (text or column in UPDATE_COLUMNS):
                raise RecordError(f"{path}:{number}", column, "a number", text)
    return curve[[column for column in (*UPDATE_COLUMNS, *OBJECTIVE_COLUMNS) if column in curve]]


def join_curves(curves: Mapping[str, pandas.DataFrame]) -> pandas.DataFrame:
    """Return the students' curves in one table; a column of OBJECTIVE_COLUMNS that none of them filled is left out."""
    tables = [curve.assign(student=student) for student, curve in sorted(curves.items())]
    table = pandas.concat([pandas.DataFrame(columns=["student", *UPDATE_COLUMNS]), *tables], ignore_index=True).fillna(
        ""
    )
    return table[
        [
            "student",
            *UPDATE_COLUMNS,
            *(column for column in OBJECTIVE_COLUMNS if table.get(column, pandas.Series()).any()),
        ]
    ]


def _is_number(text: object) -> bool:
    try:
        float(str(text))
    except ValueError:
        return False
    return True


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
