"""Which question a prompt asks."""

import time

import pytest

from specialize.teacher.simulated.parse_prompt import question_of
from specialize.teacher.simulated.parse_request import RefusalError


@pytest.mark.parametrize(
    "end", ["", "\nA:", "\n  A: ", "\nAnswer:\n", "\nLet's think step by step", " Let's think step by step.\n"]
)
def test_the_last_question_without_what_ends_it(end: str) -> None:
    assert question_of(f"Q: 1 + 1?\nA: 2\n\nQ:  2 + 2?\n How many? {end}") == "2 + 2?\n How many?"


@pytest.mark.parametrize("prompt", ["2 + 2?", "Q: \nA:", "Q: 2 + 2?\nA: 4"])
def test_no_question_or_a_begun_answer_is_refused(prompt: str) -> None:
    with pytest.raises(RefusalError):
        question_of(prompt)


@pytest.mark.parametrize("blanks", ["\n", " ", "\n "])
def test_time_grows_with_the_length(blanks: str) -> None:
    start = time.process_time()
    question_of(f"Q: 2 + 2?{blanks * 50_000}?")
    # Squared time would be a minute.
    assert time.process_time() - start < 2
