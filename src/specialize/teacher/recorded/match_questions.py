"""Which problem a recorded row answers: found by the question's text, for recorded files bear no ids of ours."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from specialize.core.questions import normalised_question
from specialize.records.problems import Problem

How = Literal["matched exactly", "matched normalised", "unmatched", "ambiguous"]
HOWS: tuple[How, ...] = ("matched exactly", "matched normalised", "unmatched", "ambiguous")


@dataclass(frozen=True)
class Match:
    """The problem that has the question (None: none, or more than one) and how it was found."""

    problem: Problem | None
    how: How


class QuestionIndex:
    """The problems, to be found by question: exactly first, then normalised. What is ambiguous is never guessed."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self._exact: dict[str, list[Problem]] = defaultdict(list)
        self._normalised: dict[str, list[Problem]] = defaultdict(list)
        for problem in problems:
            self._exact[problem.question].append(problem)
            self._normalised[normalised_question(problem.question)].append(problem)

    def match(self, question: str) -> Match:
        """Return the problem with this question."""
        found = self._exact.get(question, [])
        how: How = "matched exactly"
        if not found:
            found = self._normalised.get(normalised_question(question), [])
            how = "matched normalised"
        if len(found) == 1:
            return Match(found[0], how)
        return Match(None, "ambiguous" if found else "unmatched")
