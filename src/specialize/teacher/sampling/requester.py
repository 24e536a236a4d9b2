"""One request at a time, as often as it takes: rate limit, budget, retries, how many samples the server gives."""

import asyncio

from specialize.core.errors import SpecializeError
from specialize.core.log import Progress, get_logger
from specialize.teacher.api.client import Client
from specialize.teacher.api.requests import Request
from specialize.teacher.api.responses import choices_in
from specialize.teacher.api.server_errors import RefusedError, TransientError
from specialize.teacher.api.usage import Usage, read_usage
from specialize.teacher.cache.row import Row
from specialize.teacher.cache.store import Cache
from specialize.teacher.cost import cost
from specialize.teacher.plan import Plan
from specialize.teacher.sampling.budget import Budget
from specialize.teacher.sampling.group_commit import GroupCommit
from specialize.teacher.sampling.pending_request import PendingRequest
from specialize.teacher.sampling.rate_limit import RateLimiter
from specialize.teacher.sampling.retry import retry

LOG = get_logger("teacher")
FAULTS_SHOWN = 20
KEPT = "What was received is kept; run the same command again to go on"


class SamplingError(SpecializeError):
    """Sampling cannot go on now."""


class StoppedError(Exception):
    """Another request has ended the run."""


class Requester:
    """Sends requests, keeps what comes back, and remembers what the responses show of the server."""

    def __init__(self, client: Client, plan: Plan, cache: Cache, budget: Budget, progress: Progress) -> None:
        params = plan.params
        self.client, self.params, self.budget, self.progress = client, params, budget, progress
        self.pending = plan.pending
        self.commits = GroupCommit(cache)
        self.limiter = RateLimiter(params.limits)
        self.stopping = asyncio.Event()
        self.per_request = 1 if "n" in params.request.leave_out else params.limits.samples_per_request
        self.answers = 0
        self.most_given = 0
        """Choices in the largest response."""
        self.longest = float(params.max_tokens)
        """Most tokens that one choice was billed for: some servers do not count reasoning against `max_tokens`."""
        self.copies_checked = params.temperature == 0
        self.faults = self.tokens = 0

    async def samples(self, request: Request, first: int, count: int) -> list[Row]:
        """Request samples first … first + count - 1 of one question, keep what comes and return it.

        Where so many in one request are refused, or fewer come, fewer are requested from then on.
        Raises TransientError, RefusedError, StoppedError, BudgetError.
        """
        try:
            rows = await self._responded(request, first, count)
        except RefusedError as refusal:
            fewer = refusal.fewer_may_work and count > 1 and (count > self.most_given or refusal.about == "question")
            if not fewer:
                raise
            rows = await self.samples(request, first, count // 2)
            if self.per_request > count // 2:
                self.per_request = max(1, count // 2)
                LOG.info("%d samples in one request are refused: asking for %d", count, self.per_request)
            return rows
        given = rows[0].choices
        if given < count and count > self.most_given:
            LOG.info("the server gives %d of %d samples asked for in a request: asking for so many", given, count)
            self.per_request = min(self.per_request, max(given, self.most_given))
        # A short response later on is a fault of that response: what is missing is requested again.
        self.most_given = max(self.most_given, given)
        if not self.copies_checked and len(rows) > 1:
            rows = await self._without_copies(request, rows)
        await self.commits.add(rows)
        return rows

    async def _without_copies(self, request: Request, rows: list[Row]) -> list[Row]:
        """Return the rows; where the server gave copies of one text as samples, the first of them and one that was
        requested alone, and request samples one by one from then on."""
        self.copies_checked = True
        texts = {row.answer().text for row in rows}
        if len(texts) > 1:
            return rows
        alone = await self._responded(request, rows[1].sample, 1)
        if alone[0].answer().text in texts:
            return rows  # the teacher is sure, or decodes greedily: counted in sampling.json
        LOG.warning("the server gives %d copies of one text as samples: asking one by one", len(rows))
        self.per_request = 1
        return [rows[0], *alone]

    async def _responded(self, request: Request, first: int, count: int) -> list[Row]:
        """Send a request until it is answered; return the rows of its response."""
        pending = self.pending(request, first, count)
        try:
            rows = await retry(
                self.params.limits,
                lambda: self._attempt(request, pending),
                self._log_fault,
                self._sleep,
                self.limiter,
                lambda: self.answers > 0,
            )
        except TransientError as fault:
            if fault.wrong_shape:  # the same question gives the same each time: as good as refused
                raise RefusedError(f"no answer, again and again: {fault}", 200, about="unknown") from None
            raise
        self.answers += 1
        return rows

    async def _attempt(self, request: Request, pending: PendingRequest) -> list[Row]:
        """Send one request once. What it may cost is reserved in the budget, what it cost is booked."""
        if self.stopping.is_set():
            raise StoppedError
        completion = round(pending.count * self.longest)
        reserved = await self.budget.reserve(request.prompt_bound, completion)
        taken = request.prompt_estimate + completion
        used, spent, in_flight = 0.0, 0.0, False
        try:
            await self.limiter.wait(taken, self._sleep)
            in_flight = True
            if self.stopping.is_set():
                raise StoppedError
            response = await self.client.ask(request.ask(pending.first, pending.count))
            usage = read_usage(response)
            used, spent = self._booked(usage, choices_in(response), taken, reserved)
            try:
                rows = pending.rows(response, self.client.secrets)
            except (TransientError, RefusedError) as error:
                if usage is None and not getattr(error, "maybe_billed", False):
                    used = spent = 0.0
                raise
            self.limiter.answered()
            return rows
        except TransientError as fault:
            spent = max(spent, reserved) if fault.maybe_billed and not used else spent
            raise
        finally:
            self.budget.settle(reserved, spent)
            if in_flight:
                self.limiter.done(taken, used)
            else:
                self.limiter.tokens.give_back(taken)

    def _booked(self, usage: Usage | None, choices: int, taken: float, reserved: float) -> tuple[float, float]:
        """Return tokens and dollars of a response; the bounds where the server gives no usage."""
        if usage is None:
            return taken, reserved
        self.tokens += usage.prompt + usage.completion
        self.longest = max(self.longest, usage.completion / max(1, choices))
        return usage.prompt + usage.completion, cost(self.params.limits.prices, usage.prompt, usage.completion)

    def _log_fault(self, fault: TransientError, wait_s: float) -> None:
        if fault.overloaded and not self.faults and self.params.limits.requests_per_minute is None:
            LOG.info("the server asks for fewer requests: slowing down (see teacher.limits.requests_per_minute)")
        self.faults += 1
        if self.faults <= FAULTS_SHOWN:
            LOG.warning("%s; again in %.1f s", fault, wait_s)
        elif self.faults == FAULTS_SHOWN + 1:
            LOG.warning("… further faults are counted, not shown")

    def log_progress(self, good: int) -> None:
        """Count completions that are there, and log a line when one is due."""
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
        raise StoppedError
