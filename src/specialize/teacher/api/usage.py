"""What a response says of its tokens, as far as it can be believed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LARGEST = 1 << 31
"""No response has as many tokens; a count above it is damaged."""


@dataclass(frozen=True)
class Usage:
    """Tokens that a response was billed for."""

    prompt: int
    completion: int
    """Reasoning tokens included, also where the server leaves them out of `completion_tokens`."""


def token_count(value: Any) -> int | None:
    """Return a number of tokens; None for anything that cannot be one."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < LARGEST else None


def read_usage(response: Any) -> Usage | None:
    """Return the usage of a response; None where it has none or an impossible one.

    xAI and others leave the billed reasoning tokens out of `completion_tokens` and count them in `total_tokens`, or
    only in the details.
    """
    usage = response.get("usage") if isinstance(response, Mapping) else None
    if not isinstance(usage, Mapping):
        return None
    prompt, completion = token_count(usage.get("prompt_tokens")), token_count(usage.get("completion_tokens"))
    if prompt is None and completion is None:  # Anthropic's names, which some gateways pass on
        prompt, completion = token_count(usage.get("input_tokens")), token_count(usage.get("output_tokens"))
    if prompt is None or completion is None:
        return None
    total = token_count(usage.get("total_tokens"))
    details = usage.get("completion_tokens_details")
    holder = details if isinstance(details, Mapping) else usage
    reasoning = token_count(holder.get("reasoning_tokens"))
    if total is not None:
        completion = max(completion, total - prompt)
    if reasoning is not None and reasoning > completion:
        completion += reasoning
    return Usage(prompt, completion) if prompt + completion else None
