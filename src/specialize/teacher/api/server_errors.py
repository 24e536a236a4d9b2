"""Errors of servers and networks: which are worth a retry, after how long, and the message of the others."""

import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from specialize.core.errors import SpecializeError

LONGEST_RETRY_AFTER_S = 1800.0
"""A longer Retry-After means a spent quota, not a short overload."""
RETRYABLE = frozenset({408, 409, 429})
GAVE_UP = frozenset({408, 502, 504})
"""A gateway timed out; the model may have generated, and billed, the answer nevertheless."""
SHOWN = 300
"""Characters of a server's message that are shown."""


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


def classify_error(error: Exception, secret: str = "") -> TransientError | RefusedError | None:
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
        return classify_status(error.status_code, error.response.headers, error.body, secret)
    return None


def classify_status(
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


def _clean(text: str, secret: str) -> str:
    """Return one short line without the secret."""
    line = " ".join(text.split())
    line = line.replace(secret, "[key]") if secret else line
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"
