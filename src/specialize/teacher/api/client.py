"""The `openai` client, asked for raw answers: what the server sent is what the cache keeps."""

import asyncio
import json
import os
from collections.abc import Mapping
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from specialize.core.errors import SpecializeError
from specialize.core.params.teacher import TeacherParams
from specialize.teacher.api.requests import PATHS
from specialize.teacher.api.server_errors import TransientError, classify_error

NO_KEY = "none"
"""Sent where a server on this machine asks for no key."""


class KeyMissingError(SpecializeError):
    """No key in the environment, or none that can be one."""


def key_for(params: TeacherParams, base_url: str) -> str:
    """Return the key from the environment.

    Raises KeyMissingError where it cannot be sent, and where there is none and a server elsewhere will want one.
    """
    if key := os.environ.get(params.key_variable, "").strip():
        # No header can carry others, and the client's own complaint would quote them.
        if not all("!" <= character <= "~" for character in key):
            raise KeyMissingError(
                f"{params.key_variable}: expected a key in printable ASCII without blanks, got other characters "
                "(a line too many, a typographic quote?)"
            )
        return key
    if is_loopback(base_url):
        return NO_KEY
    raise KeyMissingError(
        f"{params.key_variable} is not set in the environment: expected the key for {base_url} "
        "(any text where the server asks for none). Another variable: teacher.key_variable"
    )


def is_loopback(base_url: str) -> bool:
    """Whether a server is on this machine."""
    return urlsplit(base_url).hostname in ("127.0.0.1", "localhost", "::1")


class Client:
    """One server, one API. Every failure is a TransientError or a RefusedError (api.server_errors)."""

    def __init__(self, params: TeacherParams, base_url: str) -> None:
        """`base_url`: where to ask; params may say `local`."""
        import httpx2
        import openai

        self.secret = "" if (key := key_for(params, base_url)) == NO_KEY else key
        self.timeout_s, self.path = params.limits.timeout_s, PATHS[params.api]
        count = params.limits.concurrency
        http = openai.DefaultAsyncHttpx2Client(
            limits=httpx2.Limits(max_connections=count, max_keepalive_connections=count),
            trust_env=not is_loopback(base_url),  # no proxy between us and this machine
        )
        # One layer of retries, ours: two would multiply.
        self.openai = openai.AsyncOpenAI(
            api_key=key, base_url=base_url, max_retries=0, timeout=self.timeout_s, http_client=http
        )

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.openai.close()

    async def ask(self, body: Mapping[str, Any]) -> Any:
        """Send one request and return the decoded answer. Raises TransientError or RefusedError."""
        import httpx2

        try:
            # The client's own time-out is per read: a server that sends a byte now and then would hold us for ever.
            async with asyncio.timeout(self.timeout_s):
                response = await self.openai.post(self.path, cast_to=httpx2.Response, body=body)
            return json.loads(response.content)
        except (ValueError, RecursionError):
            raise TransientError("the answer is not JSON", maybe_billed=True) from None
        except Exception as error:
            meaning = classify_error(error, self.secret)
            if meaning is None:
                raise
            raise meaning from None
