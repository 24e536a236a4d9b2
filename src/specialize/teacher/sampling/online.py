"""Ask for what the cache lacks: one producer, a bounded number of requests in flight, every answer kept at once."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from specialize.core.errors import SpecializeError
from specialize.core.files import sha256_text
from specialize.core.locks import exclusive
from specialize.core.log import Progress, get_logger
from specialize.core.params.teacher import TeacherParams
from specialize.teacher.api.client import Client
from specialize.teacher.api.requests import Request, runs
from specialize.teacher.api.responses import MalformedResponseError
from specialize.teacher.api.server_errors import RefusedError, TransientError
from specialize.teacher.cache.store import Cache, Row
from specialize.teacher.cost import cost
from specialize.teacher.plan import MissingSamples, Plan
from specialize.teacher.sampling.budget import Budget
from specialize.teacher.sampling.pending_request import PendingRequest
from specialize.teacher.sampling.rate_limit import RateLimiter
from specialize.teacher.sampling.retry import retry

LOG = get_logger("teacher")
BARE_TRIES = 3
"""Answers without log-probabilities, and none with them, before we believe that the server gives none."""
FILTERED = frozenset({"content_filter", "content_policy_violation"})
"""Codes of a refused prompt: an observation about this question, not a fault of the run."""
FAULTS_SHOWN = 20
KEPT = "What was received is kept; run the same command again to go on"


class SamplingError(SpecializeError):
    """Sampling cannot go on now."""


class _StoppedError(Exception):
    """Another request has ended the run."""


def fill(plan: Plan, cache: Cache, base_url: str) -> None:
    """Ask for every completion that the cache lacks. Raises SpecializeError; what was received is never lost."""
    if next(plan.missing(cache), None) is None:
        LOG.info("all completions are in the cache")
        return
    with exclusive(lock_file(plan, cache), on_wait=_log_waiting):
        estimate = plan.estimate(cache)
        LOG.info("%s of %s completions are in the cache", f"{estimate.cached:,}", f"{estimate.samples:,}")
        progress = Progress(LOG, "completions", estimate.samples, done=estimate.cached)
        asyncio.run(_fill(plan, cache, base_url, Budget(plan.params.limits, estimate.spent), progress))


def lock_file(plan: Plan, cache: Cache) -> Path:
    """Return the lock of everybody who asks this server for this model's completions: two at once would pay twice."""
    return cache.lock_file(sha256_text(f"{plan.endpoint} {plan.params.model}")[:16])


def _log_waiting() -> None:
    LOG.info("another process asks the same server: waiting for it to end, to ask only for what it leaves")


async def _fill(plan: Plan, cache: Cache, base_url: str, budget: Budget, progress: Progress) -> None:
    async with Client(plan.params, base_url) as client:
        sampler = Sampler(client, plan.params, cache, budget, progress)
        with _signals(sampler):
            await sampler.run(plan.missing(cache))
    if sampler.failure is not None:
        raise sampler.failure from None


class Sampler:
    """What a run has learnt of its server, and the requests in flight."""

    def __init__(self, client: Client, params: TeacherParams, cache: Cache, budget: Budget, progress: Progress) -> None:
        self.client, self.params, self.cache, self.budget, self.progress = client, params, cache, budget, progress
        self.limiter = RateLimiter(params.limits)
        self.per_request = params.limits.samples_per_request
        self.several_work = self.logprobs_seen = False
        self.faults = self.tokens = 0
        self.failure: Exception | None = None
        self.stopping = asyncio.Event()

    async def run(self, questions: Iterator[MissingSamples]) -> None:
        """Ask, until all is there or something stops the run: then requests in flight are still waited for."""
        # The first question goes alone: what its answer shows of the server holds for the others.
        if (first := next(questions, None)) is not None:
            await self._work(iter([first]))
        await asyncio.gather(*(self._work(questions) for _ in range(self.params.limits.concurrency)))

    def stop(self, failure: Exception) -> None:
        """Let no further request leave."""
        self.failure = self.failure or failure
        self.stopping.set()

    async def _work(self, questions: Iterator[MissingSamples]) -> None:
        where = ""
        try:
            while not self.stopping.is_set() and (question := next(questions, None)) is not None:
                where = question.problem_id
                await self._complete(question)
        except _StoppedError:
            pass
        except TransientError as fault:
            tries = self.params.limits.attempts
            self.stop(SamplingError(f"{where}: asked {tries} times, in the end: {fault}. {KEPT}"))
        except RefusedError as refused:
            self.stop(RefusedError(f"{where}: {refused}. {KEPT}"))
        except Exception as error:
            self.stop(error)

    async def _complete(self, question: MissingSamples) -> None:
        """Ask until every missing sample of one question is there."""
        missing = set(question.samples)
        fruitless = 0
        while missing:
            first, count = next(runs(missing, self.per_request))
            got = await self._several(question.request, first, count)
            missing -= got
            fruitless = 0 if got else fruitless + 1
            if fruitless >= (self.params.limits.attempts if self.logprobs_seen else BARE_TRIES):
                raise SamplingError(
                    f"{question.problem_id}: asked for log-probabilities (teacher.top_k: {self.params.top_k}) and "
                    f"got none, {fruitless} times. Use a server or API that gives them, or set teacher.top_k: 0, or "
                    "teacher.without_logprobs: allow"
                )

    async def _several(self, request: Request, first: int, count: int) -> set[int]:
        """Ask for some samples of one question; return those that can be used."""
        params = self.params
        asked = PendingRequest(request.key, first, count, params.model, params.max_tokens, params.top_k)
        try:
            rows = await retry(params.limits, lambda: self._attempt(request, asked), self._log_fault, self._sleep)
        except RefusedError as refused:
            if refused.code in FILTERED:
                self.cache.add(asked.filtered())
                self._log_progress(count)
                return set(range(first, first + count))
            if refused.status != 400 or count == 1 or self.several_work:
                raise
            LOG.info("%d samples in one request are refused: trying one by one", count)
            self.per_request = 1
            return await self._several(request, first, 1)
        self.cache.add(rows)
        # A short answer later on is a fault of that answer: what is missing is asked for again.
        if len(rows) < min(count, self.per_request) and not self.several_work:
            LOG.info("the server gives %d of %d samples asked for in a request: asking for so many", len(rows), count)
            self.per_request = len(rows)
        self.several_work |= len(rows) > 1
        self.logprobs_seen |= any(not row.bare for row in rows)
        good = {row.sample for row in rows if params.without_logprobs == "allow" or not row.bare}
        self._log_progress(len(good))
        return good

    async def _attempt(self, request: Request, asked: PendingRequest) -> list[Row]:
        """Send one request once. What it may cost is kept free in the budget, what it cost is booked."""
        if self.stopping.is_set():
            raise _StoppedError
        completion = asked.count * self.params.max_tokens
        reserved = await self.budget.reserve(request.prompt_bound, completion)
        taken = request.prompt_estimate + completion
        used, spent = 0.0, 0.0
        try:
            await self.limiter.wait(taken, self._sleep)
            if self.stopping.is_set():
                raise _StoppedError
            rows = asked.rows(await self.client.ask(request.ask(asked.first, asked.count)))
            used, spent = self._usage(rows, taken, reserved)
            return rows
        except (TransientError, MalformedResponseError) as error:
            fault = error if isinstance(error, TransientError) else TransientError(str(error), maybe_billed=True)
            spent = reserved if fault.maybe_billed else 0.0
            raise fault from None
        finally:
            self.budget.settle(reserved, spent)
            self.limiter.used(taken, used)

    def _usage(self, rows: list[Row], taken: float, reserved: float) -> tuple[float, float]:
        """Return tokens and dollars of an answer; the bounds where the server tells no usage."""
        usage = rows[0].usage
        prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
        if not isinstance(prompt, int) or not isinstance(completion, int):
            return taken, reserved
        self.tokens += prompt + completion
        return prompt + completion, cost(self.params.limits.prices, prompt, completion)

    def _log_fault(self, fault: TransientError, attempt: int, wait_s: float) -> None:
        if fault.retry_after_s is not None:
            self.limiter.pause(fault.retry_after_s)
        self.faults += 1
        if self.faults <= FAULTS_SHOWN:
            LOG.warning("%s; try %d in %.1f s", fault, attempt + 1, wait_s)
        elif self.faults == FAULTS_SHOWN + 1:
            LOG.warning("… further faults are counted, not shown")

    def _log_progress(self, good: int) -> None:
        note = [f"{self.tokens:,} tokens"]
        if self.params.limits.prices is not None:
            note.append(f"{self.budget.spent:,.2f} dollars")
        if self.faults:
            note.append(f"{self.faults:,} faults")
        self.progress.advance(good, "  ".join(note))

    async def _sleep(self, seconds: float) -> None:
        """Sleep, or wake at once when the run stops."""
        try:
            await asyncio.wait_for(self.stopping.wait(), seconds)
        except TimeoutError:
            return
        raise _StoppedError


@contextmanager
def _signals(sampler: Sampler) -> Iterator[None]:
    """At Ctrl-C or a polite kill: let nothing more leave, wait for what is paid for, end in one line."""
    loop = asyncio.get_running_loop()

    def stop(name: str) -> None:
        LOG.warning("%s: waiting for the requests in flight", name)
        sampler.stop(SamplingError(f"stopped by {name}. {KEPT}"))
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)  # a second one ends it at once

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number.name)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
