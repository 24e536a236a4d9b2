"""params.yaml, section `teacher.request`: how a request differs from the plain one."""

import json
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, JsonValue, field_validator

from specialize.core.params.section import Section

QUESTION = "{question}"
TEMPLATE = "Question: {question}\nLet's think step by step"
OWN_FIELDS = frozenset(
    {
        *("model", "prompt", "messages", "n", "max_tokens", "max_completion_tokens", "temperature", "stop", "seed"),
        *("logprobs", "top_logprobs", "stream", "stream_options", "echo", "best_of"),
    }
)
"""Set by other params, or changing what a response means."""
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_SECRET = re.compile(r"key|token|secret|passw|\bsig", re.IGNORECASE)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _has_question(template: str) -> str:
    if template.count(QUESTION) != 1:
        raise ValueError(f"expected the text {QUESTION} exactly once")
    return template


class RequestParams(Section):
    """What is sent beside the question. Every part decides the answers, so all are in the request's cache key, and
    none may be a secret: secrets come from environment variables, which are named here."""

    template: Annotated[str, AfterValidator(_has_question)] = TEMPLATE
    """The question as the teacher reads it; `{question}` stands for its text."""
    system: str | None = None
    """System message, before the exemplars; `api: chat` only. Null: none."""
    extra_body: dict[str, JsonValue] = Field({})
    """Further fields of the request's body, such as `{top_p: 0.95, reasoning_effort: low, chat_template_kwargs:
    {enable_thinking: true}}`."""
    leave_out: list[Literal["temperature", "n", "max_tokens", "stop"]] = Field([])
    """Fields that are not sent, for servers that refuse them. Without `n`, one sample per request. Without `stop`,
    stop texts end an answer when it is read, never within its reasoning, as some servers let them."""
    max_tokens_name: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """Under which name the bound on length is sent; OpenAI's reasoning models take `max_completion_tokens`."""
    headers: dict[str, str] = Field({})
    """Header → environment variable that holds its value, such as `{api-key: AZURE_OPENAI_API_KEY}`."""
    query: dict[str, str] = Field({}, max_length=8)
    """Parameters of the address, such as Azure's `{api-version: 2024-10-21}`."""

    @field_validator("extra_body")
    @classmethod
    def _not_ours(cls, extra: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if both := sorted(OWN_FIELDS & set(extra)):
            raise ValueError(f"expected none of the fields that other params set, got {', '.join(both)}")
        json.dumps(extra, allow_nan=False)
        return extra

    @field_validator("query")
    @classmethod
    def _no_secrets(cls, query: dict[str, str]) -> dict[str, str]:
        if secret := next((name for name in query if _SECRET.search(name)), None):
            raise ValueError(f"expected no secret, got '{secret}': params are tracked. Send it by `headers`")
        return query

    @field_validator("headers")
    @classmethod
    def _names(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, variable in headers.items():
            if not _HEADER.fullmatch(name) or not _VARIABLE.fullmatch(variable):
                raise ValueError(f"expected 'Header-Name: ENVIRONMENT_VARIABLE', got '{name}: {variable[:4]}…'")
        return headers
