"""When two questions are the same question."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specialize.core.questions import normalised_question, question_words, split_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How  many eggs?", "how many eggs"),
        ("It's 1,000 men.", "it s 1000 men"),
        ("$1,200, $1,350 and $3,000", "$1200, $1350 and $3000"),
        ("1\u202f200 or 1’200", "1200 or 1,200"),
        ("Zoë's crêpes for the fête", "Zoe's crepes for the fete"),
        ("½ cup", "1/2 cup"),
        ("Tom’s eggs", "Tom's eggs"),
        (" a\nb\u00a0c ", "a-b_c"),
    ],
)
def test_the_same_question(one: str, other: str) -> None:
    assert normalised_question(one) == normalised_question(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("5 eggs", "6 eggs"), ("ab c", "a bc"), ("多少", "几个"), ("1,2000", "12000"), ("1,200", "1.200"), ("", "a")],
)
def test_another_question(one: str, other: str) -> None:
    assert normalised_question(one) != normalised_question(other)


def test_words() -> None:
    assert question_words("Ann's 2nd egg: $1.50?") == ["ann", "s", "2nd", "egg", "1", "50"]


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalised_question(text)
    assert normalised_question(once) == once


def test_draws_do_not_move_when_more_questions_are_equal() -> None:
    assert split_key("Zoë has $1,200.") == "zo has 1 200"
