"""Questions that are in more than one set of problems, and answers that contradict each other."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from specialize.core.questions import normalised_question, question_words
from specialize.records.problems import Problem

Sets = Mapping[str, Sequence[Problem]]
"""Name such as `gsm8k train` → problems."""


@dataclass(frozen=True)
class Overlap:
    """Two sets, how many questions they share, and the ids of one problem of each."""

    left: str
    right: str
    questions: int
    example: tuple[str, str]


def overlaps(sets: Sets) -> list[Overlap]:
    """Return the pairs of sets that share a question (but for case and punctuation), the largest overlap first."""
    ids = {name: {normalised_question(p.question): p.id for p in reversed(problems)} for name, problems in sets.items()}
    found = []
    for left, right in combinations(sets, 2):
        if shared := sorted(ids[left].keys() & ids[right].keys()):
            found.append(Overlap(left, right, len(shared), (ids[left][shared[0]], ids[right][shared[0]])))
    return sorted(found, key=lambda each: -each.questions)


def near_copies(train: Sequence[Problem], evaluation: Sequence[Problem], ngram: int) -> list[Problem]:
    """Return the train problems that share a run of `ngram` words with an evaluation question."""
    known = {run for problem in evaluation for run in _runs(problem, ngram)}
    return [problem for problem in train if any(run in known for run in _runs(problem, ngram))]


def contradictions(problems: Sequence[Problem]) -> list[tuple[str, str]]:
    """Return pairs of ids with equal questions and different gold answers."""
    by_question: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        by_question[" ".join(problem.question.split())].append(problem)  # brackets and signs may be all that differs
    return [
        (first.id, other.id)
        for first, *others in by_question.values()
        for other in others
        if other.answer != first.answer
    ]


def _runs(problem: Problem, ngram: int) -> list[str]:
    words = question_words(problem.question)
    return [" ".join(words[start : start + ngram]) for start in range(len(words) - ngram + 1)]
