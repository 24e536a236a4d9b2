"""Retries of a request: exponential back-off with full jitter, or what the server asks for."""

import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from specialize.core.params.teacher import LimitsParams
from specialize.teacher.api.server_errors import TransientError

LONGEST_WAIT_S = 60.0

Result = TypeVar("Result")


async def retry(
    limits: LimitsParams,
    attempt: Callable[[], Awaitable[Result]],
    on_fault: Callable[[TransientError, int, float], None],
    sleep: Callable[[float], Awaitable[None]],
) -> Result:
    """Call `attempt` until it returns, at most `limits.attempts` times; the last TransientError is raised.

    Between two calls: exponential back-off with full jitter, or what the server asked for and a little more, so that
    clients that were told the same do not come back together.
    """
    try:
        return await attempt()
    except TransientError as fault:
        first = [fault]
    # Nearly every call ends above; what follows costs a twentieth of a request, so it is made only when it is needed.
    backoff = wait_random_exponential(multiplier=2 * limits.backoff_s, max=LONGEST_WAIT_S)

    def wait(state: RetryCallState) -> float:
        fault = _fault_of(state)
        if fault.retry_after_s is None:
            return backoff(state)
        return fault.retry_after_s + random.uniform(0, min(limits.backoff_s, 0.1 + fault.retry_after_s))

    def tell(state: RetryCallState) -> None:
        on_fault(_fault_of(state), state.attempt_number, state.upcoming_sleep)

    async def once() -> Result:
        if first:
            raise first.pop()
        return await attempt()

    retrying = AsyncRetrying(
        stop=stop_after_attempt(limits.attempts),
        wait=wait,
        retry=retry_if_exception_type(TransientError),
        before_sleep=tell,
        sleep=sleep,
        reraise=True,
    )
    return await retrying(once)


def _fault_of(state: RetryCallState) -> TransientError:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, TransientError)
    return error
