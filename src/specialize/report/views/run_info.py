"""How the numbers were made: decoding, prompts and checkpoints, from score files and manifests."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from specialize.core.params.report import ReportParams
from specialize.records.scores import Score
from specialize.report.load_results import Study
from specialize.report.selection import front_of

Planned = int | float | str | None


@dataclass(frozen=True)
class PromptDigest:
    """sha256 over the prompts of a benchmark in a format, and the students that were given these."""

    benchmark: str
    format: str
    digest: str
    students: list[str]


@dataclass(frozen=True)
class Origin:
    """What made a student's selected checkpoint."""

    student: str
    parameters: int
    step: int
    recipe: str
    """sha256 of the recipe it was trained by; empty where the manifest does not say."""
    checkpoint: str
    """sha256 of its manifest."""
    libraries: str


def plan_of(scores: Sequence[Score]) -> dict[str, str]:
    """Return how answers were decoded, key → value; the range or all values where scores differ."""
    keys = sorted({key for score in scores for key in score.plan})
    plan = {key: _spread(score.plan.get(key) for score in scores) for key in keys}
    return {"scorer version": ", ".join(sorted({score.scorer for score in scores})), **plan}


def prompt_digests(scores: Sequence[Score]) -> list[PromptDigest]:
    """Return each digest of prompts and the students that had them: a short context may leave out exemplars."""
    found: dict[tuple[str, str, str], set[str]] = {}
    for score in scores:
        for format, digest in score.prompts.items():
            found.setdefault((score.benchmark, format, digest), set()).add(score.student)
    return [PromptDigest(*key, sorted(students)) for key, students in sorted(found.items())]


def origins(study: Study, params: ReportParams) -> list[Origin]:
    """Return the origin of each student's selected checkpoint, by size."""
    rows = []
    for student in study.students:
        step = front_of(study, student, params.selected_by).step
        manifest = next((item for item in study.manifests if (item.student, item.step) == (student, step)), None)
        checkpoint = next(score.checkpoint for score in study.scores if (score.student, score.step) == (student, step))
        libraries = sorted(manifest.libraries.items()) if manifest else []
        rows.append(
            Origin(
                student=student,
                parameters=study.parameters[student],
                step=step,
                recipe=manifest.recipe_sha256 if manifest else "",
                checkpoint=checkpoint,
                libraries=", ".join(f"{name} {version}" for name, version in libraries),
            )
        )
    return rows


def _spread(values: Iterable[Planned]) -> str:
    distinct = set(values)
    if len(distinct) > 1 and all(isinstance(value, int | float) for value in distinct):
        numbers = [value for value in distinct if isinstance(value, int | float)]
        return f"{min(numbers):g} to {max(numbers):g}, by checkpoint and benchmark"
    return ", ".join(sorted("no limit" if value is None else str(value) for value in distinct))
