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
