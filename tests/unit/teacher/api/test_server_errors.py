"""Errors of servers: which are transient, how long to wait, and that no message contains the key."""

import time
from email.utils import formatdate
from typing import Any

import httpx2
import openai
import pytest

from specialize.core.params.teacher import TeacherParams
from specialize.teacher.api.environment import KeyMissingError, key_for
from specialize.teacher.api.server_errors import (
    RefusedError,
    TransientError,
    classify_error,
    classify_status,
    retry_after,
)

KEY = "sk-very-secret"
REQUEST = httpx2.Request("POST", "http://here/v1")


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_what_may_pass(status: int) -> None:
    meaning = classify_status(status, {}, {"error": {"message": "later"}})
    assert isinstance(meaning, TransientError) and meaning.maybe_billed == (status in (408, 502, 504))


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 405, 413, 422])
def test_what_does_not_pass(status: int) -> None:
    meaning = classify_status(status, {}, {"error": {"message": "no such model"}})
    assert isinstance(meaning, RefusedError) and f"status {status}" in str(meaning)


def test_a_spent_quota_is_no_lack_of_breath() -> None:
    for body in ({"error": {"code": "insufficient_quota", "message": "pay"}}, {"code": "insufficient_quota"}):
        assert isinstance(classify_status(429, {}, body), RefusedError)


def test_exceptions_of_the_client() -> None:
    timeout = classify_error(openai.APITimeoutError(REQUEST))
    reset = classify_error(openai.APIConnectionError(request=REQUEST))
    late = classify_error(TimeoutError())
    for fault in (timeout, reset, late):
        assert isinstance(fault, TransientError) and fault.maybe_billed
    response = httpx2.Response(503, headers={"retry-after": "2"}, request=REQUEST)
    busy = classify_error(openai.InternalServerError("busy", response=response, body=None))
    assert isinstance(busy, TransientError) and busy.retry_after_s == 2 and not busy.maybe_billed
    assert classify_error(ZeroDivisionError()) is None


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500])
@pytest.mark.parametrize("body", [{"error": {"message": f"bad key {KEY}"}}, f"Bearer {KEY}", {"error": [KEY]}])
def test_no_message_tells_the_key(status: int, body: Any) -> None:
    assert KEY not in str(classify_status(status, {}, body, [KEY]))


def test_retry_after() -> None:
    assert retry_after({}) is None
    assert retry_after({"retry-after": "3"}) == 3
    assert retry_after({"retry-after-ms": "250", "retry-after": "3"}) == 0.25
    assert retry_after({"retry-after": "soon"}) is None
    assert 50 < (retry_after({"retry-after": formatdate(time.time() + 60, usegmt=True)}) or 0) <= 60


@pytest.mark.parametrize("odd", ["sk-very\nsecret", "sk-very secret", "sk-véry-secret", "“sk-very-secret”"])
def test_a_key_that_no_header_can_carry_is_not_told(monkeypatch: pytest.MonkeyPatch, odd: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", odd)
    with pytest.raises(KeyMissingError, match="OPENAI_API_KEY: expected a key in printable ASCII") as caught:
        key_for(TeacherParams(mode="online"), "https://api.example.org/v1")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "[::1]", "0.0.0.0", "[::]"])
def test_a_server_on_this_machine_needs_no_key(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert key_for(TeacherParams(mode="online"), f"http://{host}:8000/v1") == "none"


def test_a_server_elsewhere_needs_one_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(KeyMissingError, match="is not set"):
        key_for(TeacherParams(mode="online"), "https://api.example.org/v1")
    assert key_for(TeacherParams(mode="online", key_variable=None), "http://gpu-box:8000/v1") == "none"
