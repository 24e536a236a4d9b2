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
from specialize.core.params.teacher import TeacherParams
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
    """One question as the teacher is asked it, without the number of samples."""

    key: str
    body: dict[str, Any]
    """What is sent, but for `n` and the seed of its first sample."""
    seed: int | None

    def ask(self, first: int, count: int) -> dict[str, Any]:
        """Return the body that asks for samples first … first + count - 1.

        Choice j of seed s is the choice of seed s + j, as vLLM and the local teacher have it, so that the same sample
        comes of whatever request it is part of. Where a server does not keep that, a seed still parts the requests.
        """
        body = {**self.body, "n": count}
        if self.seed is not None:
            body["seed"] = self.seed * SAMPLES_PER_SEED + first
        return body

    @property
    def text(self) -> str:
        """All that the teacher reads."""
        if "prompt" in self.body:
            return str(self.body["prompt"])
        return "".join(message["content"] for message in self.body["messages"])

    @property
    def prompt_estimate(self) -> int:
        """About how many tokens the prompt has."""
        return -(-len(self.text) // CHARACTERS_PER_TOKEN)

    @property
    def prompt_bound(self) -> int:
        """More tokens than the prompt can have: no tokenizer makes more tokens than bytes, but for its marks."""
        return len(self.text.encode()) + TOKENS_PER_MESSAGE * (1 + len(self.body.get("messages", ())))


def request_for(params: TeacherParams, few_shot: FewShot, question: str, endpoint: str) -> Request:
    """Return the request that asks the teacher `question`.

    `endpoint` names who answers: the address, or for the local teacher what it is made of.
    """
    body: dict[str, Any] = {
        "model": params.model,
        **few_shot.body(params.api, question),
        "max_tokens": params.max_tokens,
        "temperature": params.temperature,
    }
    if params.stop:
        body["stop"] = params.stop
    if params.top_k and params.api == "completions":
        body["logprobs"] = params.top_k
    elif params.top_k:
        body |= {"logprobs": True, "top_logprobs": params.top_k}
    same = {name: value for name, value in body.items() if name != "max_tokens"}
    canonical = {"endpoint": endpoint, "api": params.api, "seed": params.seed, "body": same}
    text = json.dumps(canonical, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Request(sha256_text(text), body, params.seed)


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
