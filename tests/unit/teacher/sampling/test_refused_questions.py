"""A question that the server refuses is a result: kept, counted, asked again on demand."""

import json

import pytest
from provider_stub import (
    Project,
    Reply,
    error,
    good,
    of_one,
    provided,
    run,
)

from specialize.teacher.cache.store import cache_folder, open_cache

REFUSALS = [
    error(400, "Input text data may contain inappropriate content.", code="data_inspection_failed"),
    error(400, "Sorry! We've encountered an issue with repetitive patterns in your prompt.", code="invalid_prompt"),
    error(400, "This model's maximum context length is 4096 tokens.", code=400, type="BadRequestError"),
    error(
        400,
        "litellm.BadRequestError: AzureException - the prompt was filtered",
        code="400",
        provider_specific_fields={"azure_error": {"code": "content_filter"}},
    ),
    error(403, "model requires moderation and this input was flagged", metadata={"reasons": ["violence"]}),
    error(400, "some new reason"),
    error(422, "no"),
    Reply({"choices": [], "usage": None}),
    Reply({"error": {"code": 400, "message": "odd prompt"}}),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda reply: f"{reply.status}-{json.dumps(reply.body)[:50]}")
@pytest.mark.parametrize("question", [0, 4])
def test_one_refused_question_is_kept_and_the_others_are_done(project: Project, refusal: Reply, question: int) -> None:
    with provided(project, of_one(question, lambda _: refusal)) as provider:
        outcome = project.run(samples=3)
        assert outcome.status == 0, outcome.said
        assert outcome.summary["refused"] == 3 and outcome.summary["completions"] == 18
        assert {row["text"] for row in outcome.rows if row["finish_reason"] != "stop"} == {""}
        sent = len(provider.requests)
        assert project.run(samples=3).status == 0 and len(provider.requests) == sent, "not asked again"
        assert "would remove 3" in project.cache("prune", "--refused")
        assert "removed 3" in project.cache("prune", "--refused", "--yes")
        assert project.run(samples=3).status == 0 and len(provider.requests) > sent, "asked again on demand"


def test_the_filter_is_named(project: Project) -> None:
    outcome, _ = run(project, of_one(3, lambda _: REFUSALS[3]))
    assert outcome.summary["finish_reasons"] == {"stop": 10, "content_filter": 2}


@pytest.mark.parametrize("refusal", [error(400, "no such thing"), error(422, "no"), REFUSALS[2]])
def test_where_every_question_is_refused_the_run_ends(project: Project, refusal: Reply) -> None:
    outcome, provider = run(project, lambda *_: refusal)
    assert outcome.status == 2 and str(refusal.body["error"]["message"])[:20] in outcome.said
    assert len(provider.requests) < 15


def test_a_key_that_is_withdrawn_in_the_middle_refuses_no_question(project: Project) -> None:
    behaviour = lambda asked, number: good(asked, number) if number < 9 else error(400, "unknown tenant")  # noqa: E731
    outcome, _ = run(project, behaviour, questions=list(range(40)))
    assert outcome.status == 2 and "further questions in a row" in outcome.said
    with open_cache(cache_folder()) as cache:
        assert not [row for row in cache.everything() if row.refused]


@pytest.mark.parametrize("question", [0, 4])
def test_a_question_that_fails_each_time_is_a_result(project: Project, question: int) -> None:
    """All tries fail, twice; the server answers another question meanwhile. The next run asks nothing."""
    with provided(project, of_one(question, lambda _: error(500, "engine died"))) as provider:
        outcome = project.run(limits={"attempts": 2})
        assert outcome.status == 0 and outcome.summary["refused"] == 2 and "engine died" in outcome.said
        sent = len(provider.requests)
        assert project.run().status == 0 and len(provider.requests) == sent


def test_where_the_server_went_away_no_question_is_to_blame(project: Project) -> None:
    behaviour = lambda asked, number: good(asked, number) if number < 4 else error(500, "engine died")  # noqa: E731
    outcome, _ = run(project, behaviour, limits={"attempts": 2, "concurrency": 1})
    assert outcome.status == 2 and "engine died" in outcome.said
    with open_cache(cache_folder()) as cache:
        assert not [row for row in cache.everything() if row.refused]


def test_many_refused_questions_in_a_row_end_the_run(project: Project) -> None:
    behaviour = lambda asked, number: good(asked, number) if number < 9 else error(400, "no", code="content_filter")  # noqa: E731
    outcome, provider = run(project, behaviour, questions=list(range(60)), samples=1)
    assert outcome.status == 2 and "25 questions in a row" in outcome.said and len(provider.requests) < 40


@pytest.mark.parametrize(
    "refusal",
    [
        error(451, "Unavailable For Legal Reasons"),
        Reply(b"<html>Sorry, you have been blocked", 403, {"Content-Type": "text/html"}),
        Reply({"object": "error", "message": "Internal: odd prompt", "code": 40303}, 400),
        Reply({"base_resp": {"status_code": 1026, "status_msg": "input new_sensitive"}, "choices": None}),
        Reply({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}),
        error(501, "not implemented for such input"),
        error(400, "The request was rejected because it was considered high risk", type="content_filter"),
    ],
    ids=lambda reply: f"{reply.status}-{str(reply.body)[:40]}",
)
def test_other_providers_refuse_in_other_words(project: Project, refusal: Reply) -> None:
    outcome, _ = run(project, of_one(4, lambda _: refusal))
    assert outcome.status == 0 and outcome.summary["refused"] == 2, outcome.said


def test_a_bound_that_is_too_large_for_the_model_refuses_no_question(project: Project) -> None:
    """It is about `max_tokens`, so about every question: nothing is kept as refused."""
    outcome, provider = run(project, lambda *_: error(400, "max_tokens exceeds the maximum of 8192"))
    assert outcome.status == 2 and "exceeds the maximum" in outcome.said and len(provider.requests) < 15
    with open_cache(cache_folder()) as cache:
        assert not list(cache.everything())
