"""OpenAI's response bodies, made of samples. No clock and no chance: the same request has the same bytes."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any

from specialize.teacher.simulated.draw_tokens import Drawn, Sample
from specialize.teacher.simulated.parse_request import RefusalError

Body = dict[str, Any]


def completion_body(model: str, request: Body, samples: Sequence[Sample], top: int | None, prompts: list[str]) -> Body:
    """Return the body of `/v1/completions`; the samples of each prompt stand together, in the prompts' order."""
    per_prompt = len(samples) // len(prompts)
    choices = [
        {
            "text": sample.text,
            "index": index,
            "logprobs": None if top is None else _legacy_logprobs(sample, top, len(prompts[index // per_prompt])),
            "finish_reason": sample.finish_reason,
        }
        for index, sample in enumerate(samples)
    ]
    return _frame("cmpl", "text_completion", model, request, choices)


def chat_body(model: str, request: Body, samples: Sequence[Sample], top: int | None) -> Body:
    """Return the body of `/v1/chat/completions`."""
    choices = [
        {
            "index": index,
            "message": {"role": "assistant", "content": sample.text, "refusal": None},
            "logprobs": None if top is None else {"content": _chat_logprobs(sample, top), "refusal": None},
            "finish_reason": sample.finish_reason,
        }
        for index, sample in enumerate(samples)
    ]
    return _frame("chatcmpl", "chat.completion", model, request, choices)


def echo_body(
    model: str, request: Body, prompt: str, before: Sequence[str], scored: Sequence[tuple[str, Drawn | None]], top: int
) -> Body:
    """Return the body of `/v1/completions` with `echo`: the prompt alone, the log-probabilities of its last tokens
    (`scored`), null for those `before` them and for those that have none."""
    tokens = [*before, *(token for token, _ in scored)]
    drawn = [*(None for _ in before), *(one for _, one in scored)]
    offsets = [0, *accumulate(map(len, tokens))][:-1]
    tops = [None if one is None else {**_likeliest(one, top), one.token: one.logprob} for one in drawn]
    logprobs = {
        "tokens": tokens,
        "token_logprobs": [None if one is None else one.logprob for one in drawn],
        "top_logprobs": tops,
        "text_offset": offsets,
    }
    choices = [{"text": prompt, "index": 0, "logprobs": logprobs, "finish_reason": "length"}]
    return _frame("cmpl", "text_completion", model, request, choices)


def usage(prompt_tokens: int, samples: Iterable[Sample]) -> Body:
    """Return the part that is paid by: a prompt counts once, however many samples it has."""
    completion = sum(sample.spent for sample in samples)
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion,
        "total_tokens": prompt_tokens + completion,
    }


def models_body(model: str) -> Body:
    """Return the body of `/v1/models`."""
    return {"object": "list", "data": [{"id": model, "object": "model", "created": 0, "owned_by": "specialize"}]}


def error_body(refusal: RefusalError, kind: str = "invalid_request_error") -> Body:
    """Return OpenAI's error body."""
    return {"error": {"message": refusal.message, "type": kind, "param": refusal.param, "code": refusal.code}}


def _frame(prefix: str, kind: str, model: str, request: Body, choices: list[Body]) -> Body:
    digest = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()[:24]
    return {"id": f"{prefix}-{digest}", "object": kind, "created": 0, "model": model, "choices": choices}


def _legacy_logprobs(sample: Sample, top: int, offset: int) -> Body:
    """The sampled token comes on top of the `top` likeliest where it is none of them; offsets count from the prompt."""
    offsets, tops = [], []
    for drawn in sample.drawn:
        offsets.append(offset)
        offset += len(drawn.token)
        tops.append({**_likeliest(drawn, top), drawn.token: drawn.logprob})
    return {
        "tokens": [drawn.token for drawn in sample.drawn],
        "token_logprobs": [drawn.logprob for drawn in sample.drawn],
        "top_logprobs": tops,
        "text_offset": offsets,
    }


def _chat_logprobs(sample: Sample, top: int) -> list[Body]:
    return [
        {
            **_spelt(drawn.token, drawn.logprob),
            "top_logprobs": [_spelt(token, logprob) for token, logprob in _likeliest(drawn, top).items()],
        }
        for drawn in sample.drawn
    ]


def _likeliest(drawn: Drawn, top: int) -> dict[str, float]:
    """The `top` likeliest tokens, fewer where the others are impossible."""
    return dict(zip(drawn.node.tokens[:top], drawn.node.logprobs[:top], strict=True))


def _spelt(token: str, logprob: float) -> Body:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode())}
