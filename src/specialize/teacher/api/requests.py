"""Requests as they are sent, and their keys: what makes two requests ask for the same thing (docs/decisions/0012).

A key is the sha256 of everything that decides the distribution of an answer: endpoint, API, model, prompt, sampling
settings, seed, number of log-probabilities. Not of how many answers are wanted (`n`, which shard) nor of the bound on
their length: (key, sample) is one completion, whatever else changes around it.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from specialize.core.files import sha256_text
from specialize.core.params.teacher import CHAT_TOP_K, LEGACY_TOP_K, TeacherParams
from specialize.teacher.prompt import FewShot

SAMPLES_PER_SEED = 1 << 16
"""Distance between the seeds of two `teacher.seed`: more than the samples of a question."""
CHARACTERS_PER_TOKEN = 4
"""Rule of thumb of English text, for estimates."""
TOKENS_PER_MESSAGE = 8
"""What a chat template adds to each message, at most."""

PATHS = {"completions": "/completions", "chat": "/chat/completions"}


@dataclass(frozen=True)
class Request:
    """One question as it is sent, without the number of samples."""

    key: str
    body: dict[str, Any]
    """What is sent, but for `n` and the seed of its first sample."""
    seed: int | None
    sends_n: bool = True

    def ask(self, first: int, count: int) -> dict[str, Any]:
        """Return the body that requests samples first … first + count - 1.

        Choice j of seed s is the choice of seed s + j, as in vLLM and the local teacher, so a sample does not depend on
        the request that it is part of. Where a server does not, the requests still have different seeds.
        """
        body = {**self.body, "n": count} if self.sends_n else dict(self.body)
        if self.seed is not None:
            body["seed"] = self.seed * SAMPLES_PER_SEED + first
        return body

    @property
    def text(self) -> str:
        """All text that the teacher reads."""
        if "prompt" in self.body:
            return str(self.body["prompt"])
        return "".join(message["content"] for message in self.body["messages"])

    @property
    def prompt_estimate(self) -> int:
        """About how many tokens the prompt has."""
        return -(-len(self.text) // CHARACTERS_PER_TOKEN)

    @property
    def prompt_bound(self) -> int:
        """More tokens than the prompt can have: no tokenizer makes more tokens than bytes, but for special tokens."""
        return len(self.text.encode()) + TOKENS_PER_MESSAGE * (1 + len(self.body.get("messages", ())))


def request_for(params: TeacherParams, few_shot: FewShot, question: str, endpoint: str) -> Request:
    """Return the request that asks the teacher `question`.

    `endpoint`: the server's address, or for the local teacher the digest of what it is made of.
    """
    shape = params.request
    body: dict[str, Any] = {"model": params.model, **few_shot.body(params.api, question)}
    if "max_tokens" not in shape.leave_out:
        body[shape.max_tokens_name] = params.max_tokens
    if "temperature" not in shape.leave_out:
        body["temperature"] = params.temperature
    if params.stop and "stop" not in shape.leave_out:
        body["stop"] = params.stop
    body |= _logprobs(params.api, params.top_k)
    body |= shape.extra_body
    return Request(_key(params, body, endpoint), body, params.seed, "n" not in shape.leave_out)


def keys_with_more_logprobs(params: TeacherParams, request: Request, endpoint: str) -> list[str]:
    """Return the keys of the same request with more alternatives per token: their answers hold all of this one's."""
    largest = LEGACY_TOP_K if params.api == "completions" else CHAT_TOP_K
    plain = {name: value for name, value in request.body.items() if name not in ("logprobs", "top_logprobs")}
    return [_key(params, plain | _logprobs(params.api, k), endpoint) for k in range(params.top_k + 1, largest + 1)]


def _logprobs(api: str, top_k: int) -> dict[str, Any]:
    if not top_k:
        return {}
    return {"logprobs": top_k} if api == "completions" else {"logprobs": True, "top_logprobs": top_k}


def _key(params: TeacherParams, body: dict[str, Any], endpoint: str) -> str:
    """Return the cache key of a body. A default `teacher.request` leaves no trace in it: answers that were paid for
    before the section existed stay valid."""
    shape = params.request
    same = {name: value for name, value in body.items() if name not in ("max_tokens", "max_completion_tokens")}
    canonical: dict[str, Any] = {"endpoint": endpoint, "api": params.api, "seed": params.seed, "body": same}
    if shape.max_tokens_name != "max_tokens" or "max_tokens" in shape.leave_out:
        canonical["max_tokens"] = None if "max_tokens" in shape.leave_out else shape.max_tokens_name
    if "n" in shape.leave_out:
        canonical["n"] = None
    if params.stop and "stop" in shape.leave_out:
        canonical["stop"] = params.stop  # results hold the text as it was cut, and refill the cache
    # The headers' values are secrets: their names and variables stand for them.
    canonical |= {name: value for name in ("headers", "query") if (value := getattr(shape, name))}
    text = json.dumps(canonical, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return sha256_text(text)


def runs(samples: Iterable[int], longest: int) -> Iterator[tuple[int, int]]:
    """Yield (first, count) of each stretch of consecutive samples, none longer than `longest`.

    >>> list(runs([0, 1, 2, 5, 6], 2))
    [(0, 2), (2, 1), (5, 2)]
    """
    first = count = 0
    for sample in sorted(samples):
        if count and (sample != first + count or count == longest):
            yield first, count
            count = 0
        if not count:
            first = sample
        count += 1
    if count:
        yield first, count
