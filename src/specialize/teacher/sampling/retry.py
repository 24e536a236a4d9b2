"""Retries of a request: exponential back-off with full jitter, or what the server asks for."""

import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_random_exponential

from specialize.core.params.teacher import LimitsParams
from specialize.teacher.api.server_errors import RefusedError, TransientError
from specialize.teacher.sampling.rate_limit import LONGEST_WAIT_S, RateLimiter, Sleep

WRONG_SHAPE_TRIES = 4
"""JSON that is no answer comes again more often than not, and each time may be billed."""

Result = TypeVar("Result")
OnFault = Callable[[TransientError, float], None]


async def retry(
    limits: LimitsParams,
    attempt: Callable[[], Awaitable[Result]],
    on_fault: OnFault,
    sleep: Sleep,
    limiter: RateLimiter,
    answered: Callable[[], bool] = lambda: True,
) -> Result:
    """Call `attempt` until it returns; the last TransientError is raised.

    A fault counts as one of `limits.attempts` tries. Where the server asks for fewer requests it does not: that is
    waited for as long as `limits.patience_s` allows, and all requests slow down (RateLimiter.slow_down). A web page in
    the place of an answer ends it at once while nothing was `answered`. A Retry-After is waited for and a little more,
    so that clients with the same advice do not come back together.
    """
    try:
        return await attempt()
    except TransientError as fault:
        first = [fault]
    # Nearly every call ends above; what follows costs a twentieth of a request, so it is made only when it is needed.
    backoff = wait_random_exponential(multiplier=2 * limits.backoff_s, max=LONGEST_WAIT_S)
    tries = malformed = 0

    def stop(state: RetryCallState) -> bool:
        nonlocal tries, malformed
        fault = _fault_of(state)
        if (asked := fault.retry_after_s) is not None and asked > limits.patience_s:
            raise RefusedError(f"{fault}; the server asks to come back in {asked / 60:.0f} minutes")
        if fault.overloaded:
            return limiter.out_of_patience
        tries += 1
        malformed += fault.wrong_shape
        hopeless = fault.not_the_api and not answered()
        return hopeless or tries >= limits.attempts or malformed >= WRONG_SHAPE_TRIES

    def wait(state: RetryCallState) -> float:
        fault = _fault_of(state)
        if fault.overloaded:
            return limiter.slow_down(fault.retry_after_s)
        asked = fault.retry_after_s or 0.0
        # A shorter Retry-After than our own back-off is no advice.
        return max(backoff(state), asked and asked + random.uniform(0, min(limits.backoff_s, 0.1 + asked)))

    async def once() -> Result:
        if first:
            raise first.pop()
        return await attempt()

    retrying = AsyncRetrying(
        stop=stop,
        wait=wait,
        retry=retry_if_exception_type(TransientError),
        before_sleep=lambda state: on_fault(_fault_of(state), state.upcoming_sleep),
        sleep=sleep,
        reraise=True,
    )
    return await retrying(once)


def _fault_of(state: RetryCallState) -> TransientError:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, TransientError)
    return error
