"""A row of the cache: one completion as the server sent it, and how it is stored."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from specialize.core.errors import SpecializeError
from specialize.teacher.api.responses import Answer, length_of, read_answer, reason_of
from specialize.teacher.api.usage import Usage, read_usage, token_count


class CacheError(SpecializeError):
    """The cache cannot be read or written."""


@dataclass(frozen=True)
class Row:
    """One cached completion."""

    key: str
    sample: int
    max_tokens: int
    model: str
    choice: Mapping[str, Any]
    """As the server sent it."""
    response: Mapping[str, Any]
    """What the server said of all choices of the response: id, model, usage, …"""
    choices: int = 1
    """How many choices the response held: they share what the prompt cost."""
    bare: bool = False
    """Whether log-probabilities were asked for and did not come."""
    alternatives: int | None = None
    """How many alternatives per token to read, where the request asked for more than this run does. None: all."""
    stop: tuple[str, ...] = ()
    """Texts at which the answer ends, where the server was not told of them."""

    @property
    def usage(self) -> Mapping[str, Any]:
        usage = self.response.get("usage")
        return usage if isinstance(usage, Mapping) else {}

    @property
    def refused(self) -> bool:
        """Whether the row stands for a question that was not answered: it came with no response, and cost nothing."""
        return not self.response

    def answer(self) -> Answer:
        """Parse what the server sent."""
        answer = read_answer(self.choice, self.usage, self.choices)
        answer = answer if self.alternatives is None else answer.with_alternatives(self.alternatives)
        return answer.until(self.stop) if self.stop else answer

    @property
    def billed(self) -> Usage | None:
        """The response's usage; this row's share is one of `choices` parts."""
        return read_usage(self.response)


def encode(row: Row, now: int) -> tuple[Any, ...]:
    """Return the columns of a row, in the order of the table."""
    content = {"choice": row.choice, "response": row.response, "choices": row.choices}
    # Surrogates that a server sent as escapes stay escapes.
    raw = json.dumps(content, separators=(",", ":")).encode("ascii")
    return (
        *(bytes.fromhex(row.key), row.sample, row.max_tokens, int(row.bare), row.model),
        *(reason_of(row.choice), _length(row)),
        *_billed(row),
        *(now, len(raw), pa.compress(raw, codec="zstd", asbytes=True)),
        _digest(bytes.fromhex(row.key), row.sample, row.max_tokens, row.model, row.bare, raw),
    )


def _digest(key: bytes, sample: int, limit: int, model: str, bare: bool, raw: bytes) -> bytes:
    """Return what a damaged row does not match: the SHA-256, cut to 16 bytes, of all that is read of it."""
    place = f"{key.hex()} {sample} {limit} {model} {int(bare)}\n".encode()
    return hashlib.sha256(place + raw).digest()[:16]


def _length(row: Row) -> int | None:
    """Return the tokens of the choice; where only the sum of several is known, the bound that cut all of them."""
    length = length_of(row.choice, row.usage, row.choices)
    together = token_count(row.usage.get("completion_tokens"))
    if length is None and together is not None and together == row.choices * row.max_tokens:
        return row.max_tokens
    return length


def _billed(row: Row) -> tuple[float, float]:
    """Return the row's share of prompt and completion tokens; negative, its share of a request without usage."""
    if row.refused:
        return 0.0, 0.0
    usage = row.billed
    if usage is None:
        return -1 / row.choices, 0.0
    return usage.prompt / row.choices, usage.completion / row.choices


def decode(
    key: bytes, sample: int, limit: int, model: str, bare: int, size: int, content: bytes, digest: bytes | None
) -> Row:
    """Return the row of some columns (cache.store). Raises CacheError where it is damaged."""
    try:
        raw = pa.decompress(content, decompressed_size=size, codec="zstd", asbytes=True)
        if digest is not None and digest != _digest(key, sample, limit, model, bool(bare), raw):
            raise ValueError("it does not match its digest")
        value = json.loads(raw)
        return Row(key.hex(), sample, limit, model, value["choice"], value["response"], value["choices"], bool(bare))
    except (OSError, ValueError, KeyError, TypeError, SystemError, AttributeError) as error:
        raise CacheError(
            f"request {bytes(key or b'').hex()[:12]}…, sample {sample}: damaged content ({error}). "
            "Save what can be read: python -m specialize.teacher cache export FILE, move the cache away, import FILE"
        ) from None
