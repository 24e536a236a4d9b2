"""OpenAI's Batch API: the same requests, keys and cache, at half the price and within a day.

Write a file of requests, upload it, submit it, poll, collect. Each step is noted in the cache's file before and after,
so that a run that is cut off anywhere goes on where it was: an upload may happen twice (it costs nothing), a batch is
looked for among the provider's before it is submitted, and what was collected is kept. A batch that the provider has
lost is forgotten, and its requests are submitted again.
"""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from specialize.core.locks import LockedError, exclusive
from specialize.core.log import Progress, get_logger
from specialize.teacher.api.client import Client
from specialize.teacher.api.error_words import ENQUEUED
from specialize.teacher.api.requests import PATHS, runs
from specialize.teacher.api.server_errors import RefusedError
from specialize.teacher.cache.store import Cache
from specialize.teacher.cost import cost
from specialize.teacher.plan import Plan
from specialize.teacher.sampling.batch_lines import BatchLines
from specialize.teacher.sampling.batch_provider import Provider
from specialize.teacher.sampling.batch_state import Batch, BatchState
from specialize.teacher.sampling.budget import BudgetError
from specialize.teacher.sampling.first_answers import PER_QUESTION, FirstAnswers
from specialize.teacher.sampling.pending_request import PendingRequest
from specialize.teacher.sampling.refusals import Refusals
from specialize.teacher.sampling.requester import KEPT, SamplingError

LOG = get_logger("teacher")
ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
BYTES_PER_FILE = 190_000_000
"""OpenAI takes 200 MB."""
FRUITLESS_ROUNDS = 2
"""Rounds of batches without one usable completion, before the run ends."""


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
        provider = Provider(client, plan.params)
        refusals = Refusals(cache, evidence=estimate.cached > 0)
        round_ = _Round(plan, cache, state, provider, BatchLines(plan, cache, state, refusals, client.secrets))
        fruitless = 0
        first = FirstAnswers(plan, cache)
        while state.open(base_url) or round_.write(base_url, first.wanted()):
            found = await round_.turn(base_url)
            refusals.end()
            if found.stop and next(plan.missing(cache), None) is not None:
                raise SamplingError(f"{found.stop}. {KEPT}")
            fruitless = 0 if found.usable or found.postponed else fruitless + 1
            # What fails twice while others are answered becomes a result (BatchLines), so it gets a second round.
            again = found.lost or (found.failed and refusals.evidence)
            if fruitless and (fruitless >= FRUITLESS_ROUNDS or not again):
                raise SamplingError(f"{found.nothing(plan.params.top_k)}. {KEPT}")
            progress.advance(found.usable)


@dataclass
class _Found:
    """What a round of batches brought."""

    usable: int = 0
    bare: int = 0
    lost: list[str] = field(default_factory=list)
    """Batches that the provider has lost, or did not get to."""
    failed: int = 0
    """Requests that a server error ended."""
    postponed: bool = False
    """Whether a batch waits for others to be done."""
    stop: str = ""
    """Why the run ends."""

    def nothing(self, top_k: int) -> str:
        """Return why nothing was of use."""
        if self.lost:
            return f"nothing came of the batches: {'; '.join(self.lost)}"
        if self.bare:
            return (
                "a whole batch brought nothing that can be used: log-probabilities were asked for "
                f"(teacher.top_k: {top_k}) and none came"
            )
        return "a whole batch brought nothing that can be used: each of its requests failed"


class _Round:
    """One turn of write, submit, collect."""

    def __init__(self, plan: Plan, cache: Cache, state: BatchState, provider: Provider, lines: BatchLines) -> None:
        self.plan, self.cache, self.state, self.provider, self.lines = plan, cache, state, provider, lines
        self.one_by_one = self.alone = False
        """Whether the provider takes no second batch before the first one is done."""

    def write(self, base_url: str, first: frozenset[str]) -> bool:
        """Write the files of what is missing, as much as the budget allows; whether there is anything.

        first: the questions (request keys) whose answers are to be looked at before the rest is asked; none: all.
        """
        params, limits = self.plan.params, self.plan.params.limits
        path, prefix = PATHS[params.api], self.provider.prefix
        dollars = self.plan.estimate(self.cache).spent
        lines: list[tuple[PendingRequest, str]] = []
        size = 0
        missing = False
        for pending, line, price in self._requests(first):
            missing = True
            dollars += price
            if limits.budget is not None and dollars > limits.budget:
                break
            if lines and (len(lines) == limits.requests_per_batch or size + len(line) > BYTES_PER_FILE):
                self.state.write(base_url, path, lines, prefix)
                lines, size = [], 0
            lines.append((pending, line))
            size += len(line)
        if lines:
            self.state.write(base_url, path, lines, prefix)
        if missing and not self.state.open(base_url):
            raise BudgetError(
                f"the budget of {limits.budget:,.2f} dollars leaves no room for another request. {KEPT} after raising "
                "teacher.limits.budget"
            )
        return missing

    def _requests(self, only: frozenset[str]) -> Iterator[tuple[PendingRequest, str, float]]:
        """Yield each request that is missing, as a body in JSON, with its dollars at most; of the questions `only`,
        where there are any, as many samples as the check of first answers looks at."""
        params = self.plan.params
        for question in self.plan.missing(self.cache):
            request, samples = question.request, question.samples
            if only and request.key not in only:
                continue
            samples = frozenset(sorted(samples)[:PER_QUESTION]) if only else samples
            for first, count in runs(samples, params.limits.samples_per_request if request.sends_n else 1):
                pending = self.plan.pending(request, first, count)
                price = cost(params.limits.prices, request.prompt_bound, count * params.max_tokens)
                yield pending, json.dumps(request.ask(first, count)), price

    async def turn(self, base_url: str) -> _Found:
        """Submit what is written, wait for it, keep what comes."""
        found = _Found()
        self.alone = self.one_by_one
        submitted: list[Batch] = []
        for batch in self.state.open(base_url):
            try:
                submitted.append(await self._submit(batch))
            except RefusedError as refusal:
                if not submitted or not _queue_is_full(None, str(refusal)):
                    raise
                LOG.warning("%s; submitting one batch at a time", refusal)
                self.one_by_one = True
            if self.one_by_one:
                break
        for batch in submitted:
            await self._collect(batch, found)
        return found

    async def _submit(self, batch: Batch) -> Batch:
        """Upload and submit, or find what an earlier run submitted."""
        if batch.file_id is None:
            batch = self.state.uploaded(
                batch, await self.provider.upload(batch.name, self.state.file(batch).read_bytes())
            )
        if batch.batch_id is None:
            batch_id = await self.provider.find(batch.name) or await self.provider.submit(batch)
            batch = self.state.submitted(batch, batch_id)
            LOG.info("batch %s submitted: %s requests", batch_id, f"{batch.requests:,}")
        return batch

    async def _collect(self, batch: Batch, found: _Found) -> None:
        """Wait for a batch to end and keep what it brought."""
        assert batch.batch_id is not None
        name = f"batch {batch.batch_id}"
        try:
            now = await self._ended(batch)
            contents = [await self.provider.content(file) for file in (now.output_file_id, now.error_file_id) if file]
        except RefusedError as refusal:
            if refusal.status not in (404, 410):
                raise
            found.lost.append(f"{name}: {refusal}")
            LOG.warning("%s is lost (%s): its requests are submitted again", name, refusal)
            self.state.forget(batch)
            return
        first = now.errors.data[0] if now.errors and now.errors.data else None
        if now.status == "completed" and not contents:
            found.lost.append(f"{name} has no output")
        if now.status == "failed" and first is not None and _queue_is_full(first.code, first.message):
            if self.alone:
                hint = "teacher.limits.requests_per_batch: a smaller one makes smaller batches"
                found.stop = f"{name}: {first.message} ({hint})"
            LOG.warning("%s: %s; submitting one batch at a time", name, first.message)
            self.one_by_one = found.postponed = True
            self.state.unsubmitted(batch)
            return
        kept = self.lines.keep_all(batch, contents)
        found.usable += kept.usable
        found.bare += kept.bare
        found.failed += kept.failed
        self.state.forget(batch)
        LOG.info("%s: %s, %s completions received", name, now.status, f"{kept.usable:,}")
        if now.status == "failed":
            found.stop = f"{name} failed: {first.message if first else 'no message'}"
        elif now.status == "cancelled":
            found.stop = f"{name} was cancelled at the provider. The same command submits what is left"
        elif now.status == "expired":
            found.lost.append(f"{name} expired before all was done")
        elif kept.refusal is not None:
            raise RefusedError(f"{kept.refusal}. {KEPT}", kept.refusal.status)

    async def _ended(self, batch: Batch) -> Any:
        """Return the provider's view of a batch, once it has ended."""
        while (now := await self.provider.retrieve(str(batch.batch_id))).status not in ENDED:
            counts = now.request_counts
            done = f"{counts.completed:,} of {counts.total:,}" if counts else "?"
            LOG.info("batch %s: %s, %s requests done", batch.batch_id, now.status, done)
            await asyncio.sleep(self.plan.params.limits.poll_s)
        return now


def _queue_is_full(code: str | None, message: str | None) -> bool:
    """Whether a batch was not taken because of those before it."""
    return "token_limit" in (code or "").lower() or ENQUEUED in (message or "").lower()
