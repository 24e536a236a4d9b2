"""Errors of servers and networks: which are worth a retry, which concern one question, which end the run.

Decisions for what providers leave open: docs/decisions/0020-errors-of-teachers.md.
"""

import time
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from specialize.core.errors import SpecializeError
from specialize.teacher.api.error_body import ErrorBody, read_error
from specialize.teacher.api.error_words import (
    ADVICE,
    ENQUEUED,
    FILTER_CODES,
    FILTER_WORDS,
    GATEWAY_TIMEOUTS,
    MENTIONED,
    NAMED,
    OPTIONS,
    OVERLOADED,
    PASSING_429,
    PERMANENT_429,
    QUESTION_CODES,
    QUESTION_WORDS,
    REQUESTED,
    RETRYABLE,
    RUN_CODES,
    RUN_PARAMETERS,
    SEVERAL,
    STATUS_OF,
    TOO_LARGE,
)
from specialize.teacher.api.finish_reason import FILTERED, REFUSED
from specialize.teacher.api.redact import one_line

About = Literal["run", "question", "unknown"]


class TransientError(Exception):
    """A request failed in a way that may pass."""

    def __init__(
        self,
        what: str,
        retry_after_s: float | None = None,
        *,
        maybe_billed: bool = False,
        overloaded: bool = False,
        wrong_shape: bool = False,
        not_the_api: bool = False,
        status: int = 0,
    ) -> None:
        """`maybe_billed`: the server may have done the work, though its answer was lost. `overloaded`: it asks for
        fewer requests. `wrong_shape`: JSON that is no answer; likely to come again. `not_the_api`: a web page or a
        stream, which no repetition turns into JSON where no request was ever answered. `status`: what the server
        answered with, 0 where it did not."""
        super().__init__(what)
        self.retry_after_s, self.maybe_billed, self.overloaded = retry_after_s, maybe_billed, overloaded
        self.wrong_shape, self.not_the_api, self.status = wrong_shape, not_the_api, status


class RefusedError(SpecializeError):
    """The server refuses in a way that no repetition changes."""

    def __init__(
        self,
        message: str,
        status: int = 0,
        *,
        about: About = "run",
        reason: str = REFUSED,
        fewer_may_work: bool = False,
    ) -> None:
        """`about`: whether another question may be answered. `reason`: finish reason to keep for a refused question.
        `fewer_may_work`: fewer samples in one request may be accepted."""
        super().__init__(message)
        self.status, self.about, self.reason, self.fewer_may_work = status, about, reason, fewer_may_work


def classify_error(
    error: Exception, secrets: Sequence[str] = (), url: str = "", timeout_s: float | None = None
) -> TransientError | RefusedError | None:
    """Return what an exception of the client means; None: a mistake of ours, to be raised as it is.

    No secret appears in what is returned, even where the server repeats it.
    """
    from openai import APIConnectionError, APIStatusError, APITimeoutError

    if isinstance(error, APIConnectionError) and isinstance(error.__cause__, TransientError):
        return error.__cause__  # ours, raised while the body was read
    if isinstance(error, TransientError | RefusedError):
        return error
    at = f" at {url}" if url else ""
    if isinstance(error, APITimeoutError | TimeoutError):
        if _never_connected(error):
            return TransientError(f"no connection{at} in time")
        bound = f" (teacher.limits.timeout_s: {timeout_s:g})" if timeout_s else ""
        return TransientError(f"no whole answer in time{bound}", maybe_billed=True)
    if isinstance(error, APIConnectionError):
        cause = error.__cause__ or error
        what = one_line(f"connection failed{at} ({type(cause).__name__}: {cause})", secrets)
        return TransientError(what, maybe_billed=not _never_connected(error))
    if isinstance(error, APIStatusError):
        return classify_status(error.status_code, error.response.headers, error.body, secrets, url)
    return None


def classify_status(
    status: int, headers: Mapping[str, str], body: Any, secrets: Sequence[str] = (), url: str = ""
) -> TransientError | RefusedError:
    """Return what an answer with an error status means."""
    error = read_error(body)
    said = one_line(error.message, secrets) or "no message"
    if 300 <= status < 400:
        target = one_line(headers.get("location", ""), secrets) or "an address that it does not name"
        return RefusedError(
            f"{url or 'the server'} redirects to {target} (status {status}): set teacher.base_url", status
        )
    if about_question := _about_question(status, error, said):
        return about_question
    if status == 403 and (said.startswith("<") or body is None):
        return RefusedError(f"something before the server blocked it (status 403): {said}", status, about="unknown")
    if status in (401, 403, 407):
        hint = "is the key that of this server, model and organisation?"
        return RefusedError(f"the server refused the key or the account (status {status}): {said}; {hint}", status)
    if ENQUEUED in error.text:
        return RefusedError(f"the queue of batches is full (status {status}): {said}", status)
    if status == 402 or (status == 429 and _has_to_be_paid(error)):
        return RefusedError(f"the account has no quota, credit or budget left (status {status}): {said}", status)
    if status == 500 and SEVERAL.search(error.text):
        return RefusedError(f"status {status}: {said}", status, about="unknown", fewer_may_work=True)
    if status in RETRYABLE or (status >= 500 and status not in (501, 505)):
        return _transient(status, headers, said, error)
    at = f" at {url}" if url and status in (404, 405) else ""
    if status not in (400, 422, 501):
        return RefusedError(f"the server refused the request{at} (status {status}): {said}", status)
    parameter = _parameter(error)
    about_run = parameter in RUN_PARAMETERS or (parameter != "n" and error.codes & set(RUN_CODES))
    about: About = "run" if about_run else "unknown"
    option = f" ({OPTIONS[parameter]})" if parameter in OPTIONS else ""
    message = f"the server refused the request (status {status}): {said}{option}"
    return RefusedError(message, status, about=about, fewer_may_work=about == "unknown")


def _about_question(status: int, error: ErrorBody, said: str) -> RefusedError | None:
    """Return the refusal of one question, where the provider says that it is one."""
    filtered = any(code in error.codes for code in FILTER_CODES) or any(word in error.text for word in FILTER_WORDS)
    if status == 451 or (status in (400, 403, 422) and filtered):
        message = f"the provider's filter refused the question (status {status}): {said}"
        return RefusedError(message, status, about="question", reason=FILTERED)
    requested = REQUESTED.search(error.message) if status == 429 else None
    beyond = requested is not None and _number(requested[2]) > _number(requested[1])
    if status == 413 or (status == 429 and (beyond or any(words in error.text for words in TOO_LARGE))):
        hint = "teacher.limits.samples_per_request or teacher.max_tokens makes requests smaller"
        message = f"the request is too large (status {status}): {said} ({hint})"
        return RefusedError(message, status, about="question", fewer_may_work=True)
    coded = any(code in error.codes for code in QUESTION_CODES)
    # `max_tokens exceeds the maximum` is about every question.
    worded = any(words in error.text for words in QUESTION_WORDS) and not any(
        name in error.text for name in ("max_tokens", "max_completion_tokens")
    )
    if status in (400, 422) and (coded or worded):
        return RefusedError(f"the server refused the question (status {status}): {said}", status, about="question")
    return None


def _has_to_be_paid(error: ErrorBody) -> bool:
    """Whether a 429 does not pass by itself."""
    if any(words in error.text for words in PASSING_429):
        return False
    return any(words in error.text for words in PERMANENT_429)


def _transient(status: int, headers: Mapping[str, str], said: str, error: ErrorBody) -> TransientError:
    wait = retry_after(headers)
    if wait is None and (advice := ADVICE.search(error.text)):
        wait = sum(float(advice[name] or 0) * unit for name, unit in (("m", 60), ("s", 1), ("ms", 0.001))) or None
    overloaded = status == 429 or (status in OVERLOADED and wait is not None) or status == 529
    return TransientError(
        f"status {status}: {said}",
        wait,
        maybe_billed=status in GATEWAY_TIMEOUTS,
        overloaded=overloaded,
        status=status,
    )


def classify_embedded(body: Mapping[str, Any], secrets: Sequence[str] = ()) -> TransientError | RefusedError:
    """Return what a 200 response means whose body is an error. Nothing was generated, so nothing was billed."""
    error = read_error(body)
    status = next((int(code) for code in sorted(error.codes) if code.isdecimal() and 400 <= int(code) < 600), None)
    if status is None:
        status = next((number for word, number in STATUS_OF.items() if word in error.text), None)
    if status is not None:
        return classify_status(status, {}, body, secrets)
    said = one_line(error.message, secrets) or "no message"
    return TransientError(f"an error in the place of an answer: {said}", wrong_shape=True)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that `retry-after-ms` or `Retry-After` (seconds or a date) ask to wait; None where they ask
    for nothing: zero, or a date that has passed, is no advice."""
    seconds = _seconds(headers.get("retry-after-ms"), 1000)
    if seconds is None:
        seconds = _seconds(headers.get("retry-after"), 1)
    return seconds if seconds is not None and 0 < seconds < float("inf") else None


def _seconds(given: str | None, per_second: int) -> float | None:
    if not given:
        return None
    try:
        return float(given) / per_second
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(given).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return None


def _never_connected(error: BaseException | None) -> bool:
    """Whether the request cannot have reached a server."""
    import httpx2

    while error is not None:
        if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout | httpx2.ProxyError):
            return True
        error = error.__cause__
    return False


def _parameter(error: ErrorBody) -> str | None:
    """Return the request parameter that a refusal is about."""
    name = (error.parameter or "").rpartition(".")[2].rpartition("/")[2]
    if name in OPTIONS:
        return name
    if (quoted := NAMED.search(error.message)) is not None:
        return str(next(part for part in quoted.groups() if part))
    if (said := MENTIONED.search(error.message)) is not None:
        found = str(next(filter(None, said.groups())))
        if found in OPTIONS:
            return found
    return name or None


def _number(digits: str) -> int:
    return int(digits.replace(",", "")[:18] or 0)
