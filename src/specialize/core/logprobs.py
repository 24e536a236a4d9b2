"""Token log-probabilities as OpenAI-compatible servers send them and as files record them, read in one place.

    completions API   {"tokens": ["1", "bytes:\\xe2"], "token_logprobs": [0, -2], "top_logprobs": [{"1": 0}, null]}
    chat API          {"content": [{"token": "1", "bytes": [49], "logprob": -0.1, "top_logprobs": [{"token": …}]}]}

Servers differ: either shape under either API; bytes as a list, as `bytes:\\xe2\\x82`, or not at all; k alternatives,
k + 1, or fewer; -9999.0 for a log-probability too small to give. OpenAI's completions API puts a token's leading blank
behind the colon (`bytes: \\xc3`), and responses that went through JSON twice have their backslashes doubled.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from specialize.core.errors import SpecializeError

UNKNOWN = -9999.0
"""OpenAI's value for a log-probability too small to give."""
LONE_SURROGATE = re.compile("[\ud800-\udfff]")
REPLACEMENT = "\ufffd"
"""U+FFFD, which decoders put where bytes are no UTF-8."""
_ESCAPED = re.compile(r"bytes:( ?)((?:\\{1,2}x[0-9a-fA-F]{2})+)")

Alternatives = list[tuple[bytes, float]]


class MalformedLogprobsError(SpecializeError):
    """Log-probabilities are in neither shape; the text beside them may be sound."""


@dataclass(frozen=True)
class Token:
    """One token as sent."""

    spelling: bytes | None
    """Its bytes; None where the server sent a text that does not determine them."""
    logprob: float | None
    """Natural logarithm of its probability; None where it was not given."""
    top: Alternatives
    """Tokens and log-probabilities, by descending log-probability, then bytes. The sampled token need not be there."""


def read_logprobs(logprobs: Any) -> list[Token] | None:
    """Return the tokens of a choice's `logprobs`; None where there are none. Raises MalformedLogprobsError."""
    if not isinstance(logprobs, dict):
        return None
    if isinstance(content := logprobs.get("content"), list):
        return [_chat_token(entry) for entry in content] or None
    tokens, values = logprobs.get("tokens"), logprobs.get("token_logprobs")
    if not tokens or values is None:
        return None
    if not (isinstance(tokens, list) and isinstance(values, list)):
        raise MalformedLogprobsError("expected lists 'tokens' and 'token_logprobs'")
    tops = logprobs.get("top_logprobs") or [None] * len(tokens)
    if not isinstance(tops, list) or not len(tokens) == len(values) == len(tops):
        raise MalformedLogprobsError("expected 'tokens', 'token_logprobs' and 'top_logprobs' of one length")
    return [
        Token(_spelling_of(token), _logprob(value), _top_of_completions(top))
        for token, value, top in zip(tokens, values, tops, strict=True)
    ]


def token_columns(tokens: Sequence[Token]) -> dict[str, list[Any]]:
    """Return the tokens as the columns of completions (records.completions.TOKEN_COLUMNS)."""
    return {
        "tokens": [token.spelling for token in tokens],
        "token_logprobs": [token.logprob for token in tokens],
        "top_tokens": [[spelling for spelling, _ in token.top] for token in tokens],
        "top_logprobs": [[logprob for _, logprob in token.top] for token in tokens],
    }


def _chat_token(entry: Any) -> Token:
    if not isinstance(entry, dict):
        raise MalformedLogprobsError("expected objects in 'content'")
    others = entry.get("top_logprobs") or []
    if not isinstance(others, list):
        raise MalformedLogprobsError("expected a list in 'top_logprobs'")
    top = [(_chat_spelling(other), _logprob(other.get("logprob"))) for other in others if isinstance(other, dict)]
    return Token(_chat_spelling(entry), _logprob(entry.get("logprob")), _ranked(top))


def _top_of_completions(top: Any) -> Alternatives:
    if top is None:
        return []
    if not isinstance(top, dict):
        raise MalformedLogprobsError("expected an object or null in 'top_logprobs'")
    return _ranked([(_spelling_of(token), _logprob(value)) for token, value in top.items()])


def _ranked(found: list[tuple[bytes | None, float | None]]) -> Alternatives:
    """Return the alternatives with known bytes and log-probability; of two with the same bytes the likelier."""
    best: dict[bytes, float] = {}
    for spelling, value in found:
        if spelling is not None and value is not None:
            best[spelling] = max(value, best.get(spelling, -math.inf))
    return sorted(best.items(), key=lambda item: (-item[1], item[0]))


def _chat_spelling(entry: dict[str, Any]) -> bytes | None:
    given = entry.get("bytes")
    if isinstance(given, list):
        try:
            return bytes(given)
        except (ValueError, TypeError):
            raise MalformedLogprobsError("expected numbers from 0 to 255 in 'bytes'") from None
    return _spelling_of(entry.get("token"))


def _spelling_of(token: Any) -> bytes | None:
    if not isinstance(token, str):
        raise MalformedLogprobsError("expected tokens as texts")
    return _bytes_of(token)


@lru_cache(1 << 16)
def _bytes_of(token: str) -> bytes | None:
    if match := _ESCAPED.fullmatch(token):
        return match[1].encode() + bytes.fromhex(re.sub(r"\\{1,2}x", "", match[2]))
    return None if REPLACEMENT in token or LONE_SURROGATE.search(token) else token.encode()


def _logprob(value: Any) -> float | None:
    """Return a finite log-probability, None for what stands in for one."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MalformedLogprobsError("expected log-probabilities as numbers or null")
    try:
        return float(value) if math.isfinite(value) and value > UNKNOWN else None
    except OverflowError:
        raise MalformedLogprobsError("expected log-probabilities, got a number of hundreds of digits") from None
