"""The lines of a batch's output and error files → rows of the cache."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from specialize.core.log import get_logger
from specialize.teacher.api.redact import redact_body
from specialize.teacher.api.server_errors import RefusedError, TransientError, classify_status
from specialize.teacher.cache.store import Cache
from specialize.teacher.plan import Plan
from specialize.teacher.sampling.batch_state import Batch, BatchState
from specialize.teacher.sampling.pending_request import PendingRequest, refused_rows
from specialize.teacher.sampling.refusals import Refusals

LOG = get_logger("teacher")
FAILED = 2
"""Batches in which a request fails, while others are answered, before it counts as refused."""


@dataclass
class Kept:
    """What a batch brought."""

    usable: int = 0
    bare: int = 0
    """Completions without the log-probabilities that were asked for."""
    failed: int = 0
    """Requests that ended in a server error; they go into a further batch."""
    refusal: RefusedError | None = None
    """Why the run must end, where a line says that every request is wrong."""


@dataclass(frozen=True)
class BatchLines:
    """Keeps lines as online sampling keeps responses."""

    plan: Plan
    cache: Cache
    state: BatchState
    refusals: Refusals
    secrets: Sequence[str]
    failures: Counter[tuple[str, int]] = field(default_factory=Counter)
    """(request key, first sample) → batches of this run in which it failed."""

    def keep_all(self, batch: Batch, contents: Iterable[bytes]) -> Kept:
        """Keep the lines of a batch's files. Answers come before refusals: they are the evidence that a refused
        question was refused for its own sake."""
        kept = Kept()
        refused: list[tuple[str, RefusedError]] = []
        for content in contents:
            # Lines end at \n alone: a completion may hold U+2028 or U+0085, at which str.splitlines would cut it.
            for line in redact_body(content, self.secrets).split(b"\n"):
                if line.strip() and (found := self._keep(batch, line, kept)) is not None:
                    refused.append(found)
        for where, refusal in refused:
            pending = self.state.pending(batch, int(where))
            samples = range(pending.first, pending.first + pending.count)
            try:
                name = f"batch {batch.batch_id}, line {where}"
                self.refusals.add(name, refused_rows(pending, samples, refusal), refusal)
                kept.usable += pending.count
                if self.refusals.evidence:
                    self.refusals.answered()
            except RefusedError as error:
                kept.refusal = kept.refusal or error
        return kept

    def _keep(self, batch: Batch, text: bytes, kept: Kept) -> tuple[str, RefusedError] | None:
        """Keep one line; return (its number, the refusal) where the request was refused."""
        try:
            line = json.loads(text)
            number = str(line["custom_id"])
            pending = self.state.pending(batch, int(number))
            response = line.get("response") or {}
            status, body = int(response.get("status_code", 500)), response.get("body")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            LOG.warning("batch %s: a line that cannot be read is left out", batch.batch_id)
            return None
        try:
            if status != 200:
                raise classify_status(status, {}, body or {"error": line.get("error")}, self.secrets)
            rows = pending.rows(body, self.secrets)
        except TransientError as fault:
            return self._failed(pending, number, fault, kept) if line.get("response") else None
        except RefusedError as refusal:
            return number, refusal
        self.cache.add(rows)
        self.refusals.answered()
        good = sum(self.plan.bare or not row.bare for row in rows)
        kept.usable += good
        kept.bare += len(rows) - good
        return None

    def _failed(
        self, pending: PendingRequest, number: str, fault: TransientError, kept: Kept
    ) -> tuple[str, RefusedError] | None:
        """Note a request that ended in a server error: asked again in a further batch, then refused."""
        kept.failed += 1
        if fault.overloaded:
            return None
        self.failures[pending.key, pending.first] += 1
        if self.failures[pending.key, pending.first] < FAILED or not self.refusals.evidence:
            return None
        return number, RefusedError(f"failed in {FAILED} batches: {fault}", fault.status, about="unknown")
