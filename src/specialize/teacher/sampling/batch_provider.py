"""The provider's Files and Batch APIs."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from specialize.core.log import get_logger
from specialize.core.params.teacher import TeacherParams
from specialize.teacher.api.client import Client
from specialize.teacher.api.server_errors import RefusedError, TransientError
from specialize.teacher.sampling.batch_state import Batch
from specialize.teacher.sampling.rate_limit import RateLimiter
from specialize.teacher.sampling.requester import KEPT, SamplingError
from specialize.teacher.sampling.retry import retry

LOG = get_logger("teacher")
AZURE = ".azure."
NAME = "specialize"
"""Key of the batch's name in the provider's metadata."""

Result = TypeVar("Result")


class Provider:
    """Calls of the APIs, each retried as online requests are. Raises RefusedError and SamplingError."""

    def __init__(self, client: Client, params: TeacherParams) -> None:
        self.client, self.limits, self.limiter = client, params.limits, RateLimiter(params.limits)
        # Azure names the API without `/v1` in a batch and in its lines.
        azure = AZURE in client.base_url or "api-key" in map(str.lower, params.request.headers)
        self.prefix = "" if azure else "/v1"

    async def upload(self, name: str, content: bytes) -> str:
        """Upload a file of requests and return its id."""
        files = self.client.openai.files
        return (await self._call(lambda: files.create(file=(f"{name}.jsonl", content), purpose="batch"))).id

    async def find(self, name: str) -> str | None:
        """Return the id of the batch that an earlier run submitted under this name and that still counts."""

        async def find() -> str | None:
            async for known in self.client.openai.batches.list(limit=100):
                if (known.metadata or {}).get(NAME) == name and known.status != "failed":
                    return known.id
            return None

        try:
            return await self._call(find)
        except RefusedError as refusal:
            if refusal.status not in (404, 405, 501):
                raise
            LOG.info("the provider lists no batches: submitting without looking for one of an earlier run")
            return None

    async def submit(self, batch: Batch) -> str:
        """Submit an uploaded file and return the batch's id. Not repeated where the provider may have taken it."""
        arguments: dict[str, Any] = {
            "input_file_id": batch.file_id,
            "endpoint": f"{self.prefix}{batch.path}",
            "completion_window": "24h",
            "metadata": {NAME: batch.name},
        }

        async def submit() -> str:
            try:
                return (await self.client.openai.batches.create(**arguments)).id
            except Exception as error:
                meaning = self.client.classify(error)
                # Right after the upload the file is not everywhere yet; a refusal has submitted nothing.
                if (
                    isinstance(meaning, RefusedError)
                    and meaning.status in (400, 404)
                    and "file" in str(meaning).lower()
                ):
                    raise TransientError(str(meaning)) from None
                if isinstance(meaning, TransientError) and not meaning.overloaded:
                    raise SamplingError(f"{meaning}. {KEPT}") from None
                raise

        return await self._call(submit)

    async def retrieve(self, batch_id: str) -> Any:
        """Return a batch as it is now."""
        return await self._call(lambda: self.client.openai.batches.retrieve(batch_id))

    async def content(self, file_id: str) -> bytes:
        """Return the content of an output or error file."""
        return (await self._call(lambda: self.client.openai.files.content(file_id))).content

    async def _call(self, call: Callable[[], Awaitable[Result]]) -> Result:
        async def attempt() -> Result:
            try:
                result = await call()
            except Exception as error:
                meaning = self.client.classify(error)
                if meaning is None:
                    raise
                raise meaning from None
            self.limiter.answered()
            return result

        def log(fault: TransientError, wait_s: float) -> None:
            LOG.warning("%s; again in %.1f s", fault, wait_s)

        try:
            return await retry(self.limits, attempt, log, asyncio.sleep, self.limiter)
        except TransientError as fault:
            raise SamplingError(f"{fault}. {KEPT}") from None
