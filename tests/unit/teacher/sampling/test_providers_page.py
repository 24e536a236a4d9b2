"""docs/howto/providers.md: each block of params, run against a stub of its provider's shape."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from provider_stub import Behaviour, Project, Reply, error, good, provided
from ruamel.yaml import YAML

PAGE = Path(__file__).parents[4] / "docs" / "howto" / "providers.md"
BLOCKS = dict(re.findall(r"^## (.+?)\n(?:(?!^## ).)*?^```yaml\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S))
KEY = "key-0123456789-abcdef"
THOUGHT = "First I look at the two numbers."
Json = dict[str, Any]


def refusing(*names: str, status: int = 400) -> Callable[[Json], Reply | None]:
    """Refuse a request that has one of these fields, as the provider words it."""

    def refuse(asked: Json) -> Reply | None:
        found = next((name for name in names if name in asked), None)
        if found is None:
            return None
        if status == 422:
            detail = [{"type": "extra_forbidden", "loc": ["body", found], "msg": "Extra inputs are not permitted"}]
            return Reply({"detail": detail}, 422)
        return error(400, f"Unsupported parameter: '{found}'", code="unsupported_parameter", param=found)

    return refuse


def tokens_of(text: str, k: int) -> Json:
    pieces = re.findall(r"\s*\S+|\s+", text)
    top = [{"token": f"t{n}", "logprob": -2.0 - n, "bytes": list(f"t{n}".encode())} for n in range(k)]
    return {
        "content": [{"token": one, "logprob": -0.2, "bytes": list(one.encode()), "top_logprobs": top} for one in pieces]
    }


def chat(
    reasoning: str | None = None,
    refuse: Callable[[Json], Reply | None] = lambda _: None,
    one_choice: bool = False,
    most: int = 128,
) -> Behaviour:
    """Answer through the chat API. reasoning: the field it stands in; `parts`: a list of parts."""

    def behaviour(asked: Json, number: int) -> Reply:
        if (refusal := refuse(asked)) is not None:
            return refusal
        if asked.get("n", 1) > most:
            return error(400, f"n must be at most {most}")
        reply = good({**asked, "n": 1 if one_choice else asked.get("n", 1)}, number)
        for choice in reply.body["choices"]:
            text, message = choice["message"]["content"], choice["message"]
            if reasoning == "parts":
                thought = {"type": "thinking", "thinking": [{"type": "text", "text": THOUGHT}]}
                message["content"] = [thought, {"type": "text", "text": text}]
            elif reasoning:
                message[reasoning] = THOUGHT
            if asked.get("logprobs"):
                whole = f"<think>\n{THOUGHT}\n</think>\n\n{text}" if reasoning else text
                choice["logprobs"] = tokens_of(whole, asked["top_logprobs"])
        return reply

    return behaviour


def completions(asked: Json, number: int) -> Reply:
    """vLLM's completions API: the sampled token comes on top of k alternatives."""
    reply = good(asked, number)
    for choice in reply.body["choices"]:
        pieces = re.findall(r"\s*\S+|\s+", choice["text"])
        tops = [{one: -0.2, **{f"t{n}": -2.0 - n for n in range(asked["logprobs"])}} for one in pieces]
        choice["logprobs"] = {"tokens": pieces, "token_logprobs": [-0.2] * len(pieces), "top_logprobs": tops}
    return reply


OPENAI_REASONING = refusing("max_tokens", "temperature", "stop", "seed", "logprobs", "top_logprobs")
STUBS: dict[str, Behaviour] = {
    "OpenAI": chat(),
    "OpenAI's reasoning models": chat(refuse=OPENAI_REASONING),
    "Azure OpenAI": chat(),
    "DeepSeek": chat("reasoning_content", refusing("logprobs", "top_logprobs")),
    "Mistral": chat("parts", refusing("seed", "logprobs", status=422)),
    "OpenRouter": chat("reasoning", one_choice=True),
    "vLLM, a base model": completions,
    "vLLM, a chat or reasoning model": chat("reasoning"),
    "SGLang": chat("reasoning_content"),
    "llama.cpp": chat(most=2),
    "LiteLLM proxy": chat(),
}


def test_every_provider_has_a_stub() -> None:
    assert set(BLOCKS) == set(STUBS)


@pytest.mark.parametrize("name", STUBS)
def test_settings_of_a_provider(project: Project, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    settings = YAML(typ="safe", pure=True).load(BLOCKS[name])["teacher"]
    headers = settings.get("request", {}).get("headers", {})
    for variable in (settings.get("key_variable", "OPENAI_API_KEY"), *headers.values()):
        if variable:
            monkeypatch.setenv(variable, KEY)
    address = settings.pop("base_url")
    settings.setdefault("api", "completions")
    with provided(project, STUBS[name]) as provider:
        outcome = project.run(samples=3, questions=[0, 1, 2], **{**settings, "mode": "online"})
    assert outcome.status == 0, outcome.said
    assert len(outcome.rows) == 9 and outcome.summary["unparsed"] == 0
    sent, seen = provider.requests[-1], provider.seen[-1]
    has_reasoning = any(
        "message" in choice and THOUGHT in str(choice["message"]) for choice in STUBS[name](sent, 0).body["choices"]
    )
    assert outcome.summary["reasoning"] == (9 if has_reasoning else 0)
    if settings["top_k"]:
        assert outcome.summary["tokens_with_logprob"] == outcome.summary["tokens"] > 0
        assert {len(top) for row in outcome.rows for top in row["top_tokens"]} <= {
            settings["top_k"],
            settings["top_k"] + 1,
        }
    if headers:
        assert seen.headers["api-key"] == KEY and "Authorization" not in seen.headers and seen.query
    elif address.startswith("https"):
        assert seen.headers["Authorization"] == f"Bearer {KEY}"
    assert KEY not in outcome.said
