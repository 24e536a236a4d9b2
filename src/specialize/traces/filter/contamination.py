"""Which training questions stand, wholly or in part, in an evaluation problem.

Differs from the paper: no such check there; because near copies of GSM8K training questions do stand in GSM8K's own
test set (9), in ASDiv (12) and in SVAMP (2), and a trained-on question measures memory.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

from specialize.core.questions import question_words
from specialize.records.problems import Problem

Overlap = Literal["same question", "same words", "shared words"]

SHORTEST = 3
"""An evaluation question of fewer words is compared as a whole only: two words in a row prove nothing."""


@dataclass(frozen=True)
class Contamination:
    """How a question overlaps with the evaluation problems, and with which (the first by id)."""

    overlap: Overlap
    problem_id: str


class EvaluationQuestions:
    """Every evaluation problem, ready to be asked whether a question overlaps with it.

    `ngram`: number of words in a row that make an overlap. An evaluation question with fewer words (but at least
    SHORTEST) overlaps where all of it stands in the question. The verdict does not depend on the problems' order.
    """

    def __init__(self, problems: Iterable[Problem], ngram: int) -> None:
        self._ngram = ngram
        self._questions: dict[str, str] = {}
        self._words: dict[str, str] = {}
        self._runs: dict[bytes, str] = {}
        lengths = set()
        for problem in sorted(problems, key=lambda problem: problem.id):
            words = question_words(problem.question)
            self._questions.setdefault(problem.question, problem.id)
            if words:
                self._words.setdefault(" ".join(words), problem.id)
            length = min(ngram, len(words))
            if length >= SHORTEST:
                lengths.add(length)
                for run in word_runs(words, length):
                    self._runs.setdefault(run, problem.id)
        self._lengths = sorted(lengths, reverse=True)

    def overlap_with(self, question: str) -> Contamination | None:
        """Return the strongest overlap with any evaluation problem, or None."""
        if question in self._questions:
            return Contamination("same question", self._questions[question])
        words = question_words(question)
        if (joined := " ".join(words)) in self._words:
            return Contamination("same words", self._words[joined])
        for length in self._lengths:
            shared = [self._runs[run] for run in word_runs(words, length) if run in self._runs]
            if shared:
                return Contamination("shared words", min(shared))
        return None


def word_runs(words: list[str], length: int) -> Iterator[bytes]:
    """Yield 8-byte hashes of every run of `length` words: among millions of runs a false match has odds of 1e-6.

    Python's own hash differs from process to process; this one does not.
    """
    for start in range(len(words) - length + 1):
        yield blake2b(" ".join(words[start : start + length]).encode(), digest_size=8).digest()
