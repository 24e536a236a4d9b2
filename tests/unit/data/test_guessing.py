"""Baselines: what a guess gets right."""

import pytest

from specialize.data.guessing import guesses
from specialize.records.problems import Problem


def number(question: str, answer: str, task: str | None = None) -> Problem:
    return Problem(id=question, dataset="d", question=question, answer=answer, kind="number", task=task)


def test_the_constant_is_the_commonest_answer_of_each_task():
    problems = [number(f"q{n}", answer, task) for n, (answer, task) in enumerate([("1", "a"), ("1", "a"), ("2", "b")])]
    assert guesses([], problems)["constant"] == 1.0
    assert guesses([], [*problems, number("other", "3", "b"), number("more", "4", "b")])["constant"] == 0.6


def test_what_is_asked_tells_the_answer_of_training():
    train = [number(f"Ada has {n} hats. How many hats has Ada in all?", "5") for n in range(4)]
    train += [number("Ada has 4 hats. What do they cost?", "9")]
    test = [
        number("Ben has 7 hats. How many hats has Ben in all?", "5"),
        number("Ben sells 1. What do they cost?", "9"),
    ]
    assert guesses(train, test)["asked"] == 1.0
    assert guesses(train, [number("Why is it 5?", "5")])["asked"] == 1.0, (
        "words that training never asks: its commonest"
    )


@pytest.mark.parametrize(
    ("question", "answer"),
    [("3 and 4", "7"), ("12 less 4", "8"), ("3 times 5", "15"), ("2, then 9, then 4", "9"), ("1 of 6", "6")],
)
def test_one_operation_on_the_numbers(question, answer):
    assert guesses([], [number(question, answer)])["numbers"] == 1.0


def test_one_operation_for_all_of_them():
    assert guesses([], [number("3 and 4", "7"), number("12 less 4", "8")])["numbers"] == 0.5
    assert guesses([], [number("none", "7")])["numbers"] == 0.0


def test_texts_have_no_numbers_to_work_on():
    problems = [Problem(id="a", dataset="d", question="Sort: b a", answer="a b", kind="text")]
    assert guesses([number("Why?", "1")], problems) == {"constant": 1.0}


def test_long_questions_and_fractions_do_not_fail():
    assert guesses([], [number(" ".join(["9" * 200] * 50), "1/3")])["numbers"] == 0.0
