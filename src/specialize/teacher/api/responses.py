"""What servers send, read as completions: the text, and the tokens that spell it byte by byte.

Besides the shapes of log-probabilities (core.logprobs), servers differ in tokens that go on behind a stop text, and in
half a character at the end (docs/howto/teacher.md). Tokens are kept only where they spell the text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
from specialize.teacher.api.finish_reason import FILTERED, canonical_reason
from specialize.teacher.api.fit_tokens import fit_tokens
from specialize.teacher.api.reasoning import answer_start, joined, parts_of
from specialize.teacher.api.usage import token_count

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

    def with_alternatives(self, top_k: int) -> "Answer":
        """Return what a request for `top_k` alternatives per token would have given; 0: no tokens."""
        if self.tokens is None or not top_k:
            return replace(self, tokens=None, state="none sent")
        return replace(self, tokens=tuple(replace(token, top=token.top[:top_k]) for token in self.tokens))

    def until(self, stop: Sequence[str]) -> "Answer":
        """Return what a server would have given that ends an answer at the first of some texts, but never within its
        reasoning. Where tokens are known, the text ends with the last whole token before it."""
        start = answer_start(self.text)
        places = [place for text in stop if (place := self.text.find(text, start)) >= 0]
        if not places:
            return self
        text = self.text[: min(places)]
        if self.tokens is None:
            return replace(self, text=text, finish_reason="stop")
        kept: list[Token] = []
        left = len(text.encode())
        for token in self.tokens:
            left -= len(token.spelling or b"")
            if left < 0:
                break
            kept.append(token)
        while True:
            try:
                text = b"".join(token.spelling or b"" for token in kept).decode()
                return replace(self, text=text, tokens=tuple(kept), finish_reason="stop")
            except UnicodeDecodeError:
                kept.pop()  # half a character

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


def choices_in(response: Any) -> int:
    """Return how many choices a response has, whatever they are."""
    choices = response.get("choices") if isinstance(response, dict) else None
    return len(choices) if isinstance(choices, list) else 0


def raw_text(choice: Any) -> str:
    """Return the text of a choice of either API, reasoning included; empty where it was held back.

    Raises MalformedResponseError.
    """
    parts = parts_of(choice)
    if parts is None:
        raise MalformedResponseError("expected a choice with a text or a message, got something else")
    return joined(*parts, whole=reason_of(choice) != "length")


def is_bare(choice: Mapping[str, Any]) -> bool:
    """Whether a choice that should have log-probabilities came without any."""
    if not raw_text(choice) or reason_of(choice) == FILTERED:
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
    text = _clean(raw_text(choice))
    reasoning, content = map(_clean, parts_of(choice) or ("", ""))
    reason, length = reason_of(choice), length_of(choice, usage or {}, choices)
    prompt = token_count((usage or {}).get("prompt_tokens"))
    try:
        tokens = read_logprobs(choice.get("logprobs"))
    except MalformedLogprobsError:
        return Answer(text, reason, None, "malformed", prompt, length)
    if tokens is None:
        return Answer(text, reason, None, "none sent", prompt, length)
    fitted = fit_tokens(tokens, reasoning, content)
    if fitted is None:
        return Answer(text, reason, None, "do not spell the text", prompt, length)
    return Answer(fitted[0], reason, tuple(fitted[1]), "kept", prompt, length)


def _clean(text: str) -> str:
    return LONE_SURROGATE.sub(REPLACEMENT, text)


def reason_of(choice: Mapping[str, Any]) -> str | None:
    """Return why the teacher stopped, under its canonical name."""
    return canonical_reason(choice.get("finish_reason"))


def length_of(choice: Mapping[str, Any], usage: Mapping[str, Any], choices: int) -> int | None:
    """Return the tokens of a choice: by the usage of a response that held it alone, else as many as were sent."""
    if choices == 1 and (length := token_count(usage.get("completion_tokens"))) is not None:
        return length
    logprobs = choice.get("logprobs")
    sent = (logprobs.get("content") or logprobs.get("tokens")) if isinstance(logprobs, dict) else None
    return len(sent) if isinstance(sent, list) and sent else None
