"""The provider's limits: requests and tokens per minute, and the pauses that it asks for."""

import time
from collections.abc import Awaitable, Callable

from specialize.core.params.teacher import LimitsParams

BURST_S = 1.0
"""Seconds that a process which woke late may catch up with, or the rate would sink below the limit. Short, so that no
window of a minute holds noticeably more than a minute's worth."""


class TokenBucket:
    """A token bucket, kept as the time at which it will be full enough (the generic cell rate algorithm)."""

    def __init__(self, per_minute: float | None) -> None:
        """`per_minute`: None stands for no limit."""
        self.interval = 0.0 if per_minute is None else 60 / per_minute
        self.next = time.monotonic()

    def take(self, count: float = 1) -> float:
        """Take `count` and return the seconds to wait before using them."""
        now = time.monotonic()
        begin = max(self.next, now - BURST_S)
        self.next = begin + count * self.interval
        return max(0.0, begin - now)

    def give_back(self, count: float) -> None:
        """Return what was taken and not used; a negative count takes what was used beyond it."""
        self.next -= count * self.interval


class RateLimiter:
    """When the next request may leave."""

    def __init__(self, limits: LimitsParams) -> None:
        self.requests, self.tokens = TokenBucket(limits.requests_per_minute), TokenBucket(limits.tokens_per_minute)
        self.paused_until = 0.0

    async def wait(self, tokens: float, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Wait for a place among the requests, and for `tokens`; then for the end of any pause.

        sleep: may raise to end the wait; a pause can be half an hour long.
        """
        delay = max(self.requests.take(), self.tokens.take(tokens))
        if delay:
            await sleep(delay)
        while (left := self.paused_until - time.monotonic()) > 0:
            await sleep(left)

    def pause(self, seconds: float) -> None:
        """Let no request leave for `seconds`: the provider has said that it is too much."""
        self.paused_until = max(self.paused_until, time.monotonic() + seconds)

    def used(self, taken: float, used: float) -> None:
        """Correct what was taken for a request by what it turned out to use."""
        self.tokens.give_back(taken - used)
