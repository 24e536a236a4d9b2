"""What is booked, and how far the budget holds."""

import socket
from typing import Any

import pytest
from provider_stub import (
    PRICES,
    Project,
    good,
    provided,
    run,
)


def test_reasoning_tokens_outside_the_count_stay_within_the_budget(project: Project) -> None:
    def usage(asked: dict[str, Any]) -> dict[str, int]:
        return {"prompt_tokens": 20, "completion_tokens": 10 * asked["n"], "total_tokens": 20 + 4010 * asked["n"]}

    behaviour = lambda asked, number: good(asked, number, usage=usage(asked))  # noqa: E731
    limits = {"budget": 0.02, "prices": PRICES, "concurrency": 1}
    outcome, provider = run(project, behaviour, samples=1, questions=list(range(12)), limits=limits)
    assert outcome.status == 2 and "budget" in outcome.said
    assert provider.choices >= 3 and provider.choices * 4030 / 1e6 <= 0.02


@pytest.mark.parametrize("count", [-5, 10**400, True, "7", 1.5])
def test_impossible_usage_is_booked_at_the_bound(project: Project, count: Any) -> None:
    usage = {"prompt_tokens": count, "completion_tokens": count}
    limits = {"budget": 0.004, "prices": PRICES, "concurrency": 1}
    behaviour = lambda asked, number: good(asked, number, usage=usage)  # noqa: E731
    outcome, provider = run(project, behaviour, samples=1, questions=list(range(40)), limits=limits)
    assert outcome.status == 2 and "budget" in outcome.said and 2 < len(provider.requests) <= 15


def test_a_refused_connection_costs_nothing_and_names_the_address(project: Project) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        project.url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    outcome = project.run(limits={"budget": 0.02, "prices": PRICES, "attempts": 3})
    assert outcome.status == 2 and "budget" not in outcome.said
    assert project.url in outcome.said and "connection failed" in outcome.said


def test_a_question_that_stands_four_times_is_paid_once(project: Project) -> None:
    outcome, provider = run(project, good, questions=[7, 7, 3, 7, 7, 3], samples=4)
    assert outcome.status == 0 and provider.choices == 8 and len(outcome.rows) == 24


def test_the_estimate_speaks_of_the_budget(project: Project) -> None:
    with provided(project, good):
        limits = {"budget": 0.001, "prices": PRICES}
        assert "budget" in project.run("--estimate", limits=limits).said
        assert "budget" not in project.run("--estimate", limits={**limits, "budget": 10}).said


@pytest.mark.parametrize(
    "usage",
    [
        {"input_tokens": 20, "output_tokens": 4010},
        {"prompt_tokens": 20, "completion_tokens": 10, "reasoning_tokens": 4000},
        {"prompt_tokens": 20, "completion_tokens": 10, "completion_tokens_details": {"reasoning_tokens": 4000}},
    ],
)
def test_other_shapes_of_usage_count_as_much(project: Project, usage: dict[str, Any]) -> None:
    limits = {"budget": 0.02, "prices": PRICES, "concurrency": 1}
    behaviour = lambda asked, number: good(asked, number, usage=usage)  # noqa: E731
    outcome, provider = run(project, behaviour, samples=1, questions=list(range(12)), limits=limits)
    assert outcome.status == 2 and "budget" in outcome.said and 3 <= provider.choices <= 4
