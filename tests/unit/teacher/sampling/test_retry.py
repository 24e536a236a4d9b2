"""Retries and the provider's rate limit."""

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from specialize.core.params.teacher import LimitsParams
from specialize.teacher.api.server_errors import RefusedError, TransientError
from specialize.teacher.sampling.rate_limit import BURST_S, RateLimiter, TokenBucket
from specialize.teacher.sampling.retry import retry


def _retry(faults: list[TransientError | RefusedError], **limits: Any) -> tuple[str | Exception, list[float]]:
    """Run through `faults`, then succeed; return the result and the waits."""
    waits: list[float] = []

    async def attempt() -> str:
        if faults:
            raise faults.pop(0)
        return "done"

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    try:
        params = LimitsParams(**limits)
        return asyncio.run(retry(params, attempt, lambda *_: None, sleep, RateLimiter(params))), waits
    except (TransientError, RefusedError) as error:
        return error, waits


def test_back_off_doubles_and_has_a_top() -> None:
    seen = [_retry([TransientError("x")] * 7, backoff_s=1)[1] for _ in range(50)]
    means = [sum(waits) / len(seen) for waits in zip(*seen, strict=True)]
    assert all(max(waits) <= 60 for waits in seen)
    assert 0.5 < means[0] < 1.5 and 2 < means[2] < 6 and means[6] > 15
    assert len({waits[0] for waits in seen}) > 1, "jitter"


def test_what_the_server_asks_for_is_honoured() -> None:
    result, waits = _retry([TransientError("x", retry_after_s=7)] * 2, backoff_s=1)
    assert result == "done" and all(7 <= wait <= 8 for wait in waits)


def test_tries_end() -> None:
    assert isinstance(_retry([TransientError("x")] * 3, attempts=3)[0], TransientError)
    error, waits = _retry([RefusedError("no")], attempts=3)
    assert isinstance(error, RefusedError) and waits == []


@given(st.floats(1, 1e5), st.lists(st.floats(0.1, 50), min_size=1, max_size=50))
def test_a_rate_is_kept(per_minute: float, counts: list[float]) -> None:
    """Taken all at once, the last leaves no sooner than the rate allows, and hardly later."""
    rate = TokenBucket(per_minute)
    rate.next -= BURST_S
    last = [rate.take(count) for count in counts][-1]
    due = sum(counts[:-1]) * 60 / per_minute
    assert due - 2 * BURST_S - 1 <= last <= due + 1
    assert TokenBucket(None).take(1e9) == 0


def test_overload_slows_all_requests_down_and_answers_speed_them_up() -> None:
    async def play() -> None:
        limiter = RateLimiter(LimitsParams(concurrency=16, backoff_s=0.001))
        for _ in range(16):
            await limiter.wait(1, asyncio.sleep)
        limiter.done(1, 1)
        waits = [limiter.slow_down(None), limiter.slow_down(0.0)]
        assert all(0.001 <= wait <= 0.004 for wait in waits) and limiter.window == 7.5, "one pause, one halving"
        assert limiter.slow_down(5.0) == 5.0, "a longer Retry-After counts"
        limiter.answered()
        assert 7.5 < limiter.window < 8 and limiter.refused_since is None

    asyncio.run(play())


def test_a_window_of_one_sends_one_request_at_a_time() -> None:
    async def play() -> list[int]:
        limiter = RateLimiter(LimitsParams(concurrency=8, backoff_s=0.0005))
        limiter.slow_down(None)
        seen: list[int] = []

        async def one() -> None:
            await limiter.wait(1, asyncio.sleep)
            seen.append(limiter.in_flight)
            await asyncio.sleep(0)
            limiter.done(1, 1)

        await asyncio.gather(*(one() for _ in range(5)))
        return seen

    assert asyncio.run(play()) == [1] * 5


def test_overload_is_no_try_and_patience_is_time() -> None:
    busy = [TransientError("busy", overloaded=True) for _ in range(9)]
    assert _retry(list(busy), attempts=2, backoff_s=1e-5)[0] == "done"
    assert isinstance(_retry(list(busy), attempts=2, backoff_s=1e-5, patience_s=1e-9)[0], TransientError)
