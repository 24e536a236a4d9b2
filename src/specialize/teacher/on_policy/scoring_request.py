"""Requests that have a given text scored, in the shapes that servers offer.

echo              completions API: the prompt comes back with its log-probabilities (`echo: true`; OpenAI's older
                  models, vLLM, SGLang, the local teacher)
prompt_logprobs   vLLM's extension of both APIs: the prompt's tokens with their alternatives, the chosen one first
"""

import json
from dataclasses import dataclass
from typing import Any, Literal

from specialize.core.files import sha256_text
from specialize.core.params.teacher import TeacherParams
from specialize.teacher.api.requests import Request
from specialize.teacher.prompt import FewShot

Shape = Literal["echo", "prompt_logprobs"]
GENERATED = 1
"""Tokens that are generated behind the text and thrown away: not every server accepts 0."""


@dataclass(frozen=True)
class ScoringRequest(Request):
    """One text behind its question. It has one "sample": its tokens with the teacher's distributions."""

    before: str = ""
    """What stands before the text (completions API)."""
    given: str = ""
    """The text to be scored."""
    shape: Shape = "echo"

    def ask(self, first: int, count: int) -> dict[str, Any]:
        """Return the body; there is nothing to sample."""
        return dict(self.body)


def scoring_request(
    params: TeacherParams, few_shot: FewShot, question: str, text: str, endpoint: str, shape: Shape
) -> ScoringRequest:
    """Return the request that has `text` scored as the answer to `question`, behind the prompt of sampling."""
    body: dict[str, Any] = {"model": params.model, **few_shot.body(params.api, question)}
    before = ""
    if params.api == "completions":
        before = body["prompt"] if body["prompt"].endswith("\n") else body["prompt"] + "\n"
        body["prompt"] = before + text
    else:
        body["messages"] = [*body["messages"], {"role": "assistant", "content": text}]
        body |= {"add_generation_prompt": False, "continue_final_message": True}
    body[params.request.max_tokens_name] = GENERATED
    body |= {"echo": True, "logprobs": params.top_k} if shape == "echo" else {"prompt_logprobs": params.top_k}
    body |= params.request.extra_body
    return ScoringRequest(_key(params, body, endpoint), body, None, False, before, text, shape)


def _key(params: TeacherParams, body: dict[str, Any], endpoint: str) -> str:
    """Return the cache key: everything that decides the distributions. Temperature, stop texts and seed do not."""
    canonical: dict[str, Any] = {"scored": 1, "endpoint": endpoint, "api": params.api, "body": body}
    canonical |= {name: value for name in ("headers", "query") if (value := getattr(params.request, name))}
    return sha256_text(
        json.dumps(canonical, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    )
