"""Answers that are of no use: empty, unreadable, without alternatives, copies of each other."""

from typing import Any

import pytest
from provider_stub import (
    Project,
    Reply,
    good,
    of_one,
    provided,
    run,
    text_of,
)


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
@pytest.mark.parametrize("reason", ["length", "stop"])
def test_a_server_that_gives_reasoning_alone_is_told_at_once(project: Project, field: str, reason: str) -> None:
    message = {"content": None, field: "First, 2 and 2 is 4. So the answer is 4."}
    behaviour = lambda asked, number: good(asked, number, message=message, finish_reason=reason)  # noqa: E731
    outcome, provider = run(project, behaviour, questions=list(range(30)), samples=4)
    assert outcome.status == 2 and "have no readable answer" in outcome.said
    assert ("max_tokens" if reason == "length" else "reasoning parser") in outcome.said
    assert provider.choices <= 8


def test_an_answer_that_nobody_can_read_is_told_at_once(project: Project) -> None:
    behaviour = lambda asked, number: good(asked, number, message={"content": f"It comes to {number}, I think."})  # noqa: E731
    with provided(project, behaviour) as provider:
        outcome = project.run(questions=list(range(30)), samples=4)
        assert outcome.status == 2 and "5 of 5 answers have no readable answer" in outcome.said
        assert "traces.reading: flexible" in outcome.said and "min_readable" in outcome.said
        paid = provider.choices
        assert paid <= 8 and project.run(questions=list(range(30)), samples=4).status == 2
        assert provider.choices == paid, "the next run pays nothing either"
        outcome = project.run(questions=list(range(30)), samples=4, limits={"min_readable": 0})
        assert outcome.status == 0 and outcome.summary["unparsed"] == 120


def test_empties_are_counted(project: Project) -> None:
    outcome, _ = run(project, of_one(5, lambda asked: good(asked, message={"content": ""})))
    assert outcome.status == 0 and outcome.summary["empty"] == 2 and "2 of 12 completions are empty" in outcome.said


def test_no_alternatives_are_told(project: Project) -> None:
    def behaviour(asked: dict[str, Any], number: int) -> Reply:
        reply = good(asked, number)
        for choice in reply.body["choices"]:
            token = {"token": choice["message"]["content"], "logprob": -1, "top_logprobs": []}
            choice["logprobs"] = {"content": [token]}
        return reply

    outcome, _ = run(project, behaviour, top_k=5)
    assert outcome.status == 0 and "no token has alternatives" in outcome.said


def test_copies_of_one_text_are_no_samples(project: Project) -> None:
    """A server that repeats one choice `n` times is asked one by one; each request alone gives another text."""

    def behaviour(asked: dict[str, Any], number: int) -> Reply:
        reply = good(asked, number)
        for choice in reply.body["choices"]:
            choice["message"]["content"] = text_of(asked, number)
        return reply

    outcome, _ = run(project, behaviour, samples=8)
    assert outcome.status == 0 and "copies of one text" in outcome.said
    assert outcome.summary["identical_copies"] == 0 and len({row["text"] for row in outcome.rows}) == 48


def test_a_greedy_server_is_told(project: Project) -> None:
    outcome, _ = run(project, lambda asked, _: good(asked, message={"content": text_of(asked, 0)}), samples=4)
    assert outcome.summary["identical_copies"] == 18 and "repeat another" in outcome.said


YES_OR_NO = {"answer": "yes", "kind": "choice"}
OPTION = {"answer": "(B)", "kind": "choice", "choices": {"A": "a red ball", "B": "a blue ball"}}


@pytest.mark.parametrize(
    ("problem", "text"),
    [(YES_OR_NO, "So the answer is no."), (YES_OR_NO, "The answer is yes"), (OPTION, "The answer is a red ball.")],
)
def test_a_choice_is_read_by_its_options(project: Project, problem: dict[str, Any], text: str) -> None:
    outcome, _ = run(project, lambda asked, _: good(asked, message={"content": text}), problem=problem)
    assert outcome.status == 0 and outcome.summary["unparsed"] == 0, outcome.said


def test_a_stop_text_within_the_reasoning_is_told(project: Project) -> None:
    behaviour = lambda asked, _: good(asked, message={"content": "<think>\nThe question is this. "})  # noqa: E731
    outcome, _ = run(project, behaviour)
    assert outcome.status == 2 and "leave_out: [stop]" in outcome.said and "within the reasoning" in outcome.said
