"""The funnel: what was dropped at each step and why, in all and per teacher, as a file and as a table."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from specialize.traces.filter.candidates import Candidate


@dataclass(frozen=True)
class StepCount:
    """One row of the funnel."""

    step: str
    dropped: int
    left: int
    why: str


@dataclass(frozen=True)
class Funnel:
    """The counts of a whole run. `questions`: asked, with a completion, with a trace."""

    steps: list[StepCount]
    by_teacher: dict[str, list[StepCount]]
    questions: dict[str, int]


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
        self._steps.append(StepCount(step, len(self._left) - len(left), len(left), why))
        for teacher, counts in self._by_teacher.items():
            counts.append(StepCount(step, before[teacher] - after[teacher], after[teacher], why))
        self._left = list(left)

    def funnel(self) -> Funnel:
        """Return the counts so far."""
        questions = {
            "asked": self._asked,
            "with a completion": len(self._questions),
            "with a trace": len({candidate.problem.id for candidate in self._left}),
        }
        return Funnel(self._steps, self._by_teacher, questions)


def funnel_json(funnel: Funnel) -> dict[str, object]:
    """Return the funnel as the JSON value of results/traces/funnel.json."""
    return asdict(funnel)


def funnel_lines(funnel: Funnel) -> list[str]:
    """Return the funnel as a table for a human; the last line states the result."""
    total = _begun(funnel.steps)
    lines = [f"{'step':<32} {'dropped':>9} {'left':>9}  why", f"{'completions':<32} {'':>9} {total:>9,}"]
    lines += [f"{row.step:<32} {row.dropped:>9,} {row.left:>9,}  {row.why}".rstrip() for row in funnel.steps]
    lines += [f"{teacher}: kept {_share(steps)}" for teacher, steps in funnel.by_teacher.items()]
    kept, asked = funnel.questions["with a trace"], funnel.questions["asked"]
    return [*lines, f"kept {_share(funnel.steps)}, {kept:,} of {asked:,} questions"]


def _share(steps: Sequence[StepCount]) -> str:
    """Return `21,000 of 29,748 (70.6 %)`."""
    total, left = _begun(steps), steps[-1].left if steps else 0
    return f"{left:,} of {total:,} ({100 * left / max(total, 1):.1f} %)"


def _begun(steps: Sequence[StepCount]) -> int:
    return steps[0].dropped + steps[0].left if steps else 0


def _per_teacher(candidates: Sequence[Candidate]) -> Counter[str]:
    return Counter(candidate.completion.teacher for candidate in candidates)
