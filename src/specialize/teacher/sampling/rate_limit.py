"""The provider's limits: requests and tokens per minute, and how to slow down where it asks for fewer."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

from specialize.core.params.teacher import LimitsParams

BURST_S = 1.0
"""Seconds that a process which woke late may catch up with, or the rate would sink below the limit. Short, so that no
window of a minute holds noticeably more than a minute's worth."""
LONGEST_WAIT_S = 60.0

Sleep = Callable[[float], Awaitable[None]]


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
    """When the next request may be sent, and how many may be in flight.

    Where the server says that it is too much (429), all requests pause together, twice as long each time in a row, and
    half as many may then be in flight; each answer allows a little more again, as TCP's congestion window does.
    """

    def __init__(self, limits: LimitsParams) -> None:
        self.requests, self.tokens = TokenBucket(limits.requests_per_minute), TokenBucket(limits.tokens_per_minute)
        self.limits, self.window, self.in_flight = limits, float(limits.concurrency), 0
        self.paused_until = 0.0
        self.refused_in_a_row = 0
        self.refused_since: float | None = None
        self._freed = asyncio.Event()

    async def wait(self, tokens: float, sleep: Sleep) -> None:
        """Wait for a place among the requests, and for `tokens`; then for the end of any pause. Count the request as in
        flight, until `done`.

        sleep: may raise to end the wait; a pause can be half an hour long.
        """
        delay = max(self.requests.take(), self.tokens.take(tokens))
        if delay:
            await sleep(delay)
        while True:
            if (left := self.paused_until - time.monotonic()) > 0:
                await sleep(left)
            elif self.in_flight >= max(1, int(self.window)):
                self._freed.clear()
                await self._freed.wait()
            else:
                break
        self.in_flight += 1

    def done(self, taken: float, used: float) -> None:
        """Count a request as no longer in flight; correct the tokens taken for it by those that it used."""
        self.in_flight -= 1
        self._freed.set()
        self.tokens.give_back(taken - used)

    def answered(self) -> None:
        """Note an answer: the server keeps up."""
        self.refused_in_a_row, self.refused_since = 0, None
        if self.window < self.limits.concurrency:
            self.window = min(self.limits.concurrency, self.window + 1 / max(1.0, self.window))
            self._freed.set()

    def slow_down(self, asked_s: float | None) -> float:
        """Note that the server asks for fewer requests; return the seconds for which none is sent.

        asked_s: what the server's Retry-After says. A shorter one than our own back-off is no advice.
        """
        now = time.monotonic()
        self.refused_since = self.refused_since or now
        if now >= self.paused_until:  # refusals of requests sent before the pause add no information
            self.refused_in_a_row += 1
            self.window = max(1.0, min(self.window, self.in_flight) / 2)
        longest = min(LONGEST_WAIT_S, self.limits.backoff_s * 2**self.refused_in_a_row)
        wait = max(random.uniform(longest / 2, longest), asked_s or 0.0)
        self.paused_until = max(self.paused_until, now + wait)
        return wait

    @property
    def out_of_patience(self) -> bool:
        """Whether the server has refused everything for `limits.patience_s`."""
        return self.refused_since is not None and time.monotonic() - self.refused_since > self.limits.patience_s
