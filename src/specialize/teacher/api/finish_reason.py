"""Why a completion ended: the names that servers use, mapped to OpenAI's, and which of them are final.

Only names listed here are believed. Any other (`error`, `abort`, `insufficient_system_resource`, none at all) stands
for an answer that broke off on the server: its text is a fragment, and the sample is requested again.
"""

from typing import Any

REFUSED = "refused"
"""Ours: the server refused this question for good (too long, invalid prompt, moderation)."""
FILTERED = "content_filter"
NAMES = {
    "stop": (
        *("stop", "eos", "eos_token", "end", "end_turn", "stop_sequence", "stop_token", "stop_word", "stop_string"),
        *("complete", "completed", "finish_reason_stop"),
    ),
    "length": (
        *("length", "max_tokens", "model_length", "max_length", "max_output_tokens", "max_new_tokens"),
        *("max_completion_tokens", "context_length", "model_context_window_exceeded", "finish_reason_max_tokens"),
    ),
    FILTERED: (
        *(FILTERED, "content_filtered", "content-filter", "safety", "sensitive", "recitation", "prohibited_content"),
        *("blocklist", "spii", "refusal", "guardrail_intervened"),
    ),
    "tool_calls": ("tool_calls", "tool_call", "tool_use", "function_call"),
    REFUSED: (REFUSED,),
}
"""OpenAI's name → the names of Anthropic, Cohere, Gemini, Mistral, text-generation-inference and others, lower case."""
FINAL = tuple(name for names in NAMES.values() for name in names)
CUT = NAMES["length"]
_CANONICAL = {name: canonical for canonical, names in NAMES.items() for name in names}


def canonical_reason(reason: Any) -> str | None:
    """Return OpenAI's name of a finish reason, the server's own where it is not known; None where there is none."""
    if not isinstance(reason, str) or not reason:
        return None
    return _CANONICAL.get(reason.lower(), reason)


def is_final(reason: Any) -> bool:
    """Whether an answer with this finish reason is whole, or cut where the request asked for it."""
    return isinstance(reason, str) and reason.lower() in _CANONICAL
