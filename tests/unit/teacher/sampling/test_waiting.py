"""How long a server is waited for, and for what not."""

from email.utils import formatdate
from typing import Any

import pytest
from provider_stub import (
    Project,
    Reply,
    error,
    good,
    run,
)

from specialize.teacher.api.server_errors import TransientError, classify_status


@pytest.mark.parametrize(
    "headers",
    [{"retry-after-ms": "0"}, {"Retry-After": "0"}, {"Retry-After": formatdate(0)}, {"Retry-After": "0.01"}, {}],
)
def test_overload_is_waited_for_longer_than_eight_tries(project: Project, headers: dict[str, str]) -> None:
    behaviour = lambda asked, number: error(429, "busy", headers) if 3 < number < 13 else good(asked, number)  # noqa: E731
    outcome, provider = run(project, behaviour, limits={"attempts": 2, "backoff_s": 0.0005})
    assert outcome.status == 0 and "requests_per_minute" in outcome.said
    assert provider.choices == 12


def test_patience_ends(project: Project) -> None:
    outcome, _ = run(project, lambda *_: error(429, "busy"), limits={"patience_s": 0.05})
    assert outcome.status == 2 and "patience_s" in outcome.said


def test_a_server_that_wants_a_day_is_not_waited_for(project: Project) -> None:
    outcome, provider = run(project, lambda *_: error(429, "busy", {"Retry-After": "86400"}))
    assert outcome.status == 2 and "1440 minutes" in outcome.said and len(provider.requests) == 1


@pytest.mark.parametrize(
    "refusal",
    [
        error(
            429, "Budget has been exceeded! Current cost: 100.2, Max budget: 100.0", type="budget_exceeded", code="429"
        ),
        error(429, "You exceeded your current quota", code="insufficient_quota"),
        error(402, "Insufficient Balance"),
    ],
)
def test_what_somebody_has_to_pay_for_is_not_waited_for(project: Project, refusal: Reply) -> None:
    outcome, provider = run(project, lambda *_: refusal)
    assert outcome.status == 2 and refusal.body["error"]["message"] in outcome.said and len(provider.requests) == 1


def test_a_request_that_is_too_large_is_made_smaller(project: Project) -> None:
    def behaviour(asked: dict[str, Any], number: int) -> Reply:
        if asked["n"] > 2:
            return error(
                429, "Request too large for gpt-4o (TPM): Limit 30000, Requested 40060.", code="rate_limit_exceeded"
            )
        return good(asked, number)

    outcome, provider = run(project, behaviour, samples=8, limits={"samples_per_request": 8})
    assert outcome.status == 0 and provider.choices == 48
    assert sum(asked["n"] > 2 for asked in provider.requests) <= 8


@pytest.mark.parametrize(
    "refusal",
    [
        error(400, "n must be 1 when using greedy sampling"),
        Reply({"detail": [{"type": "x", "loc": ["body", "n"], "msg": "must be 1"}]}, 422),
        Reply({"detail": "only one choice"}, 422),
        error(500, "n>1 not supported"),
        error(501, "multiple completions are not implemented"),
    ],
)
def test_several_samples_that_are_refused_are_requested_one_by_one(project: Project, refusal: Reply) -> None:
    outcome, provider = run(project, lambda asked, number: refusal if asked["n"] > 1 else good(asked, number))
    assert outcome.status == 0 and provider.choices == 12
    assert len(provider.requests) <= 14


FREE_TIER = (
    "Rate limit reached for requests per min. Limit: 3 / min. Please try again in 0.02s. Please add a payment method to "
    "your account to increase your rate limit: https://platform.openai.com/account/billing"
)


@pytest.mark.parametrize(
    "busy",
    [
        error(429, FREE_TIER, code="rate_limit_exceeded"),
        error(429, "You exceeded your current quota, check billing", details=[{"retryDelay": "0.02s"}]),
        error(429, "Rate limit reached, please try again in 12ms"),
        error(503, "Service Unavailable", {"Retry-After": "0"}),
        error(529, "Overloaded"),
        Reply({"error": {"type": "overloaded_error", "message": "Overloaded"}}),
    ],
    ids=lambda reply: str(reply.body)[:60],
)
def test_what_passes_is_waited_for(project: Project, busy: Reply) -> None:
    outcome, provider = run(project, lambda asked, number: busy if number in (3, 4) else good(asked, number))
    assert outcome.status == 0 and provider.choices == 12, outcome.said


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("Please try again in 1m2.5s", 62.5),
        ("try again in 350ms", 0.35),
        ("Please retry in 20s.", 20),
        ("try again in 2 minutes", 120),
        ("try again later", None),
    ],
)
def test_advice_of_a_message(said: str, seconds: float | None) -> None:
    fault = classify_status(429, {}, {"error": {"message": said}})
    assert isinstance(fault, TransientError) and fault.retry_after_s == (seconds and pytest.approx(seconds))
    assert classify_status(429, {"retry-after": "7"}, {"error": {"message": said}}).retry_after_s == 7  # type: ignore[union-attr]
