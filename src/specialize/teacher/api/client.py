"""The `openai` client, asked for raw responses: the cache keeps what the server sent."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from functools import cache
from types import TracebackType
from typing import Any

from specialize.core.params.teacher import TeacherParams
from specialize.teacher.api.environment import NO_KEY, account_of, check_environment, headers_for, is_loopback, key_for
from specialize.teacher.api.redact import one_line, redact_body
from specialize.teacher.api.requests import PATHS
from specialize.teacher.api.server_errors import TransientError, classify_error

SMALLEST_BOUND = 16 * 2**20
BYTES_PER_ALTERNATIVE = 256
"""More than any server sends for one token or alternative."""
EXCERPT = 80


class Client:
    """One server, one API. Every failure is a TransientError or a RefusedError (api.server_errors)."""

    def __init__(self, params: TeacherParams, base_url: str) -> None:
        """`base_url`: the server's address; params may say `local`."""
        import httpx2
        import openai

        check_environment(base_url)
        key, headers = key_for(params, base_url), headers_for(params, base_url)
        self.secrets = tuple(value for value in (key, *headers.values()) if value != NO_KEY)
        self.base_url, self.timeout_s, self.path = base_url, params.limits.timeout_s, PATHS[params.api]
        tokens = params.limits.samples_per_request * params.max_tokens
        self.largest = SMALLEST_BOUND + tokens * (1 + params.top_k) * BYTES_PER_ALTERNATIVE
        count = params.limits.concurrency
        http = openai.DefaultAsyncHttpx2Client(
            limits=httpx2.Limits(max_connections=count, max_keepalive_connections=count),
            trust_env=not is_loopback(base_url),  # no proxy between us and this machine
            follow_redirects=False,  # another host would get the prompt, and its answers the name of this one
            event_hooks={"request": [] if params.key_variable else [_without_key], "response": [self._bound]},
        )
        # One layer of retries, ours: two would multiply.
        self.openai = openai.AsyncOpenAI(
            api_key=key,
            base_url=base_url,
            max_retries=0,
            timeout=self.timeout_s,
            http_client=http,
            default_query=params.request.query or None,
            default_headers={"Accept-Encoding": "identity", **headers},
        )
        # Passed as arguments, None would be read from the environment.
        account = account_of(base_url)
        self.openai.organization, self.openai.project = account["organization"], account["project"]

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.openai.close()

    async def ask(self, body: Mapping[str, Any]) -> Any:
        """Send one request and return the decoded response. Raises TransientError or RefusedError."""
        import httpx2

        try:
            # The client's own time-out is per read: a server that sends a byte now and then would hold us for ever.
            async with asyncio.timeout(self.timeout_s):
                response = await self.openai.post(self.path, cast_to=httpx2.Response, body=body)
            content = redact_body(response.content, self.secrets)
        except Exception as error:
            meaning = self.classify(error)
            if meaning is None:
                raise
            raise meaning from None
        return self._decoded(content, response.headers.get("content-type", ""))

    def classify(self, error: Exception) -> Exception | None:
        """Return what an exception of the client means (api.server_errors.classify_error)."""
        return classify_error(error, self.secrets, self.base_url, self.timeout_s)

    def _decoded(self, content: bytes, kind: str) -> Any:
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            pass
        start = one_line(content[: 4 * EXCERPT].decode("utf-8", "replace"), self.secrets)[:EXCERPT]
        kind = kind.partition(";")[0].strip().lower()
        page = kind == "text/html" or content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"
        stream = "stream" in kind or "ndjson" in kind or content.lstrip().startswith((b"data:", b"event:"))
        hint = ""
        if page:
            hint = f". Does teacher.base_url ({self.base_url}) lack the /v1 of the API?"
        elif stream:
            hint = ". The server streams though no stream was asked for: turn that off there"
        message = f"expected JSON, got {kind or 'no content type'}: {start!r}{hint}"
        raise TransientError(message, maybe_billed=not page, not_the_api=page or stream)

    async def _bound(self, response: Any) -> None:
        """Let no response to a request be larger than any honest one; the outputs of batches are not bounded."""
        if response.request.url.path.endswith(self.path):
            compressed = response.headers.get("content-encoding", "identity") != "identity"
            # Compression was declined; what comes compressed all the same may grow a thousandfold.
            largest = self.largest // 64 if compressed else self.largest
            response.stream = _bounded_stream()(response.stream, largest)


async def _without_key(request: Any) -> None:
    """Remove the header that the client library always sends."""
    request.headers.pop("Authorization", None)


@cache
def _bounded_stream() -> type:
    """Return the class, made once: the HTTP library loads only where requests are sent."""
    import httpx2

    class BoundedStream(httpx2.AsyncByteStream):
        """A stream that fails behind so many bytes."""

        def __init__(self, stream: Any, largest: int) -> None:
            self.stream, self.largest = stream, largest

        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for chunk in self.stream:
                size += len(chunk)
                if size > self.largest:
                    message = f"a response of more than {self.largest:,} bytes"
                    raise TransientError(message, maybe_billed=True, wrong_shape=True)
                yield chunk

        async def aclose(self) -> None:
            await self.stream.aclose()

    return BoundedStream
