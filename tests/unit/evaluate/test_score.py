"""Accuracies, intervals, draws."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specialize.core.answers import Reading
from specialize.core.params.evaluate import EvaluateParams
from specialize.evaluate.predict import draw, prompt_digests
from specialize.evaluate.prompts import Prompt
from specialize.evaluate.score import Answered, score_rows, wilson
from specialize.records.problems import Problem


def problem(number, task=None):
    return Problem(id=f"{task}/{number}", dataset="d", task=task, question="q", answer="1", kind="number")


def params(**changes):
    return EvaluateParams(formats=["zero_shot_chain_of_thought"], generic_formats=["answer_only"], **changes)


def test_wilson_interval_against_published_values():
    # Newcombe (1998), Statistics in Medicine 17:857, Table I: 81/263, 15/148, 0/20, 1/29.
    for right, n, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        found = wilson(right / n, n, 0.95)
        assert found == pytest.approx((low, high), abs=1e-4)


@given(st.integers(1, 500), st.floats(0, 1))
def test_the_interval_holds_the_accuracy(n, accuracy):
    low, high = wilson(accuracy, n, 0.95)
    assert 0 <= low <= accuracy <= high <= 1


@given(st.integers(0, 60), st.integers(1, 60), st.integers(0, 3))
@settings(max_examples=50)
def test_a_draw_is_by_seed_in_order_and_grows_by_adding(total, limit, seed):
    problems = [problem(number) for number in range(total)]
    chosen = draw(problems, params(items=limit, seed=seed))
    assert len(chosen) == min(limit, total)
    assert chosen == [p for p in problems if p in chosen]
    assert {p.id for p in chosen} <= {p.id for p in draw(problems, params(items=limit + 5, seed=seed))}
    assert draw(problems, params(seed=seed)) == problems


def test_a_suite_is_limited_by_task():
    problems = [problem(n, task) for task in ("a", "b") for n in range(10)]
    chosen = draw(problems, params(items=1, items_per_task=3))
    assert sorted(p.task for p in chosen) == ["a"] * 3 + ["b"] * 3


def test_a_suites_accuracy_is_the_mean_over_tasks():
    right = {"a": [True, True, True, False], "b": [False]}
    answered = [
        Answered(problem(i, task), "test", "answer_only", [{"exact": Reading("x", value)}])
        for task, rows in right.items()
        for i, value in enumerate(rows)
    ]
    whole, a, b = score_rows(answered, 0.95)
    assert (whole.task, whole.n, whole.correct, whole.accuracy) == (None, 5, 3, 0.375)
    assert (a.task, a.n, a.accuracy) == ("a", 4, 0.75) and (b.task, b.n, b.accuracy) == ("b", 1, 0.0)


def test_prompt_digests_move_with_any_prompt():
    make = lambda text: [Prompt(problem(1), "test", "f", "one", 0), Prompt(problem(2), "test", "f", text, 0)]  # noqa: E731
    assert prompt_digests(make("two")) == prompt_digests(make("two")) != prompt_digests(make("three"))
