"""What servers send, read as completions: the text, and the tokens that spell it byte by byte.

Besides the shapes of log-probabilities (core.logprobs), servers differ in tokens that go on behind a stop text, and in
half a character at the end (docs/howto/teacher.md). Tokens are kept only where they spell the text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from specialize.core.errors import SpecializeError
from specialize.core.logprobs import (
    LONE_SURROGATE,
    REPLACEMENT,
    MalformedLogprobsError,
    Token,
    read_logprobs,
    token_columns,
)
from specialize.records.completions import TOKEN_COLUMNS

Tokens = Literal["kept", "none sent", "malformed", "do not spell the text"]


class MalformedResponseError(SpecializeError):
    """An answer is not what the API promises; asking again may help."""


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

    def columns(self) -> dict[str, Any]:
        """Return the answer's columns of the completions table (records.completions)."""
        columns = dict.fromkeys(TOKEN_COLUMNS) if self.tokens is None else token_columns(self.tokens)
        return {
            "text": self.text,
            "finish_reason": self.finish_reason,
            "request_key": self.request_key,
            **columns,
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

    Raises MalformedResponseError where there is no text. Log-probabilities that cannot be read are left out, and the
    answer's `state` says so.
    """
    text = LONE_SURROGATE.sub(REPLACEMENT, raw_text(choice))
    reason, length = reason_of(choice), length_of(choice, usage or {}, choices)
    prompt = _count((usage or {}).get("prompt_tokens"))
    try:
        tokens = read_logprobs(choice.get("logprobs"))
    except MalformedLogprobsError:
        return Answer(text, reason, None, "malformed", prompt, length)
    if tokens is None:
        return Answer(text, reason, None, "none sent", prompt, length)
    fitted = _fitted(tokens, text)
    if fitted is None:
        return Answer(text, reason, None, "do not spell the text", prompt, length)
    return Answer(fitted[0], reason, tuple(fitted[1]), "kept", prompt, length)


def reason_of(choice: Mapping[str, Any]) -> str | None:
    """Return why the teacher stopped, where it was told."""
    reason = choice.get("finish_reason")
    return reason if isinstance(reason, str) else None


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
    whole = text.rstrip(REPLACEMENT)
    if whole == text or not joined.startswith(whole.encode()):
        return None
    rest = joined[len(whole.encode()) :].decode("utf-8", "replace")
    if rest.strip(REPLACEMENT) or any(spelling is not None for spelling in spelt[known:]):
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
