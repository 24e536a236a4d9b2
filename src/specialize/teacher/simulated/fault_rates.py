"""How a server misbehaves, on request: how often each fault comes, drawn per request by a seed and its number."""

import random
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from specialize.core.errors import RecordError
from specialize.core.files import parse_record, read_json

Rate = Annotated[float, Field(ge=0, le=1)]


class FaultRates(BaseModel):
    """Share of requests with each fault. A request has at most one, so that the rates sum to at most 1."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    too_many_requests: Rate = 0.0
    """429 without a word on when to come back."""
    retry_after: Rate = 0.0
    """429 with `Retry-After: retry_after_s`."""
    server_error: Rate = 0.0
    """500, 502, 503 or 504."""
    unauthorised: Rate = 0.0
    """401, as for a wrong key."""
    connection_reset: Rate = 0.0
    hang: Rate = 0.0
    """The connection stands, and no answer ever comes."""
    late: Rate = 0.0
    """The answer comes after `late_s`."""
    truncated_body: Rate = 0.0
    """The connection breaks in the middle of the answer."""
    malformed_json: Rate = 0.0
    """An answer that is whole by its length, and no JSON."""
    no_choices: Rate = 0.0
    """An answer with an empty list of choices."""
    choice_without_logprobs: Rate = 0.0
    """One choice has `logprobs: null`."""
    logprobs_dropped: Rate = 0.0
    """No choice has log-probabilities."""
    extra_alternative: Rate = 0.0
    """k + 1 alternatives a token."""
    sampled_not_listed: Rate = 0.0
    """The sampled token is missing from its own alternatives."""
    missing_bytes: Rate = 0.0
    """Chat: tokens without `bytes`."""
    sentinel: Rate = 0.0
    """-9999.0 in place of a log-probability."""
    split_character: Rate = 0.0
    """A character of three bytes in two tokens."""
    length: Rate = 0.0
    """Every choice is cut in the middle, `finish_reason: length`."""
    content_filter: Rate = 0.0
    """One choice is held back, `finish_reason: content_filter`."""
    one_choice: Rate = 0.0
    """One choice, however many were asked for."""


class Faults(BaseModel):
    """A file for `serve --faults`."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    seed: int = 0
    rates: FaultRates = FaultRates()
    retry_after_s: float = Field(default=1.0, ge=0)
    late_s: float = Field(default=5.0, ge=0)
    latency_s: float = Field(default=0.0, ge=0)
    """Seconds added to every answer."""
    requests_per_minute: float | None = Field(default=None, gt=0)
    """Above it comes a 429 with `Retry-After`. A second's worth may come at once."""

    def of_request(self, number: int) -> tuple[str | None, random.Random]:
        """Return the fault of request `number` (None: none), and the random numbers that shape it."""
        rng = random.Random(f"{self.seed}/{number}")
        drawn = rng.random()
        for name, rate in self.rates.model_dump().items():
            drawn -= rate
            if drawn < 0:
                return name, rng
        return None, rng


def read_faults(path: Path) -> Faults:
    """Read a JSON file of faults. Raises RecordError where it is no such file, or its rates sum to more than 1."""
    faults = parse_record(str(path), read_json(path), Faults)
    total = sum(faults.rates.model_dump().values())
    if total > 1 + 1e-9:
        raise RecordError(str(path), "rates", "rates that sum to at most 1", total)
    return faults
