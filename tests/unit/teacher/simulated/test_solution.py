"""Worked solutions, read; and the questions of prompts."""

import pytest
from local_problems import CHAIN, FREE, TWINS, problem

from specialize.teacher.simulated.parse_prompt import question_of, question_of_messages
from specialize.teacher.simulated.parse_request import RefusalError
from specialize.teacher.simulated.solution import Operand, apply, solution_of


def test_steps_and_what_they_go_on_from() -> None:
    first, second = solution_of(CHAIN).steps
    assert (first.before, first.operation, first.result, first.after) == ("Ada has", "+", 8, " apples")
    assert (second.left, second.right, second.needs) == (Operand(8, 0), Operand(2), {0})
    assert [step.needs for step in solution_of(FREE).steps] == [set(), set(), {0, 1}]
    assert [step.needs for step in solution_of(TWINS).steps] == [set(), set(), {0, 1}]
    assert solution_of(FREE).given == {1, 2, 3, 4}


@pytest.mark.parametrize(
    ("lines", "answer", "message"),
    [
        (["Ada has 5 + 3 = 9 apples."], 9, "line 1 of its worked solution: expected a right equation, got '5 + 3 = 9'"),
        (["So 7 / 2 = 3."], 3, "expected a right equation"),
        (["So 7 / 0 = 7."], 7, "expected a right equation"),
        (["Ada has some apples."], 1, "expected exactly one equation"),
        (["So 1 + 1 = 2 and 2 + 2 = 4."], 4, "expected exactly one equation"),
        (["So 1.5 + 1 = 2.5."], 2, "expected exactly one equation"),
        (["So 1 + 1 = 2."], 3, "expected a worked solution that ends in 3, got 2"),
        ([], 3, "got no worked solution"),
    ],
)
def test_unreadable_solutions(lines: list[str], answer: int, message: str) -> None:
    with pytest.raises(RefusalError, match=r".*") as caught:
        solution_of(problem("bad", *lines, answer=answer))
    assert message in caught.value.message
    assert "problem bad" in caught.value.message


def test_division_after_a_mistake() -> None:
    assert [apply("/", 7, 2), apply("/", 7, 0), apply("/", 8, 4)] == [3, 0, 2]


@pytest.mark.parametrize(
    "prompt",
    [
        "Question: What is it?\nLet's think step by step",
        "Question: What is it?\nLet's think step by step\n",
        "Q: Another?\nLet's think step by step\nIt is 1 + 1 = 2.\nThe answer is 2\n\nQ: What is it?\nA:",
        "Q: What is it?\nA: Let's think step by step.",
        "Q: What is it?",
        "Question: What is it? Let's think step by step.",
    ],
)
def test_the_last_question(prompt: str) -> None:
    assert question_of(prompt) == "What is it?"


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ("What is it?", "begins a line with 'Question:' or 'Q:'"),
        ("Q: What is it?\nA: It is", "got 'It is' after it"),
        ("Q: \nA:", "expected a question"),
    ],
)
def test_prompts_without_an_open_question(prompt: str, message: str) -> None:
    with pytest.raises(RefusalError) as caught:
        question_of(prompt)
    assert message in caught.value.message


def test_chats() -> None:
    assert question_of_messages([("system", "x"), ("user", "What is it?")]) == "What is it?"
    assert (
        question_of_messages([("user", "Q: Other?\nA: 2\n\nQ: What is it?\nLet's think step by step")]) == "What is it?"
    )
    with pytest.raises(RefusalError):
        question_of_messages([("user", "What is it?"), ("assistant", "It is")])
