"""What a provider says of an error: its code and its reason, wherever the JSON body holds them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MESSAGES = (
    *("message", "msg", "detail", "error", "title", "reason", "error_msg", "error_message", "errormessage"),
    *("status_msg", "statusMessage", "errorMessage", "description", "base_resp"),
)
"""Where bodies hold the reason, the likeliest first."""
CODES = ("code", "type", "status", "error_code", "status_code", "errcode")
_DEEPEST = 6
_LONGEST = 4000


@dataclass(frozen=True)
class ErrorBody:
    """The error of a response, as sent."""

    message: str
    """The provider's reason; empty where it gives none."""
    codes: frozenset[str]
    """Every `code`, `type` and `status` of the body, lower case: gateways put the provider's own one level deeper."""
    parameter: str | None
    """The request parameter that the error names."""

    @property
    def text(self) -> str:
        """Everything that is said, lower case."""
        return f"{self.message} {' '.join(sorted(self.codes))}".lower()


def read_error(body: Any) -> ErrorBody:
    """Read the body of an error response: OpenAI's shape, FastAPI's `detail`, OpenRouter's `metadata`, or any text."""
    detail = body.get("error") or body.get("errors") or body if isinstance(body, Mapping) else body
    if isinstance(detail, list) and detail:
        detail = detail[0]
    codes = frozenset(code.lower() for code in _codes(body, 0))
    parameter = detail.get("param") if isinstance(detail, Mapping) else None
    message = _message(detail)
    if isinstance(detail, Mapping) and isinstance(metadata := detail.get("metadata"), Mapping):
        reasons = [metadata.get("raw"), metadata.get("reasons")]
        message = "; ".join([message, *(_text(reason) for reason in reasons if reason)])
    if isinstance(detail, Mapping) and (places := _places(detail.get("detail"))):
        parameter = parameter or places[0]
    return ErrorBody(message, codes, parameter if isinstance(parameter, str) and parameter else None)


def _message(detail: Any) -> str:
    if not isinstance(detail, Mapping):
        return _text(detail) if detail else ""
    for name in MESSAGES:
        if value := detail.get(name):
            if isinstance(value, Mapping):
                return _message(value) or _text(value)
            return _fastapi(value) if isinstance(value, list) else _text(value)
    return ""


def _fastapi(details: list[Any]) -> str:
    """`[{"loc": ["body", "n"], "msg": "…"}]` → `body.n: …`."""
    return "; ".join(
        f"{'.'.join(map(str, one.get('loc', ())))}: {one.get('msg', '')}" if isinstance(one, Mapping) else _text(one)
        for one in details
    )


def _places(details: Any) -> list[str]:
    """Return the parameters that FastAPI's `detail` names."""
    if not isinstance(details, list):
        return []
    found = [one.get("loc") for one in details if isinstance(one, Mapping)]
    return [str(place[-1]) for place in found if isinstance(place, list) and place]


def _codes(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, Mapping) and depth < _DEEPEST:
        for name, inner in value.items():
            if name in CODES and isinstance(inner, str | int):
                yield str(inner)
            elif name == "retryDelay":  # Google's advice
                yield f"{name} {inner}"
            else:
                yield from _codes(inner, depth + 1)
    elif isinstance(value, list) and depth < _DEEPEST:
        for inner in value[:20]:
            yield from _codes(inner, depth + 1)


def _text(value: Any) -> str:
    return value[:_LONGEST] if isinstance(value, str) else json.dumps(value, default=str)[:_LONGEST]
