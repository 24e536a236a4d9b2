"""Faults of servers and networks: which are worth another try, when, and what is said of the others."""

import json
import random
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from specialize.core.errors import SpecializeError
from specialize.core.params.teacher import LimitsParams

LONGEST_WAIT_S = 60.0
LONGEST_RETRY_AFTER_S = 1800.0
"""A server that asks for more patience has spent a quota, not lost its breath."""
RETRYABLE = frozenset({408, 409, 429})
GAVE_UP = frozenset({408, 502, 504})
"""Somebody on the way stopped waiting; the model may have done the work all the same."""
SHOWN = 300
"""Characters of a server's message that are shown."""

Result = TypeVar("Result")


class TransientError(Exception):
    """A request failed in a way that may pass."""

    def __init__(self, what: str, retry_after_s: float | None = None, maybe_billed: bool = False) -> None:
        """`maybe_billed`: the server may have done the work, though its answer was lost."""
        super().__init__(what)
        self.retry_after_s, self.maybe_billed = retry_after_s, maybe_billed


class RefusedError(SpecializeError):
    """The server refuses in a way that no repetition changes."""

    def __init__(self, message: str, status: int = 0, code: str = "") -> None:
        super().__init__(message)
        self.status, self.code = status, code


def judged(error: Exception, secret: str = "") -> TransientError | RefusedError | None:
    """Return what an exception of the client means; None: a mistake of ours, to be seen as it is.

    `secret` never appears in what is returned, even where the server repeats it.
    """
    from openai import APIConnectionError, APIStatusError, APITimeoutError

    if isinstance(error, TransientError | RefusedError):
        return error
    if isinstance(error, APITimeoutError | TimeoutError):
        return TransientError("no whole answer in time", maybe_billed=True)
    if isinstance(error, APIConnectionError):
        cause = error.__cause__ or error
        return TransientError(_clean(f"connection failed ({type(cause).__name__}: {cause})", secret), maybe_billed=True)
    if isinstance(error, APIStatusError):
        return judged_status(error.status_code, error.response.headers, error.body, secret)
    return None


def judged_status(
    status: int, headers: Mapping[str, str], body: Any, secret: str = ""
) -> TransientError | RefusedError:
    """Return what an answer with an error status means."""
    detail = body.get("error", body) if isinstance(body, dict) else body
    code = str(detail.get("code") or detail.get("type") or "") if isinstance(detail, dict) else ""
    message = detail.get("message") if isinstance(detail, dict) else detail
    said = _clean(message if isinstance(message, str) else json.dumps(message), secret) if message else "no message"
    if status in (401, 403):
        # The messages of providers hold parts of the key.
        return RefusedError(
            f"the server refused the key (status {status}); is it that of this server and model?", status
        )
    if status == 429 and code == "insufficient_quota":
        return RefusedError(f"the account has no quota left (status 429): {said}", status, code)
    if status in RETRYABLE or status >= 500:
        wait = retry_after(headers)
        if wait is not None and wait > LONGEST_RETRY_AFTER_S:
            return RefusedError(
                f"status {status}: the server asks to come back in {wait / 60:.0f} minutes", status, code
            )
        return TransientError(f"status {status}: {said}", wait, maybe_billed=status in GAVE_UP)
    return RefusedError(f"the server refused the request (status {status}): {said}", status, code)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that `retry-after-ms` or `Retry-After` (seconds or a date) ask to wait."""
    import time

    try:
        if milliseconds := headers.get("retry-after-ms"):
            return max(0.0, float(milliseconds) / 1000)
        if not (given := headers.get("retry-after")):
            return None
        try:
            return max(0.0, float(given))
        except ValueError:
            return max(0.0, parsedate_to_datetime(given).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


async def persist(
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


def _clean(text: str, secret: str) -> str:
    """Return one short line without the secret."""
    line = " ".join(text.split())
    line = line.replace(secret, "[key]") if secret else line
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"
