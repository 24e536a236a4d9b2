"""The lines of a batch's output and error files → rows of the cache."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from specialize.core.log import get_logger
from specialize.teacher.api.redact import redact_body
from specialize.teacher.api.server_errors import RefusedError, TransientError, classify_status
from specialize.teacher.cache.store import Cache
from specialize.teacher.plan import Plan
from specialize.teacher.sampling.batch_state import Batch, BatchState
from specialize.teacher.sampling.pending_request import refused_rows
from specialize.teacher.sampling.refusals import Refusals

LOG = get_logger("teacher")


@dataclass
class Kept:
    """What a batch brought."""

    usable: int = 0
    bare: int = 0
    """Completions without the log-probabilities that were asked for."""
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
        except TransientError:
            return None  # asked again in a further batch
        except RefusedError as refusal:
            return number, refusal
        self.cache.add(rows)
        self.refusals.answered()
        good = sum(self.plan.bare or not row.bare for row in rows)
        kept.usable += good
        kept.bare += len(rows) - good
        return None
