"""Mathematical expressions, compared by math-verify in a process of its own."""

import signal

import pytest

from specialize.core.answers import judge
from specialize.core.judging import math_answers
from specialize.core.judging.math_answers import same_expression


@pytest.mark.parametrize(
    ("text", "gold", "right"),
    [
        ("So the answer is $\\frac{x}{2}$.", "x/2", True),
        ("The answer is \\(1 + x\\).", "x+1", True),
        ("\\boxed{2\\sqrt{3}}", "\\sqrt{12}", True),
        ("\\boxed{\\{1,2\\}}", "\\{2,1\\}", True),
        ("It is\n$\\frac{\\pi}{2}$", "\\pi/2", True),
        ("\\boxed{x+1}", "x+2", False),
        ("The answer is unknown", "x", False),
    ],
)
def test_expressions(text: str, gold: str, right: bool) -> None:
    assert judge(text, gold, "math").flexible.correct is right


def test_what_takes_too_long_is_not_the_same_and_the_next_question_is_answered() -> None:
    assert same_expression("x + 1", "1 + x")
    first = math_answers._WORKER._process
    assert first is not None
    assert not same_expression("9^{9^{9^{9^{9}}}}", "3", seconds=1)
    assert first.returncode == -signal.SIGXCPU, "ended by the system"
    assert same_expression("x + 1", "1 + x")


def test_a_long_expression_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(math_answers, "_WORKER", None)
    assert not same_expression("1 + " * 1000 + "1", "1001")


def test_equal_texts_need_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(math_answers, "_WORKER", None)
    assert judge("The answer is (1, 2].", "( 1, 2 ]", "math").strict.correct
