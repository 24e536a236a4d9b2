"""The funnel: counts what each step drops and why, in all and per teacher, and prints the table."""

from collections import Counter
from collections.abc import Sequence

from specialize.records.funnel import DroppedSample, Funnel, StepCount
from specialize.traces.filter.candidates import Candidate

LONGEST = 1000
"""Characters of a completion that an example shows."""


class FunnelCounter:
    """Takes what each step left over and counts it against what the step before left."""

    def __init__(self, candidates: Sequence[Candidate], asked: int) -> None:
        self._asked = asked
        self._questions = {candidate.problem.id for candidate in candidates}
        self._left = list(candidates)
        self._teachers = sorted({candidate.completion.teacher for candidate in candidates})
        self._steps: list[StepCount] = []
        self._by_teacher: dict[str, list[StepCount]] = {teacher: [] for teacher in self._teachers}

    def count(self, step: str, why: str, left: Sequence[Candidate]) -> None:
        """Count a step that left `left` over."""
        before, after = _per_teacher(self._left), _per_teacher(left)
        dropped = len(self._left) - len(left)
        example = _first_dropped(self._left, left) if dropped else None
        self._steps.append(StepCount(step=step, dropped=dropped, left=len(left), why=why, example=example))
        for teacher, counts in self._by_teacher.items():
            dropped = before[teacher] - after[teacher]
            counts.append(StepCount(step=step, dropped=dropped, left=after[teacher], why=why))
        self._left = list(left)

    def funnel(self) -> Funnel:
        """Return the counts so far."""
        questions = {
            "asked": self._asked,
            "with a completion": len(self._questions),
            "with a trace": len({candidate.problem.id for candidate in self._left}),
        }
        return Funnel(steps=self._steps, by_teacher=self._by_teacher, questions=questions)


def funnel_lines(funnel: Funnel) -> list[str]:
    """Return the funnel as a table for a human; the last line states the result."""
    total = _begun(funnel.steps)
    lines = [f"{'step':<32} {'dropped':>9} {'left':>9}  why", f"{'completions':<32} {'':>9} {total:>9,}"]
    lines += [f"{row.step:<32} {row.dropped:>9,} {row.left:>9,}  {row.why}".rstrip() for row in funnel.steps]
    lines += [f"{teacher}: kept {_share(steps)}" for teacher, steps in funnel.by_teacher.items()]
    kept, asked = funnel.questions["with a trace"], funnel.questions["asked"]
    return [*lines, f"kept {_share(funnel.steps)}, {kept:,} of {asked:,} questions"]


def _first_dropped(before: Sequence[Candidate], left: Sequence[Candidate]) -> DroppedSample | None:
    kept = {_key(candidate) for candidate in left}
    for candidate in before:
        if _key(candidate) not in kept:
            problem, completion = candidate.problem, candidate.completion
            return DroppedSample(
                problem_id=problem.id,
                teacher=completion.teacher,
                sample=completion.sample,
                question=problem.question,
                answer=problem.answer,
                text=completion.text[:LONGEST],
            )
    return None


def _key(candidate: Candidate) -> tuple[str, str, int]:
    return candidate.problem.id, candidate.completion.teacher, candidate.completion.sample


def _share(steps: Sequence[StepCount]) -> str:
    """Return `21,000 of 29,748 (70.6 %)`."""
    total, left = _begun(steps), steps[-1].left if steps else 0
    return f"{left:,} of {total:,} ({100 * left / max(total, 1):.1f} %)"


def _begun(steps: Sequence[StepCount]) -> int:
    return steps[0].dropped + steps[0].left if steps else 0


def _per_teacher(candidates: Sequence[Candidate]) -> Counter[str]:
    return Counter(candidate.completion.teacher for candidate in candidates)
