"""Ask for what the cache lacks: one producer, a bounded number of requests in flight, every answer kept at once."""

import asyncio
import time
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

from specialize.core.files import sha256_text
from specialize.core.locks import exclusive
from specialize.core.log import Progress, get_logger
from specialize.teacher.api.client import Client
from specialize.teacher.api.requests import runs
from specialize.teacher.api.server_errors import RefusedError, TransientError
from specialize.teacher.cache.store import Cache
from specialize.teacher.plan import MissingSamples, Plan
from specialize.teacher.sampling.budget import Budget
from specialize.teacher.sampling.first_answers import (
    ANSWERS,
    PER_QUESTION,
    FirstAnswer,
    UnreadableError,
    cached_first_answers,
    check_first_answers,
)
from specialize.teacher.sampling.interrupt import on_interrupt
from specialize.teacher.sampling.pending_request import refused_rows
from specialize.teacher.sampling.refusals import Refusals
from specialize.teacher.sampling.requester import KEPT, Requester, SamplingError, StoppedError

LOG = get_logger("teacher")
BARE_TRIES = 3
"""Answers without log-probabilities, and none with them, before the server is taken to give none."""
FAILED_IN_A_ROW = 3
"""Questions that all tries failed for, without one that was answered in between, before the server itself is tried."""


def fill(plan: Plan, cache: Cache, base_url: str) -> None:
    """Ask for every completion that the cache lacks. Raises SpecializeError; what was received is never lost."""
    if next(plan.missing(cache), None) is None:
        LOG.info("all completions are in the cache")
        return
    with exclusive(lock_file(plan, cache), on_wait=_log_waiting):
        asyncio.run(_fill(plan, cache, base_url))


def lock_file(plan: Plan, cache: Cache) -> Path:
    """Return the lock of everybody who asks this server for this model's completions: two at once would pay twice."""
    return cache.lock_file(sha256_text(f"{plan.endpoint} {plan.params.model}")[:16])


def _log_waiting() -> None:
    LOG.info("another process asks the same server: waiting for it to end, to ask only for what it leaves")


async def _fill(plan: Plan, cache: Cache, base_url: str) -> None:
    estimate = plan.estimate(cache)
    LOG.info("%s of %s completions are in the cache", f"{estimate.cached:,}", f"{estimate.samples:,}")
    progress = Progress(LOG, "completions", estimate.samples, done=estimate.cached)
    async with Client(plan.params, base_url) as client:
        requester = Requester(client, plan, cache, Budget(plan.params.limits, estimate.spent), progress)
        refusals = Refusals(cache, evidence=estimate.cached > 0)
        sampler = Sampler(plan, cache, requester, refusals)
        with on_interrupt(sampler.interrupted):
            await sampler.run(plan.missing(cache))
    if sampler.failure is not None:
        raise sampler.failure from None
    if refusals.count and not requester.answers and not estimate.cached:
        raise SamplingError(f"every question was refused, see above. {KEPT}")
    if sampler.failed:
        question, fault = sampler.failed[0]
        raise SamplingError(f"{len(sampler.failed)} questions got no answer; {question.problem.id}: {fault}. {KEPT}")


class Sampler:
    """Works through the questions; decides what one question's failure means for the others."""

    def __init__(self, plan: Plan, cache: Cache, requester: Requester, refusals: Refusals) -> None:
        self.plan, self.params, self.cache = plan, plan.params, cache
        self.requester, self.refusals = requester, refusals
        self.logprobs_seen = False
        self.failure: Exception | None = None
        self.failed: list[tuple[MissingSamples, TransientError]] = []
        self.failed_in_a_row = 0

    async def run(self, questions: Iterator[MissingSamples]) -> None:
        """Ask, until all is there or something stops the run: then requests in flight are still waited for."""
        # The first questions go one after another: what their answers show of the server holds for the others.
        rest = await self._first_answers(questions)
        waiting = chain(rest, questions)
        await asyncio.gather(*(self._work(waiting) for _ in range(self.params.limits.concurrency)))
        if self.failed and self.failure is None:
            await self._ask_again()
        if self.failure is None:
            try:
                self.refusals.end()
            except RefusedError as refused:
                self.stop(RefusedError(f"{refused}. {KEPT}"))

    def stop(self, failure: Exception) -> None:
        """Send no further request."""
        self.failure = self.failure or failure
        self.requester.stopping.set()

    def interrupted(self, name: str) -> None:
        """Stop for a signal."""
        LOG.warning("%s: waiting for the requests in flight", name)
        self.stop(SamplingError(f"stopped by {name}. {KEPT}"))

    async def _first_answers(self, questions: Iterator[MissingSamples]) -> list[MissingSamples]:
        """Ask the first questions one after another and check their answers; return what is left of them."""
        share, rest = self.params.limits.min_readable, []
        if not share:
            await self._work(islice(questions, 1))
            return []
        first = cached_first_answers(self.plan, self.cache)
        first = first if len(first) == ANSWERS else []
        while len(first) < ANSWERS and self.failure is None and (question := next(questions, None)) is not None:
            chosen = frozenset(islice(sorted(question.samples), PER_QUESTION))
            await self._work(iter([question.only(chosen)]))
            if question.samples > chosen:
                rest.append(question.only(question.samples - chosen))
            first += self._answers(question, chosen)
        if self.failure is None:
            try:
                check_first_answers(first[:ANSWERS], share, self.params.stop)
            except UnreadableError as error:
                self.stop(error)
        return rest

    def _answers(self, question: MissingSamples, samples: frozenset[int]) -> list[FirstAnswer]:
        rows = self.plan.rows(self.cache, question.request)
        return [
            FirstAnswer(question.problem, row.answer()) for row in rows if row.sample in samples and not row.refused
        ]

    async def _work(self, questions: Iterator[MissingSamples]) -> None:
        while not self.requester.stopping.is_set() and (question := next(questions, None)) is not None:
            try:
                await self._complete(question)
                self.failed_in_a_row = 0
            except StoppedError:
                return
            except TransientError as fault:
                await self._set_aside(question, fault)
            except RefusedError as refused:
                self.stop(RefusedError(f"{question.problem.id}: {refused}. {KEPT}"))
            except Exception as error:
                self.stop(error)

    async def _set_aside(self, question: MissingSamples, fault: TransientError) -> None:
        """Go on without a question that all tries failed for, where the server answers others."""
        self.failed_in_a_row += 1
        never = not self.requester.answers and not fault.status  # nobody there: no other question fares better
        if never or (self.failed_in_a_row >= FAILED_IN_A_ROW and not await self._server_answers()):
            self.stop(SamplingError(f"{question.problem.id}: {self._tried(fault)}. {KEPT}"))
            return
        LOG.warning("%s: %s: set aside", question.problem.id, self._tried(fault))
        self.failed.append((question, fault))

    def _tried(self, fault: TransientError) -> str:
        if fault.overloaded:
            return f"refused for {self.params.limits.patience_s:g} s (teacher.limits.patience_s): {fault}"
        tries = self.params.limits.attempts
        return f"{fault}" if fault.not_the_api else f"asked {tries} times, in the end: {fault}"

    async def _ask_again(self) -> None:
        """Ask what was set aside once more. What fails again, while the server answers another question, is a result:
        these questions would end every run."""
        questions, self.failed = [question for question, _ in self.failed], []
        LOG.info("asking %d questions again that got no answer", len(questions))
        await self._work(iter(questions))
        if not self.failed or self.failure is not None or not await self._server_answers():
            return
        failed, self.failed = self.failed, []
        for question, fault in failed:
            if fault.overloaded:
                self.failed.append((question, fault))
                continue
            missing = question.samples - self.plan.held(self.cache, question.request).samples
            refusal = RefusedError(self._tried(fault), fault.status, about="question")
            pending = self.requester.pending(question.request, min(missing), len(missing))
            self.refusals.add(question.problem.id, refused_rows(pending, missing, refusal), refusal)
            self.requester.log_progress(len(missing))

    async def _server_answers(self) -> bool:
        """Whether the server answers a question that it has answered before; one sample is paid for to know it."""
        for _, request in self.plan.requests():
            if any(not row.refused for row in self.plan.rows(self.cache, request)):
                try:
                    await self.requester.samples(request, 0, 1)
                except (TransientError, RefusedError, StoppedError):
                    return False
                except Exception as error:
                    self.stop(error)
                    return False
                self.failed_in_a_row = 0
                return True
        return False

    async def _complete(self, question: MissingSamples) -> None:
        """Ask until every missing sample of one question is there, or the question is refused."""
        missing = set(question.samples)
        fruitless = 0
        while missing:
            first, count = next(runs(missing, self.requester.per_request))
            started = time.monotonic()
            try:
                rows = await self.requester.samples(question.request, first, count)
            except RefusedError as refusal:
                if refusal.about == "run":
                    raise
                pending = self.requester.pending(question.request, first, count)
                self.refusals.add(question.problem.id, refused_rows(pending, missing, refusal), refusal)
                self.requester.log_progress(len(missing))
                return
            self.refusals.answered(started)
            self.logprobs_seen |= any(not row.bare for row in rows)
            good = {row.sample for row in rows if self.plan.bare or not row.bare}
            self.requester.log_progress(len(good & missing))
            missing -= good
            fruitless = 0 if good else fruitless + 1
            if fruitless >= (self.params.limits.attempts if self.logprobs_seen else BARE_TRIES):
                raise SamplingError(
                    f"{question.problem.id}: asked for log-probabilities (teacher.top_k: {self.params.top_k}) and "
                    f"got none, {fruitless} times. Use a server or API that gives them, or set teacher.top_k: 0, or "
                    "teacher.without_logprobs: allow"
                )
