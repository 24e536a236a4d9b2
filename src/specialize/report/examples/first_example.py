"""The real example beside the headline: one problem of the seed dataset, before and after."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from specialize.records.problems import Problem
from specialize.report.arms import Arm
from specialize.report.examples.embed import SPLIT
from specialize.report.examples.outcomes import OUTCOMES, outcome
from specialize.report.examples.read_answers import Answer, Source, read_answers
from specialize.report.stats.contrasts import Evidence


@dataclass(frozen=True)
class Example:
    """One problem, answered by a student's start and by its selected checkpoint."""

    student: str
    steps: tuple[int, int]
    reading: str
    problem: Problem
    before: Answer
    after: Answer
    outcome: str
    counts: dict[str, int]
    """Outcome → problems, of all that the two answered."""


def first_example(
    evidence: Evidence, arm: Arm, sources: Sequence[Source],
    questions: Mapping[str, dict[str, Problem]],
) -> Example | None:  # fmt: skip
    """Return the first problem that training fixed for the first student of an arm, else the first of all.

    None where no test problem of the seed dataset was answered in the format of the params.
    """
    seed, student = evidence.seed(), arm.names[0]
    if seed is None:
        return None
    dataset = seed.datasets[0]
    steps = (evidence.start(student), evidence.front(student))
    found = {each.step: each for each in sources if (each.dataset, each.student) == (dataset, student)}
    if not set(steps) <= set(found):
        return None
    before, after = (read_answers(found[step].texts, found[step].judged, SPLIT) for step in steps)
    pairs = [
        (questions[dataset][id], before[id, format], after[id, format])
        for id, format in after
        if format == seed.format and (id, format) in before and id in questions[dataset]
    ]
    if not pairs:
        return None
    outcomes = [outcome(first, second, seed.reading) for _, first, second in pairs]
    place = outcomes.index("fixed") if "fixed" in outcomes else 0
    counts = Counter(outcomes)
    return Example(
        student, steps, seed.reading, *pairs[place], outcomes[place], {name: counts[name] for name in OUTCOMES}
    )
