"""Questions that the server refuses: kept as results once it is clear that the question is the reason."""

import math
import time
from dataclasses import dataclass, field

from specialize.core.log import get_logger
from specialize.teacher.api.server_errors import RefusedError
from specialize.teacher.cache.row import Row
from specialize.teacher.cache.store import Cache

LOG = get_logger("teacher")
REFUSED_FIRST = 3
"""Questions refused without one that was answered, before the request itself is taken to be wrong."""
REFUSED_IN_A_ROW = 10
"""The same after answers: a key may be revoked, or a model withdrawn, in the middle of a run."""
KEPT_IN_A_ROW = 25
"""Questions kept as refused without one that was answered in between, before the run ends: an account, a prompt or a
filter is the likelier reason then."""
SHOWN = 5


@dataclass
class Refusals:
    """The refused questions of a run.

    Where the provider says that the question is the reason (filter, length), it is kept at once. A refusal that names
    no reason is kept when another question is answered under the same params; until then it waits here.
    """

    cache: Cache
    evidence: bool
    """Whether questions of this run were answered, now or before."""
    waiting: list[tuple[float, str, list[Row], RefusedError]] = field(default_factory=list)
    """With the time at which each came."""
    count: int = 0
    in_a_row: int = 0

    def add(self, problem_id: str, rows: list[Row], refusal: RefusedError) -> None:
        """Note a refusal; `rows` are what is kept of it. Raises it where the request itself must be wrong."""
        if refusal.about == "question":
            self._keep(problem_id, rows, refusal)
            self.in_a_row += 1
            if self.in_a_row >= KEPT_IN_A_ROW:
                raise RefusedError(f"{self.in_a_row} questions in a row were refused: {refusal}", refusal.status)
            return
        if refusal.about == "run":
            raise refusal
        self.waiting.append((time.monotonic(), problem_id, rows, refusal))
        if len(self.waiting) >= (REFUSED_IN_A_ROW if self.evidence else REFUSED_FIRST):
            raise self._all_refused()

    def answered(self, started: float = math.inf) -> None:
        """Note that a question was answered whose request began at `started`: what was refused before that was refused
        for its own sake."""
        self.evidence, self.in_a_row = True, 0
        for noted, problem_id, rows, refusal in self.waiting:
            if noted <= started:
                self._keep(problem_id, rows, refusal)
        self.waiting = [one for one in self.waiting if one[0] > started]

    def end(self) -> None:
        """Note that nothing is left to ask. Raises RefusedError where nothing was ever answered."""
        if self.waiting and not self.evidence:
            raise self._all_refused()
        if self.waiting:
            self.answered()

    def _all_refused(self) -> RefusedError:
        _, problem_id, _, refusal = self.waiting[0]
        many = f" (and {len(self.waiting) - 1} further questions in a row)" if len(self.waiting) > 1 else ""
        return RefusedError(f"{problem_id}: {refusal}{many}", refusal.status)

    def _keep(self, problem_id: str, rows: list[Row], refusal: RefusedError) -> None:
        self.cache.add(rows)
        self.count += 1
        if self.count <= SHOWN:
            LOG.warning("%s: refused, and kept as refused: %s", problem_id, refusal)
        elif self.count == SHOWN + 1:
            LOG.warning("… further refused questions are counted in sampling.json, not shown")
