"""Faults inside an answer: a good body made into one as servers have been seen to send."""

import random
from collections.abc import Callable
from typing import Any

Body = dict[str, Any]

SENTINEL = -9999.0
_ELLIPSIS = "…"
_HALVES = (_ELLIPSIS.encode()[:2], _ELLIPSIS.encode()[2:])
_INVENTED = " zebra"
"""A token that the grammar never writes."""


def corrupt(body: Body, fault: str, rng: random.Random) -> None:
    """Change a response body in place, where it has what the fault is about."""
    choices = body["choices"]
    match fault:
        case "no_choices":
            body["choices"] = []
        case "choice_without_logprobs":
            rng.choice(choices)["logprobs"] = None
        case "logprobs_dropped":
            for choice in choices:
                choice["logprobs"] = None
        case "content_filter":
            _hold_back(rng.choice(choices))
        case "length":
            for choice in choices:
                _cut(choice)
        case _:
            change = _ON_LOGPROBS.get(fault)
            for choice in choices:
                if change is not None and choice["logprobs"] is not None:
                    change(choice)


def _set_text(choice: Body, text: str) -> None:
    if "message" in choice:
        choice["message"]["content"] = text
    else:
        choice["text"] = text


def _text(choice: Body) -> str:
    return str(choice["message"]["content"] if "message" in choice else choice["text"])


def _columns(logprobs: Body) -> list[list[Any]]:
    """The lists of a choice's log-probabilities that run along its tokens."""
    return [logprobs["content"]] if "content" in logprobs else list(logprobs.values())


def _hold_back(choice: Body) -> None:
    choice["finish_reason"] = "content_filter"
    _set_text(choice, "")
    choice["logprobs"] = None


def _cut(choice: Body) -> None:
    choice["finish_reason"] = "length"
    if choice["logprobs"] is None:
        _set_text(choice, _text(choice)[: len(_text(choice)) // 2])
        return
    columns = _columns(choice["logprobs"])
    half = len(columns[0]) // 2
    for column in columns:
        del column[half:]
    tokens = [each["token"] if isinstance(each, dict) else each for each in columns[0]]
    _set_text(choice, "".join(tokens))


def _extra_alternative(choice: Body) -> None:
    logprobs = choice["logprobs"]
    if "content" in logprobs:
        for entry in logprobs["content"]:
            entry["top_logprobs"].append({"token": _INVENTED, "logprob": -30.0, "bytes": list(_INVENTED.encode())})
    else:
        for top in logprobs["top_logprobs"]:
            top[_INVENTED] = -30.0


def _sampled_not_listed(choice: Body) -> None:
    logprobs = choice["logprobs"]
    if "content" in logprobs:
        for entry in logprobs["content"]:
            entry["top_logprobs"] = [other for other in entry["top_logprobs"] if other["token"] != entry["token"]]
    else:
        for token, top in zip(logprobs["tokens"], logprobs["top_logprobs"], strict=True):
            top.pop(token, None)


def _missing_bytes(choice: Body) -> None:
    for entry in choice["logprobs"].get("content", ()):
        for each in (entry, *entry["top_logprobs"]):
            each["bytes"] = None


def _sentinel(choice: Body) -> None:
    """The last token's own log-probability, and its least likely alternative's."""
    logprobs = choice["logprobs"]
    if logprobs.get("content"):
        last = logprobs["content"][-1]
        last["logprob"] = SENTINEL
        last["top_logprobs"][-1:] = [{**other, "logprob": SENTINEL} for other in last["top_logprobs"][-1:]]
    elif logprobs.get("tokens"):
        token, top = logprobs["tokens"][-1], logprobs["top_logprobs"][-1]
        logprobs["token_logprobs"][-1] = top[token] = SENTINEL


def _split_character(choice: Body) -> None:
    """Make the first full stop an ellipsis whose bytes are spread over two tokens, as GPT's tokenizers do."""
    logprobs = choice["logprobs"]
    spelt = [entry["token"] for entry in logprobs["content"]] if "content" in logprobs else logprobs["tokens"]
    if "." not in spelt:
        return
    at = spelt.index(".")
    before = "".join(spelt[:at])
    _set_text(choice, before + _ELLIPSIS + _text(choice)[len(before) + 1 :])
    if "content" in logprobs:
        value = logprobs["content"][at]["logprob"]
        logprobs["content"][at : at + 1] = [
            {**_chat_half(half, part), "top_logprobs": [_chat_half(half, part)]}
            for half, part in zip(_HALVES, (value, 0.0), strict=True)
        ]
        return
    names = ["bytes:" + _escaped(half) for half in _HALVES]
    values = [logprobs["token_logprobs"][at], 0.0]
    logprobs["tokens"][at : at + 1] = names
    logprobs["token_logprobs"][at : at + 1] = values
    logprobs["top_logprobs"][at : at + 1] = [{name: value} for name, value in zip(names, values, strict=True)]
    logprobs["text_offset"].insert(at + 1, logprobs["text_offset"][at])


def _chat_half(half: bytes, logprob: float) -> Body:
    return {"token": _escaped(half), "logprob": logprob, "bytes": list(half)}


def _escaped(half: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in half)


_ON_LOGPROBS: dict[str, Callable[[Body], None]] = {
    "extra_alternative": _extra_alternative,
    "sampled_not_listed": _sampled_not_listed,
    "missing_bytes": _missing_bytes,
    "sentinel": _sentinel,
    "split_character": _split_character,
}
