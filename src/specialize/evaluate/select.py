"""Choose a checkpoint, on validation problems alone.

Two choices stand side by side (paper, Table 3): by the seed dataset, where the wanted ability is in-distribution, and
by the mean of the out-of-distribution sets (paper: MultiArith, ASDiv, SVAMP). The start itself (step 0) is no
candidate. Of equals the earliest wins.
"""

import shutil
from collections.abc import Sequence
from operator import attrgetter
from pathlib import Path
from statistics import fmean

from specialize.core.errors import SpecializeError
from specialize.core.params.evaluation.scoring import ScoringParams
from specialize.records.scores import CRITERIA, Candidate, Score, Selected


def select(scores: Sequence[Score], params: ScoringParams) -> Selected:
    """Return the choice by each criterion.

    scores: one student's, of all its steps and benchmarks. A criterion without any validation problem chooses nothing.
    """
    students = {score.student for score in scores}
    if len(students) != 1:
        raise SpecializeError(f"select: expected the scores of one student, got {sorted(students) or 'none'}")
    wanted = ("validation", params.selection_format, params.selection_reading)
    candidates: list[Candidate] = []
    for step in sorted({score.step for score in scores if score.step > 0}):
        accuracies = {
            role: [
                row.accuracy
                for score in scores
                if score.step == step and score.role == role
                for row in score.rows
                if row.task is None and (row.split, row.format, row.reading) == wanted
            ]
            for role in CRITERIA
        }
        means = {role: round(fmean(found), 6) if found else None for role, found in accuracies.items()}
        candidates.append(Candidate(step=step, **means))
    by: dict[str, int | None] = {}
    for role in CRITERIA:
        # The earliest of equals: candidates ascend by step, and max returns the first.
        scored = [candidate for candidate in candidates if getattr(candidate, role) is not None]
        by[role] = max(scored, key=attrgetter(role)).step if scored else None
    return Selected(
        student=students.pop(),
        format=params.selection_format,
        reading=params.selection_reading,
        candidates=candidates,
        by=by,
    )


def selection_line(selected: Selected) -> str:
    """Return `s: selected step 5 by seed, step 9 by out-of-distribution`, for the log."""
    choices = [
        f"{'no checkpoint (no validation problems)' if step is None else f'step {step}'} by {role.replace('_', '-')}"
        for role, step in selected.by.items()
    ]
    return f"{selected.student}: selected {', '.join(choices)}"


def drop_others(scored: set[tuple[str, str]], folder: Path) -> None:
    """Remove what earlier params left: results hold what a build from scratch would hold.

    scored: (step-{n}, benchmark) of what stays.
    """
    steps = {step for step, _ in scored}
    for path in sorted(folder.glob("step-*")):
        if path.name not in steps:
            shutil.rmtree(path)
    for path in sorted(folder.glob("step-*/*")):
        if (path.parent.name, path.stem) not in scored:
            path.unlink()
