"""What servers send, read as completions: text, and per token its bytes, log-probability and ragged alternatives.

Servers differ (docs/howto/teacher.md): `logprobs` in the legacy or in the chat shape under either API; token bytes as
a list, as `bytes:\\xe2\\x82`, or not at all; k alternatives, k + 1, or fewer; -9999.0 for "too small to tell"; tokens
that go on behind a stop text; half a character at the end. Tokens are kept only where they spell the text byte by byte.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from specialize.core.errors import SpecializeError
from specialize.teacher.api.finish_reason import canonical_reason

UNKNOWN = -9999.0
"""OpenAI's mark for a log-probability too small to be told."""
_LEGACY_BYTES = re.compile(r"bytes:((?:\\x[0-9a-fA-F]{2})+)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_HALF = "\ufffd"

Tokens = Literal["kept", "none sent", "malformed", "do not spell the text"]
Alternatives = list[tuple[bytes, float]]


class MalformedResponseError(SpecializeError):
    """An answer is not what the API promises; asking again may help."""


class _MalformedError(Exception):
    """The log-probabilities of a choice are not readable; its text is."""


@dataclass(frozen=True)
class Token:
    """One token as sent."""

    spelling: bytes | None
    """None: the server sent a text from which the bytes cannot be told."""
    logprob: float | None
    top: Alternatives
    """Descending log-probability, then bytes. The sampled token may stand among them or not."""


@dataclass(frozen=True)
class Answer:
    """One sample: its text, why the teacher stopped (None: not recorded), and its tokens where the source gave them."""

    text: str
    finish_reason: str | None = None
    tokens: tuple[Token, ...] | None = None
    state: Tokens = "none sent"
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    request_key: str | None = None

    def with_alternatives(self, top_k: int) -> "Answer":
        """Return what a request for `top_k` alternatives per token would have given; 0: no tokens."""
        if self.tokens is None or not top_k:
            return replace(self, tokens=None, state="none sent")
        return replace(self, tokens=tuple(replace(token, top=token.top[:top_k]) for token in self.tokens))

    def columns(self) -> dict[str, Any]:
        """Return the answer's columns of the completions table (teacher.completions.SCHEMA)."""
        kept = self.tokens
        return {
            "text": self.text,
            "finish_reason": self.finish_reason,
            "request_key": self.request_key,
            "tokens": None if kept is None else [token.spelling for token in kept],
            "token_logprobs": None if kept is None else [token.logprob for token in kept],
            "top_tokens": None if kept is None else [[spelling for spelling, _ in token.top] for token in kept],
            "top_logprobs": None if kept is None else [[logprob for _, logprob in token.top] for token in kept],
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
        }


def choices_of(response: Any) -> list[dict[str, Any]]:
    """Return the choices of a response in the order of their index. Raises MalformedResponseError."""
    choices = response.get("choices") if isinstance(response, dict) else None
    if not isinstance(choices, list) or not choices:
        raise MalformedResponseError("expected a response with a list of choices, got something else")
    for choice in choices:
        raw_text(choice)
    return sorted(choices, key=lambda choice: choice["index"] if isinstance(choice.get("index"), int) else 0)


def choices_in(response: Any) -> int:
    """Return how many choices a response has, whatever they are."""
    choices = response.get("choices") if isinstance(response, dict) else None
    return len(choices) if isinstance(choices, list) else 0


def raw_text(choice: Any) -> str:
    """Return the text of a choice of either API, empty where it was held back. Raises MalformedResponseError."""
    if isinstance(choice, dict):
        message = choice.get("message")
        text = message.get("content") if isinstance(message, dict) else choice.get("text", 0)
        if text is None or isinstance(text, str):
            return text or ""
    raise MalformedResponseError("expected a choice with a text or a message, got something else")


def is_bare(choice: Mapping[str, Any]) -> bool:
    """Whether a choice that should have log-probabilities came without any."""
    if not raw_text(choice) or choice.get("finish_reason") == "content_filter":
        return False
    logprobs = choice.get("logprobs")
    if not isinstance(logprobs, dict):
        return True
    values = logprobs.get("content") or (logprobs.get("tokens") and logprobs.get("token_logprobs"))
    return not values


def read_answer(choice: Mapping[str, Any], usage: Mapping[str, Any] | None = None, choices: int = 1) -> Answer:
    """Read one choice. `usage` is that of the whole response, which held `choices` of them.

    Raises MalformedResponseError where there is no text; log-probabilities that cannot be read are left out and told.
    """
    text = _SURROGATE.sub(_HALF, raw_text(choice))
    reason, length = reason_of(choice), length_of(choice, usage or {}, choices)
    prompt = _count((usage or {}).get("prompt_tokens"))
    try:
        tokens = _tokens(choice.get("logprobs"))
    except _MalformedError:
        return Answer(text, reason, None, "malformed", prompt, length)
    if tokens is None:
        return Answer(text, reason, None, "none sent", prompt, length)
    fitted = _fitted(tokens, text)
    if fitted is None:
        return Answer(text, reason, None, "do not spell the text", prompt, length)
    return Answer(fitted[0], reason, tuple(fitted[1]), "kept", prompt, length)


def reason_of(choice: Mapping[str, Any]) -> str | None:
    """Return why the teacher stopped, where it was told."""
    return canonical_reason(choice.get("finish_reason"))


def length_of(choice: Mapping[str, Any], usage: Mapping[str, Any], choices: int) -> int | None:
    """Return the tokens of a choice: by the usage of a response that held it alone, else as many as were sent."""
    if choices == 1 and (told := _count(usage.get("completion_tokens"))) is not None:
        return told
    logprobs = choice.get("logprobs")
    sent = (logprobs.get("content") or logprobs.get("tokens")) if isinstance(logprobs, dict) else None
    return len(sent) if isinstance(sent, list) and sent else None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 31 else None


def _fitted(tokens: list[Token], text: str) -> tuple[str, list[Token]] | None:
    """Return the text and the tokens that spell it, or None where none do.

    Tokens behind the text belong to a stop text or an end mark. A character cut in half by the bound on length is no
    text: its mark U+FFFD goes, and so do the tokens of its bytes.
    """
    spelt = [token.spelling for token in tokens]
    known = spelt.index(None) if None in spelt else len(spelt)
    joined = b"".join(spelling for spelling in spelt[:known] if spelling is not None)
    if (kept := _cut(tokens, joined, text)) is not None:
        return text, kept
    whole = text.rstrip(_HALF)
    if whole == text or not joined.startswith(whole.encode()):
        return None
    rest = joined[len(whole.encode()) :].decode("utf-8", "replace")
    if rest.strip(_HALF) or any(spelling is not None for spelling in spelt[known:]):
        return None
    kept = _cut(tokens, joined, whole)
    return None if kept is None else (whole, kept)


def _cut(tokens: list[Token], joined: bytes, text: str) -> list[Token] | None:
    """Return the first tokens, those that spell `text`, without empty ones; None where no token ends with it."""
    wanted = text.encode()
    if not joined.startswith(wanted):
        return None
    kept: list[Token] = []
    length = 0
    for token in tokens:
        if length == len(wanted):
            break
        length += len(token.spelling or b"")
        if token.spelling:
            kept.append(token)
    return kept if length == len(wanted) else None


def _tokens(logprobs: Any) -> list[Token] | None:
    """Read `logprobs` of either shape; None where there are none. Raises _MalformedError."""
    if not isinstance(logprobs, dict):
        return None
    if isinstance(content := logprobs.get("content"), list):
        return [_chat_token(entry) for entry in content] or None
    tokens, values = logprobs.get("tokens"), logprobs.get("token_logprobs")
    if not tokens or values is None:
        return None
    tops = logprobs.get("top_logprobs") or [None] * len(tokens)
    if not (isinstance(tokens, list) and isinstance(values, list) and isinstance(tops, list)):
        raise _MalformedError
    if not len(tokens) == len(values) == len(tops):
        raise _MalformedError
    return [
        Token(_legacy_spelling(token), _logprob(value), _legacy_top(top))
        for token, value, top in zip(tokens, values, tops, strict=True)
    ]


def _chat_token(entry: Any) -> Token:
    if not isinstance(entry, dict):
        raise _MalformedError
    top: list[tuple[bytes | None, float | None]] = [
        (_chat_spelling(other), _logprob(other.get("logprob")))
        for other in entry.get("top_logprobs") or []
        if isinstance(other, dict)
    ]
    return Token(_chat_spelling(entry), _logprob(entry.get("logprob")), _ranked(top))


def _legacy_top(top: Any) -> Alternatives:
    if top is None:
        return []
    if not isinstance(top, dict):
        raise _MalformedError
    return _ranked([(_legacy_spelling(token), _logprob(value)) for token, value in top.items()])


def _ranked(found: list[tuple[bytes | None, float | None]]) -> Alternatives:
    """Return what is known of the alternatives in their order. Of two with the same bytes the likelier stays."""
    known = [(spelling, value) for spelling, value in found if spelling is not None and value is not None]
    best: dict[bytes, float] = {}
    for spelling, value in known:
        best[spelling] = max(value, best.get(spelling, -math.inf))
    return sorted(best.items(), key=lambda item: (-item[1], item[0]))


def _chat_spelling(entry: dict[str, Any]) -> bytes | None:
    given = entry.get("bytes")
    if isinstance(given, list):
        try:
            return bytes(given)
        except (ValueError, TypeError):
            raise _MalformedError from None
    return _legacy_spelling(entry.get("token"))


def _legacy_spelling(token: Any) -> bytes | None:
    if not isinstance(token, str):
        raise _MalformedError
    return _spelling(token)


@lru_cache(1 << 16)
def _spelling(token: str) -> bytes | None:
    if match := _LEGACY_BYTES.fullmatch(token):
        return bytes.fromhex(match[1].replace("\\x", ""))
    return None if _HALF in token or _SURROGATE.search(token) else token.encode()


def _logprob(value: Any) -> float | None:
    """Return a finite log-probability, None for what stands in for one."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _MalformedError
    return float(value) if math.isfinite(value) and value > UNKNOWN else None
