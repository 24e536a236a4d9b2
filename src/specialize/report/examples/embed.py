"""The examples that the page holds: questions and answers, compressed, bounded.

A block is JSON, deflated (zlib) and written in base64; the page inflates those that it shows. One holds the questions
of a dataset, the others the answers of a student to it, at all embedded checkpoints.
"""

import base64
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from specialize.core.printable import printable
from specialize.records.problems import Problem
from specialize.report.arms import Arm
from specialize.report.examples.outcomes import FILTERS
from specialize.report.examples.read_answers import MARKERS, Answer, Key, Source, characters, read_answers
from specialize.report.stats.contrasts import Evidence

LARGEST = 8_000_000
"""Characters of generated texts that a page embeds at most; deflated and in base64 they take about a quarter."""
LONGEST = 2000
"""Characters of a generated text that are shown; the end of a longer one is left out."""
LONGEST_FOUND = 60
FEWEST = 5
"""Problems of a dataset that are embedded even where that exceeds LARGEST."""
SPLIT = "test"


@dataclass(frozen=True)
class Examples:
    """What the page embeds."""

    index: dict[str, Any]
    """Students with their checkpoints, datasets with their formats and readings, names of filters."""
    blocks: dict[str, str]
    """Name → base64: `{dataset}` and `{student}/{dataset}`."""
    problems: int
    """Problems that are embedded, and how many there are."""
    of: int
    checkpoints: int
    of_checkpoints: int

    def left_out(self) -> list[str]:
        """Return what is not embedded, and why."""
        left = []
        if self.problems < self.of:
            left.append(f"problems at even distances, so that all texts stay below {LARGEST:,} characters")
        if self.checkpoints < self.of_checkpoints:
            left.append("checkpoints that no finding compares, and those between start and selection of further seeds")
        return left


def embed(evidence: Evidence, sources: Sequence[Source], questions: Mapping[str, dict[str, Problem]]) -> Examples:
    """Return the examples of a run. questions: dataset → id → problem, of the test problems.

    Of an arm's seeds after the first only the start and the selected checkpoint are embedded. Where the texts would
    exceed LARGEST, the same share of every dataset's problems is left out, at even distances.
    """
    kept = [each for each in sources if _is_kept(evidence, each)]
    total = sum(characters(each.texts, SPLIT, LONGEST) for each in kept)
    share = min(1.0, LARGEST / total) if total else 1.0
    shown = {dataset: _spread(list(known.values()), share) for dataset, known in questions.items()}
    blocks: dict[str, str] = {}
    datasets = []
    for dataset, problems in shown.items():
        ids = [problem.id for problem in problems]
        by_student: dict[str, dict[int, dict[Key, Answer]]] = {}
        for each in kept:
            if each.dataset == dataset:
                by_student.setdefault(each.student, {})[each.step] = read_answers(each.texts, each.judged, SPLIT, ids)
        answered = {
            key: answer for steps in by_student.values() for found in steps.values() for key, answer in found.items()
        }
        if not answered:
            continue
        formats = list(dict.fromkeys(format for _, format in answered))
        readings = sorted({reading for answer in answered.values() for reading in answer.right}, key=_reading_order)
        items = [(id, format) for format in formats for id in ids if (id, format) in answered]
        places = {id: place for place, id in enumerate(ids)}
        blocks[dataset] = _packed({
            "problems": [[each.id, each.task, printable(each.question), printable(each.answer)] for each in problems],
            "items": [[places[id], formats.index(format)] for id, format in items],
        })  # fmt: skip
        for student, steps in by_student.items():
            blocks[f"{student}/{dataset}"] = _packed(_answers(steps, items, readings))
        datasets.append(_described(evidence, dataset, formats, readings))
    return Examples(
        index={
            "students": _students(evidence, kept),
            "datasets": datasets,
            "filters": list(FILTERS),
            "markers": MARKERS,
        },
        blocks=blocks,
        problems=sum(len(problems) for problems in shown.values()),
        of=sum(len(known) for known in questions.values()),
        checkpoints=len({(each.student, each.step) for each in kept}),
        of_checkpoints=len({(score.student, score.step) for score in evidence.study.scores}),
    )


def _is_kept(evidence: Evidence, source: Source) -> bool:
    arm = _arm_of(evidence, source.student)
    return source.student == arm.names[0] or source.step in (
        evidence.start(source.student),
        evidence.front(source.student),
    )


def _arm_of(evidence: Evidence, student: str) -> Arm:
    return next(arm for arm in evidence.arms if student in arm.names)


def _spread(problems: list[Problem], share: float) -> list[Problem]:
    """Return a share of the problems, at even distances: a suite's tasks follow one another."""
    count = min(len(problems), max(FEWEST, int(share * len(problems))))
    return [problems[place * len(problems) // count] for place in range(count)]


def _answers(
    steps: Mapping[int, Mapping[Key, Answer]], items: Sequence[Key], readings: Sequence[str]
) -> dict[str, Any]:
    """Return what a student answered: a row for each item, in it a cell for each step; null where it was not asked.

    A mark is a digit for each reading, 1 where the answer is right.
    """
    rows = [[by_item.get(item) for by_item in steps.values()] for item in items]

    def cells(of: Callable[[Answer], Any]) -> list[list[Any]]:
        return [[of(answer) if answer else None for answer in row] for row in rows]

    return {
        "steps": list(steps),
        "texts": cells(lambda answer: _cut(answer.text, LONGEST)),
        "marks": cells(lambda answer: "".join(str(int(answer.right.get(name, False))) for name in readings)),
        "found": cells(lambda answer: _found(answer, readings)),
    }


def _found(answer: Answer, readings: Sequence[str]) -> list[str | None]:
    return [None if (found := answer.found.get(name)) is None else _cut(found, LONGEST_FOUND) for name in readings]


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[:longest] + " …"


def _described(evidence: Evidence, dataset: str, formats: Sequence[str], readings: Sequence[str]) -> dict[str, Any]:
    params = evidence.params
    preferred = {params.format, params.reading, params.generic_format, params.generic_reading}
    return {
        "name": dataset,
        "role": next(score.role for score in evidence.study.scores if score.benchmark == dataset),
        "formats": formats,
        "format": next((index for index, name in enumerate(formats) if name in preferred), 0),
        "readings": readings,
        "reading": next((index for index, name in enumerate(readings) if name in preferred), 0),
    }


def _students(evidence: Evidence, kept: Sequence[Source]) -> list[dict[str, Any]]:
    return [
        {
            "name": student,
            "arm": _arm_of(evidence, student).name,
            "steps": sorted({each.step for each in kept if each.student == student}),
            "selected": evidence.front(student),
        }
        for arm in evidence.arms
        for student in arm.names
    ]


def _reading_order(reading: str) -> tuple[bool, str]:
    return reading not in MARKERS, reading


def _packed(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode("utf-8", "replace"), 9)).decode("ascii")
