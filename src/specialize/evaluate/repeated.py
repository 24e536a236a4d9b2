"""Several answers to each question: pass@1 with its error, pass@k, majority vote.

The answers to one question are alike, so every error is clustered by question: each question is one observation, the
share of its answers that are right.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from math import comb, sqrt
from statistics import fmean

from scipy.stats import t

from specialize.core.answers import Reading
from specialize.records.scores import Sampled

Answers = Sequence[Reading]
"""What a reading found in each answer to one question."""


def sampled(tasks: Sequence[Sequence[Answers]]) -> Sampled:
    """Return the accuracies of a benchmark: for each task its questions, for each question its answers.

    Every question has the same number of answers. A benchmark without tasks is one task.
    """
    samples = len(tasks[0][0])

    def mean(value_of: Callable[[Answers], float]) -> float:
        return fmean(fmean(value_of(answers) for answers in questions) for questions in tasks)

    return Sampled(
        samples=samples,
        standard_error=round(standard_error([[share(answers) for answers in questions] for questions in tasks]), 6),
        variance=round(mean(variance), 6),
        pass_at={str(k): round(mean(partial(_pass_at, k)), 6) for k in ks(samples)},
        majority=round(mean(lambda answers: float(majority(answers))), 6),
    )


def ks(samples: int) -> list[int]:
    """Return the k of pass@k: powers of two, and all samples."""
    return sorted({1, samples, *(2**power for power in range(samples.bit_length()) if 2**power <= samples)})


def pass_at(k: int, n: int, correct: int) -> float:
    """Return the probability that of k of n answers, drawn without replacement, one of `correct` is among them.

    Unbiased for the probability that k fresh answers hold a right one. Source: Chen et al. 2021,
    https://arxiv.org/abs/2107.03374, equation 1.
    """
    return 1 - comb(n - correct, k) / comb(n, k)


def _pass_at(k: int, answers: Answers) -> float:
    return pass_at(k, len(answers), right(answers))


def majority(answers: Answers) -> bool:
    """Whether the most frequent answer is right; the first of equals. Texts without an answer have no vote."""
    votes = Counter(reading.answer for reading in answers if reading.answer is not None)
    if not votes:
        return False
    (winner, _), *_ = votes.most_common(1)
    return next(reading.correct for reading in answers if reading.answer == winner)


def right(answers: Answers) -> int:
    """Return the number of right answers."""
    return sum(reading.correct for reading in answers)


def share(answers: Answers) -> float:
    """Return the share of right answers."""
    return right(answers) / len(answers)


def variance(answers: Answers) -> float:
    """Return the unbiased variance of being right among the answers to one question; 0 for a single answer."""
    n, p = len(answers), share(answers)
    return p * (1 - p) * n / (n - 1) if n > 1 else 0.0


def standard_error(tasks: Sequence[Sequence[float]]) -> float:
    """Return the standard error of the mean over tasks of the mean over questions; 0 for a task of one question."""
    errors = []
    for values in tasks:
        n, mean = len(values), fmean(values)
        errors.append(sum((value - mean) ** 2 for value in values) / (n - 1) / n if n > 1 else 0.0)
    return sqrt(sum(errors)) / len(tasks)


def interval(accuracy: float, error: float, questions: int, confidence: float) -> tuple[float, float]:
    """Return the interval of a mean over questions, by Student's t; within 0 and 1."""
    half = float(t.ppf((1 + confidence) / 2, max(1, questions - 1))) * error
    return max(0.0, accuracy - half), min(1.0, accuracy + half)
