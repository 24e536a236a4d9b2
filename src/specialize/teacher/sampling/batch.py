"""OpenAI's Batch API: the same requests, keys and cache, at half the price and within a day.

Write a file of requests, upload it, submit it, poll, collect. Each step is noted in the cache's file before and after,
so that a run that is cut off anywhere goes on where it was: an upload may happen twice (it costs nothing), a batch is
looked for among the provider's before it is submitted, and what was collected is kept.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

from specialize.core.locks import LockedError, exclusive
from specialize.core.log import Progress, get_logger
from specialize.teacher.api.client import Client
from specialize.teacher.api.requests import PATHS, runs
from specialize.teacher.api.responses import MalformedResponseError
from specialize.teacher.api.server_errors import RefusedError, TransientError, classify_error, classify_status
from specialize.teacher.cache.store import Cache
from specialize.teacher.cost import cost
from specialize.teacher.plan import Plan
from specialize.teacher.sampling.batch_state import Batch, BatchState
from specialize.teacher.sampling.budget import BudgetError
from specialize.teacher.sampling.online import FILTERED, KEPT, SamplingError
from specialize.teacher.sampling.pending_request import PendingRequest
from specialize.teacher.sampling.retry import retry

LOG = get_logger("teacher")
NAME = "specialize"
"""Key of the batch's name in the provider's metadata."""
ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
BYTES_PER_FILE = 190_000_000
"""OpenAI takes 200 MB."""

Result = TypeVar("Result")


def fill_by_batch(plan: Plan, cache: Cache, base_url: str) -> None:
    """Ask for every completion that the cache lacks. Raises SpecializeError; what was received is never lost."""
    try:
        with exclusive(cache.lock_file("batch")):
            asyncio.run(_fill(plan, cache, BatchState(cache), base_url))
    except LockedError:
        raise SamplingError(f"{cache.path.parent}: another process is working on the batches") from None
    except KeyboardInterrupt:
        raise SamplingError(f"stopped. Batches that were submitted go on at the provider. {KEPT}") from None


async def _fill(plan: Plan, cache: Cache, state: BatchState, base_url: str) -> None:
    estimate = plan.estimate(cache)
    LOG.info("%s of %s completions are in the cache", f"{estimate.cached:,}", f"{estimate.samples:,}")
    progress = Progress(LOG, "completions", estimate.samples, done=estimate.cached, every_s=0)
    async with Client(plan.params, base_url) as client:
        round_ = _Round(plan, cache, state, client, base_url)
        while True:
            if not state.open(base_url) and not round_.write():
                return
            for batch in state.open(base_url):
                await round_.submit(batch)
            got = sum([await round_.collect(batch) for batch in state.open(base_url)])
            if round_.refusal is not None:
                raise RefusedError(f"{round_.refusal}. {KEPT}")
            if not got:
                raise SamplingError(
                    "a whole batch brought nothing that can be used: its requests failed, or log-probabilities were "
                    f"asked for (teacher.top_k: {plan.params.top_k}) and none came. {KEPT}"
                )
            progress.advance(got)


class _Round:
    """One turn of write, submit, collect."""

    def __init__(self, plan: Plan, cache: Cache, state: BatchState, client: Client, base_url: str) -> None:
        self.plan, self.cache, self.state, self.client, self.base_url = plan, cache, state, client, base_url
        self.refusal: str | None = None

    def write(self) -> bool:
        """Write the files of what is missing, as much as the budget allows; whether there is anything."""
        params, limits = self.plan.params, self.plan.params.limits
        dollars = self.plan.estimate(self.cache).spent
        lines: list[tuple[PendingRequest, str]] = []
        size = 0
        missing = False
        for asked, line, price in self._lines():
            missing = True
            dollars += price
            if limits.budget is not None and dollars > limits.budget:
                break
            if lines and (len(lines) == limits.requests_per_batch or size + len(line) > BYTES_PER_FILE):
                self.state.write(self.base_url, PATHS[params.api], lines)
                lines, size = [], 0
            lines.append((asked, line))
            size += len(line)
        if lines:
            self.state.write(self.base_url, PATHS[params.api], lines)
        if missing and not self.state.open(self.base_url):
            raise BudgetError(
                f"the budget of {limits.budget:,.2f} dollars leaves no room for another request. {KEPT} after raising "
                "teacher.limits.budget"
            )
        return missing

    def _lines(self) -> Iterator[tuple[PendingRequest, str, float]]:
        """Yield each request that is missing, as a body in JSON, with its dollars at most."""
        params = self.plan.params
        for ask in self.plan.missing(self.cache):
            for first, count in runs(ask.samples, params.limits.samples_per_request):
                asked = PendingRequest(ask.request.key, first, count, params.model, params.max_tokens, params.top_k)
                price = cost(params.limits.prices, ask.request.prompt_bound, count * params.max_tokens)
                yield asked, json.dumps(ask.request.ask(first, count)), price

    async def submit(self, batch: Batch) -> None:
        """Upload and submit, or find what an earlier run submitted."""
        api = self.client.openai
        if batch.file_id is None:
            content = self.state.file(batch).read_bytes()
            file = await self._call(lambda: api.files.create(file=(f"{batch.name}.jsonl", content), purpose="batch"))
            batch = self.state.uploaded(batch, file.id)
        if batch.batch_id is None:
            batch_id = await self._call(lambda: self._submitted_before(batch))
            if batch_id is None:
                arguments: dict[str, Any] = {
                    "input_file_id": batch.file_id,
                    "endpoint": f"/v1{batch.path}",
                    "completion_window": "24h",
                    "metadata": {NAME: batch.name},
                }
                batch_id = (await self._call(lambda: api.batches.create(**arguments), once=True)).id
            self.state.submitted(batch, batch_id)
            LOG.info("batch %s submitted: %s requests", batch_id, f"{batch.requests:,}")

    async def _submitted_before(self, batch: Batch) -> str | None:
        async for known in self.client.openai.batches.list(limit=100):
            if (known.metadata or {}).get(NAME) == batch.name:
                return known.id
        return None

    async def collect(self, batch: Batch) -> int:
        """Wait for a batch to end and keep what it brought; return how many completions can be used."""
        api = self.client.openai
        assert batch.batch_id is not None
        while (now := await self._call(lambda: api.batches.retrieve(str(batch.batch_id)))).status not in ENDED:
            counts = now.request_counts
            done = f"{counts.completed:,} of {counts.total:,}" if counts else "?"
            LOG.info("batch %s: %s, %s requests done", batch.batch_id, now.status, done)
            await asyncio.sleep(self.plan.params.limits.poll_s)
        got = 0
        for file_id in (now.output_file_id, now.error_file_id):
            if file_id:
                content = await self._call(lambda name=file_id: api.files.content(name))  # type: ignore[misc]
                # Lines end at \n alone: a completion may hold U+2028 or U+0085, at which str.splitlines would cut it.
                got += sum(self._keep(batch, line) for line in content.content.split(b"\n") if line.strip())
        if now.status == "failed":
            first = now.errors.data[0].message if now.errors and now.errors.data else "no message"
            self.refusal = f"batch {batch.batch_id} failed: {first}"
        self.state.collected(batch)
        LOG.info("batch %s: %s, %s completions received", batch.batch_id, now.status, f"{got:,}")
        return got

    def _keep(self, batch: Batch, text: bytes) -> int:
        """Keep one line of an output or error file; return how many completions of it can be used."""
        try:
            line = json.loads(text)
            asked = self.state.asked(batch, int(line["custom_id"]))
            response = line.get("response") or {}
            status, body = int(response.get("status_code", 500)), response.get("body")
        except (ValueError, KeyError, TypeError, AttributeError):
            LOG.warning("batch %s: a line that cannot be read is left out", batch.batch_id)
            return 0
        if status != 200:
            meaning = classify_status(status, {}, body or {"error": line.get("error")}, self.client.secret)
            if not isinstance(meaning, RefusedError):
                return 0
            if meaning.code not in FILTERED:
                self.refusal = self.refusal or str(meaning)
                return 0
            rows = asked.filtered()
        else:
            try:
                rows = asked.rows(body)
            except MalformedResponseError:
                return 0
        self.cache.add(rows)
        return sum(self.plan.bare or not row.bare for row in rows)

    async def _call(self, call: Callable[[], Awaitable[Result]], once: bool = False) -> Result:
        """Call the provider by the policy for faults. `once`: do not repeat what may have been done."""

        async def attempt() -> Result:
            try:
                return await call()
            except Exception as error:
                meaning = classify_error(error, self.client.secret)
                if meaning is None:
                    raise
                raise meaning from None

        def tell(fault: TransientError, number: int, wait_s: float) -> None:
            LOG.warning("%s; try %d in %.1f s", fault, number + 1, wait_s)

        limits = self.plan.params.limits
        limits = limits.model_copy(update={"attempts": 1}) if once else limits
        try:
            return await retry(limits, attempt, tell, asyncio.sleep)
        except TransientError as fault:
            raise SamplingError(f"{fault}. {KEPT}") from None
