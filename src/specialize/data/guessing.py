"""What guessing gets right: the accuracies that any score has to be seen beside.

constant  the answer that is right most often (of a suite: for each task)
asked     the commonest answer of the training problems that ask in the same words, names and numbers aside
numbers   one operation on the numbers of the question, the same for all: the first, last, largest one, their sum, …

The first and the last are chosen on the test problems themselves, so no guess of their kind does better.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

from specialize.records.problems import Problem

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_WORD = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_MOST_NUMBERS = 32
"""In a question; longer ones are no word problems, and the product of their numbers no answer."""
_OPERATIONS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "first": lambda numbers: numbers[0],
    "last": lambda numbers: numbers[-1],
    "largest": max,
    "sum": math.fsum,
    "product": math.prod,
    "first without the others": lambda numbers: numbers[0] - math.fsum(numbers[1:]),
    "difference of the last two": lambda numbers: abs(numbers[-1] - numbers[-2]) if len(numbers) > 1 else numbers[0],
}


def guesses(train: Sequence[Problem], test: Sequence[Problem]) -> dict[str, float]:
    """Return guess → share of the test problems that it gets right; without those that do not apply."""
    found = {"constant": _constant(test)}
    numeric = [problem for problem in test if problem.kind == "number"]
    if train and numeric and train[0].kind == "number":
        found["asked"] = _asked(train, test)
    if numeric:
        found["numbers"] = _numbers(numeric) / len(test)
    return {name: round(share, 4) for name, share in found.items()}


def _constant(test: Sequence[Problem]) -> float:
    answers: defaultdict[str | None, Counter[str]] = defaultdict(Counter)
    for problem in test:
        answers[problem.task][problem.answer] += 1
    return sum(max(counted.values()) for counted in answers.values()) / len(test)


def _asked(train: Sequence[Problem], test: Sequence[Problem]) -> float:
    answers: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for problem in train:
        answers[_asking(problem.question)][problem.answer] += 1
        answers[""][problem.answer] += 1
    return sum(
        min(answers.get(_asking(problem.question), answers[""]).items(), key=lambda item: (-item[1], item[0]))[0]
        == problem.answer
        for problem in test
    ) / len(test)


def _asking(question: str) -> str:
    """Return the last sentence without its numbers and its words with a capital letter, but for the first one."""
    sentence = _SENTENCE_END.split(question.strip())[-1]
    first, *others = _WORD.findall(sentence) or [""]
    return " ".join([first, *(word for word in others if word.islower())])


def _numbers(test: Sequence[Problem]) -> int:
    """Return how many problems the best operation solves."""
    right: Counter[str] = Counter()
    for problem in test:
        numbers = [float(number) for number in _NUMBER.findall(problem.question)][:_MOST_NUMBERS]
        for name, operation in _OPERATIONS.items():
            right[name] += bool(numbers) and _is(problem.answer, operation(numbers))
    return max(right.values())


def _is(answer: str, value: float) -> bool:
    try:
        return float(answer) == value
    except ValueError:  # 1/3
        return False
