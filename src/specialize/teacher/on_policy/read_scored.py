"""What a server says of a given text → tokens that spell exactly that text."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from specialize.core.logprobs import REPLACEMENT, UNKNOWN, MalformedLogprobsError, Token, read_logprobs
from specialize.teacher.on_policy.scoring_request import ScoringRequest

_SLACK = 16
"""Bytes by which a server may spell what stands before the text shorter than it was sent."""


def scored_tokens(
    request: ScoringRequest, response: Mapping[str, Any], choice: Mapping[str, Any]
) -> list[Token] | None:
    """Return the tokens of the given text, or None where the response has none that spell it.

    A token that begins before the text, or goes on behind it, is cut to its part of the text and loses its
    distribution, which is that of the whole token.
    """
    try:
        if request.shape == "echo":
            tokens = read_logprobs(choice.get("logprobs"))
        else:
            # vLLM puts them into the choice (completions) or beside the choices (chat).
            tokens = _prompt_tokens(choice.get("prompt_logprobs") or response.get("prompt_logprobs"))
    except (MalformedLogprobsError, OverflowError):
        return None
    return None if tokens is None else _within(tokens, request)


def _prompt_tokens(entries: Any) -> list[Token] | None:
    """Read `[null, {"1234": {"logprob": -0.1, "rank": 1, "decoded_token": " a"}, …}, …]`, the prompt's own token first.

    The first token of a prompt has no distribution, and is mostly a mark that is no part of the text.
    """
    if not isinstance(entries, list) or not entries:
        return None
    tokens = []
    for entry in entries:
        if entry is None:
            tokens.append(Token(b"", None, []))
            continue
        found = [_spelt(one) for one in entry.values()] if isinstance(entry, Mapping) else []
        if not found:
            return None
        spelling, logprob = found[0]
        top = {spelt: value for spelt, value in found if spelt is not None and value is not None}
        tokens.append(Token(spelling, logprob, sorted(top.items(), key=lambda item: (-item[1], item[0]))))
    return tokens


def _spelt(one: Any) -> tuple[bytes | None, float | None]:
    text = one.get("decoded_token") if isinstance(one, Mapping) else None
    value = one.get("logprob") if isinstance(one, Mapping) else None
    known = isinstance(text, str) and REPLACEMENT not in text
    spelling = text.encode("utf-8", "replace") if known and text else None
    if not isinstance(value, int | float) or isinstance(value, bool):
        return spelling, None
    return spelling, float(value) if math.isfinite(value) and value > UNKNOWN else None


def _within(tokens: Sequence[Token], request: ScoringRequest) -> list[Token] | None:
    """Return the tokens of the text among those of prompt and text."""
    known = [b"" if token.spelling is None else token.spelling for token in tokens]
    spelt, wanted = b"".join(known), request.given.encode()
    before = max(0, len(request.before.encode()) - _SLACK)
    begin = spelt.find(wanted, before) if request.before else spelt.rfind(wanted)
    if begin < 0:
        return None
    end = begin + len(wanted)
    kept: list[Token] = []
    at = 0
    for token, spelling in zip(tokens, known, strict=True):
        low, high = max(at, begin), min(at + len(spelling), end)
        if token.spelling is None and begin < at < end:
            return None  # half a character, whose bytes are not known
        if low < high:
            whole = high - low == len(spelling)
            kept.append(token if whole else Token(spelling[low - at : high - at], None, []))
        at += len(spelling)
    return kept
