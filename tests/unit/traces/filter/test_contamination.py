"""When a training question stands in an evaluation problem."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specialize.records.problems import Problem
from specialize.traces.filter.contamination import Contamination, EvaluationQuestions

LONG = "Natalia sold clips to 48 of her friends in April, and half as many in May."


def evaluation(*questions: str) -> list[Problem]:
    return [
        Problem(id=f"e/test/{i}", dataset="e", question=question, answer="1", kind="number")
        for i, question in enumerate(questions)
    ]


@pytest.mark.parametrize(
    ("question", "overlap"),
    [
        (LONG, "same question"),
        (LONG.upper() + "!", "same words"),
        ("Today Natalia sold clips to 48 of her friends in April.", "shared words"),  # 11 words, 10 of them in a row
        ("Today Natalia sold clips to 47 of her friends in April.", None),
        ("Natalia sold clips to 48 of her friends in", None),  # 9 words
        ("He asks: what is 3 plus 4, then?", "shared words"),  # the short evaluation question, whole
        ("What is 3 plus five?", None),
        ("Yes or no?", None),
        ("", None),
        ("?", None),
    ],
)
def test_overlap(question: str, overlap: str | None) -> None:
    found = EvaluationQuestions(evaluation(LONG, "What is 3 plus 4?", "Yes or", "Ω?"), ngram=10).overlap_with(question)
    assert (found and found.overlap) == overlap


def test_names_the_first_problem_by_id() -> None:
    questions = EvaluationQuestions(evaluation(f"Well. {LONG}", LONG, LONG), ngram=10)
    assert questions.overlap_with(LONG) == Contamination("same question", "e/test/1")
    assert questions.overlap_with(f"Now, {LONG}") == Contamination("shared words", "e/test/0")


def test_nothing_to_compare_with() -> None:
    assert EvaluationQuestions([], ngram=10).overlap_with(LONG) is None


WORDS = st.lists(st.sampled_from(["a", "b", "c", "7"]), min_size=1, max_size=12).map(" ".join)


@given(st.lists(WORDS, max_size=8), WORDS, st.integers(3, 6), st.randoms(use_true_random=False))
def test_verdict_does_not_depend_on_order(asked: list[str], question: str, ngram: int, shuffler: random.Random) -> None:
    problems = evaluation(*asked)
    shuffled = problems.copy()
    shuffler.shuffle(shuffled)
    verdicts = [EvaluationQuestions(order, ngram).overlap_with(question) for order in (problems, shuffled)]
    assert verdicts[0] == verdicts[1]


@given(st.lists(WORDS, max_size=5), WORDS, st.integers(3, 6))
def test_agrees_with_the_plain_definition(asked: list[str], question: str, ngram: int) -> None:
    def shares(words: list[str], other: list[str]) -> bool:
        length = min(ngram, len(other))
        runs = {tuple(other[i : i + length]) for i in range(len(other) - length + 1)}
        return length >= 3 and any(tuple(words[i : i + length]) in runs for i in range(len(words) - length + 1))

    plain = any(question == other or shares(question.split(), other.split()) for other in asked)
    assert (EvaluationQuestions(evaluation(*asked), ngram).overlap_with(question) is not None) is plain


def test_without_a_length_only_whole_questions_overlap() -> None:
    questions = EvaluationQuestions(evaluation("how many eggs are left in the box now"), ngram=0)
    assert questions.overlap_with("how many eggs are left in the box tomorrow") is None
    assert questions.overlap_with("How many eggs are left in the box now?") is not None
