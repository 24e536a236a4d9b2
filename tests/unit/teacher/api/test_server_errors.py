"""Faults: which pass, which do not, how long to wait, and that no message tells the key."""

import asyncio
import time
from email.utils import formatdate
from typing import Any

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specialize.core.params.teacher import LimitsParams, Prices, TeacherParams
from specialize.teacher.api.client import KeyMissingError, key_for
from specialize.teacher.api.server_errors import (
    RefusedError,
    TransientError,
    judged,
    judged_status,
    persist,
    retry_after,
)
from specialize.teacher.sampling.budget import Budget, BudgetError, Estimate
from specialize.teacher.sampling.rate_limit import BURST_S, Rate

KEY = "sk-very-secret"
REQUEST = httpx2.Request("POST", "http://here/v1")


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_what_may_pass(status: int) -> None:
    meaning = judged_status(status, {}, {"error": {"message": "later"}})
    assert isinstance(meaning, TransientError) and meaning.maybe_billed == (status in (408, 502, 504))


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 405, 413, 422])
def test_what_does_not_pass(status: int) -> None:
    meaning = judged_status(status, {}, {"error": {"message": "no such model"}})
    assert isinstance(meaning, RefusedError) and f"status {status}" in str(meaning)


def test_a_spent_quota_is_no_lack_of_breath() -> None:
    for body in ({"error": {"code": "insufficient_quota", "message": "pay"}}, {"code": "insufficient_quota"}):
        assert isinstance(judged_status(429, {}, body), RefusedError)
    assert isinstance(judged_status(429, {"retry-after": "86400"}, None), RefusedError)


def test_exceptions_of_the_client() -> None:
    timeout = judged(openai.APITimeoutError(REQUEST))
    reset = judged(openai.APIConnectionError(request=REQUEST))
    late = judged(TimeoutError())
    for fault in (timeout, reset, late):
        assert isinstance(fault, TransientError) and fault.maybe_billed
    response = httpx2.Response(503, headers={"retry-after": "2"}, request=REQUEST)
    busy = judged(openai.InternalServerError("busy", response=response, body=None))
    assert isinstance(busy, TransientError) and busy.retry_after_s == 2 and not busy.maybe_billed
    assert judged(ZeroDivisionError()) is None


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500])
@pytest.mark.parametrize("body", [{"error": {"message": f"bad key {KEY}"}}, f"Bearer {KEY}", {"error": [KEY]}])
def test_no_message_tells_the_key(status: int, body: Any) -> None:
    assert KEY not in str(judged_status(status, {}, body, KEY))


def test_retry_after() -> None:
    assert retry_after({}) is None
    assert retry_after({"retry-after": "3"}) == 3
    assert retry_after({"retry-after-ms": "250", "retry-after": "3"}) == 0.25
    assert retry_after({"retry-after": "soon"}) is None
    assert 50 < (retry_after({"retry-after": formatdate(time.time() + 60, usegmt=True)}) or 0) <= 60


def _persist(faults: list[TransientError | RefusedError], **limits: Any) -> tuple[str | Exception, list[float]]:
    """Run through `faults`, then succeed; return the result and the waits."""
    waits: list[float] = []

    async def attempt() -> str:
        if faults:
            raise faults.pop(0)
        return "done"

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    try:
        return asyncio.run(persist(LimitsParams(**limits), attempt, lambda *_: None, sleep)), waits
    except (TransientError, RefusedError) as error:
        return error, waits


def test_back_off_doubles_and_has_a_top() -> None:
    seen = [_persist([TransientError("x")] * 7, backoff_s=1)[1] for _ in range(50)]
    means = [sum(waits) / len(seen) for waits in zip(*seen, strict=True)]
    assert all(max(waits) <= 60 for waits in seen)
    assert 0.5 < means[0] < 1.5 and 2 < means[2] < 6 and means[6] > 15
    assert len({waits[0] for waits in seen}) > 1, "jitter"


def test_what_the_server_asks_for_is_honoured() -> None:
    result, waits = _persist([TransientError("x", retry_after_s=7)] * 2, backoff_s=1)
    assert result == "done" and all(7 <= wait <= 8 for wait in waits)


def test_tries_end() -> None:
    assert isinstance(_persist([TransientError("x")] * 3, attempts=3)[0], TransientError)
    error, waits = _persist([RefusedError("no")], attempts=3)
    assert isinstance(error, RefusedError) and waits == []


@given(st.floats(1, 1e5), st.lists(st.floats(0.1, 50), min_size=1, max_size=50))
def test_a_rate_is_kept(per_minute: float, counts: list[float]) -> None:
    """Taken all at once, the last leaves no sooner than the rate allows, and hardly later."""
    rate = Rate(per_minute)
    rate.next -= BURST_S
    last = [rate.take(count) for count in counts][-1]
    due = sum(counts[:-1]) * 60 / per_minute
    assert due - 2 * BURST_S - 1 <= last <= due + 1
    assert Rate(None).take(1e9) == 0


def test_a_budget_is_not_passed() -> None:
    limits = LimitsParams.model_validate({"budget": 10, "prices": {"prompt": 1e6, "completion": 1e6}})

    async def run() -> list[str]:
        budget, told = Budget(limits, spent=3), []
        first = await budget.reserve(2, 2)
        second = asyncio.create_task(budget.reserve(2, 2))  # 3 + 4 + 4 > 10: waits for the first
        await asyncio.sleep(0)
        told.append(str(second.done()))
        budget.settle(first, 1)
        second_cost = await second
        budget.settle(second_cost, 4)
        told.append(f"{budget.spent}")
        with pytest.raises(BudgetError, match=r"budget of 10\.00 .* raise teacher\.limits\.budget"):
            await budget.reserve(3, 0)
        return told

    assert asyncio.run(run()) == ["False", "8"]


def test_estimate_lines() -> None:
    prices = LimitsParams.model_validate({"prices": {"prompt": 2, "completion": 4}}).prices
    told = "\n".join(Estimate(100, 40, 6, 500_000, 250_000, prices, 1.5).lines())
    assert "2.00  dollars at most; 1.50 spent before" in told
    assert "unknown" in "\n".join(Estimate(1, 0, 1, 1, 1, None, 0).lines())


def test_what_rounding_leaves_is_not_waited_for() -> None:
    async def play() -> None:
        limits = LimitsParams(budget=1e6, prices=Prices(prompt=0, completion=1))
        budget = Budget(limits, spent=1e6 - 0.9)
        kept = [await budget.reserve(0, tokens) for tokens in (100_000, 200_000, 300_000)]
        budget.reserved += 1e-9  # as after a great many sums
        for dollars in kept:
            budget.settle(dollars, 0.0)
        with pytest.raises(BudgetError):
            await asyncio.wait_for(budget.reserve(0, 1_000_000), 5)

    asyncio.run(play())


@pytest.mark.parametrize("odd", ["sk-very\nsecret", "sk-very secret", "sk-véry-secret", "“sk-very-secret”"])
def test_a_key_that_no_header_can_carry_is_not_told(monkeypatch: pytest.MonkeyPatch, odd: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", odd)
    with pytest.raises(KeyMissingError, match="OPENAI_API_KEY: expected a key in printable ASCII") as caught:
        key_for(TeacherParams(mode="online"), "https://api.example.org/v1")
    assert "secret" not in str(caught.value)
