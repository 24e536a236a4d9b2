"""Splits, drawn by seed: exact sizes, equal questions together, and no problem changes its split as a dataset grows."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set

from specialize.core.errors import ParamsError
from specialize.core.files import sha256_text
from specialize.core.questions import normalised_question, split_key
from specialize.records.problems import Problem


def shared_questions(evaluation: Mapping[str, Iterable[Problem]]) -> set[str]:
    """Return the normalised questions that occur in more than one dataset."""
    datasets = Counter(
        question for each in evaluation.values() for question in {normalised_question(p.question) for p in each}
    )
    return {question for question, count in datasets.items() if count > 1}


def draw_validation(
    problems: Sequence[Problem], count: int, seed: int, drawn_from: int | None = None, excluded: Set[str] = frozenset()
) -> tuple[list[Problem], list[Problem]]:
    """Return (validation, test), both in the order of `problems`.

    Among the first `drawn_from` problems (None: all), questions are ranked by the sha256 of seed and question, and the
    first ones make up `count` validation problems. Problems with equal questions are taken whole; one is passed over
    where taking it would make `count` unreachable. `excluded` questions are never taken. Rows behind `drawn_from` are
    test problems, but for one that repeats a validation question, which joins its twin: nothing that was validated on
    may stand in the test split. So rows that a source grows behind `drawn_from` move no earlier problem.

    Raises ParamsError where `count` cannot be reached.
    """
    questions = [normalised_question(problem.question) for problem in problems]
    sizes = Counter(question for question in questions[:drawn_from] if question not in excluded)
    keys: dict[str, str] = {}
    for problem, question in zip(problems, questions, strict=True):
        keys.setdefault(question, split_key(problem.question))
    taken = _take(sorted(sizes, key=lambda question: sha256_text(f"{seed}\n{keys[question]}")), sizes, count)
    if taken is None:
        within = f"{sum(sizes.values())} problems with {len(sizes)} questions"
        limit = f" of the first {drawn_from} rows" if drawn_from else ""
        raise ParamsError(
            f"cannot draw {count} validation problems from {within}{limit} (questions shared with another evaluation "
            "set are never drawn). Lower 'validation' or raise 'drawn_from'"
        )
    validation = [problem for problem, question in zip(problems, questions, strict=True) if question in taken]
    test = [problem for problem, question in zip(problems, questions, strict=True) if question not in taken]
    return validation, test


def split_off_train(problems: Sequence[Problem], share: float, seed: int) -> tuple[list[Problem], list[Problem]]:
    """Return (train, evaluation), both in the order of `problems`; about `share` of the questions become train.

    The sha256 of seed and question decides: equal questions stay together, and no row's split depends on another row.
    """
    limit = int(share * 16**8)
    is_train = [int(sha256_text(f"{seed}/train/{normalised_question(p.question)}")[:8], 16) < limit for p in problems]
    train = [problem for problem, taken in zip(problems, is_train, strict=True) if taken]
    return train, [problem for problem, taken in zip(problems, is_train, strict=True) if not taken]


def _take(ranked: Sequence[str], sizes: Mapping[str, int], count: int) -> set[str] | None:
    """Return questions, in ranked order, whose sizes add up to `count`; None if no selection does."""
    # reachable[i] has bit s set where some of the questions from the i-th on have s problems together.
    within = (1 << (count + 1)) - 1
    reachable = [1]
    for question in reversed(ranked):
        reachable.append(reachable[-1] | (reachable[-1] << sizes[question] & within))
    reachable.reverse()
    if not reachable[0] >> count & 1:
        return None
    taken, left = set(), count
    for index, question in enumerate(ranked):
        rest = left - sizes[question]
        if rest >= 0 and reachable[index + 1] >> rest & 1:
            taken.add(question)
            left = rest
    return taken
