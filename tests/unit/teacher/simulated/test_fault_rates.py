"""Each fault, as a client meets it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import openai
import pytest
from live_teacher import Live
from local_problems import CHAIN, prompt_of

from specialize.core.errors import RecordError
from specialize.teacher.simulated.fault_rates import FaultRates, Faults, read_faults
from specialize.teacher.simulated.teacher import MODEL

LEGACY: dict[str, Any] = {
    "model": MODEL,
    "prompt": prompt_of(CHAIN),
    "max_tokens": 200,
    "seed": 1,
    "n": 3,
    "logprobs": 2,
}
CHAT: dict[str, Any] = {
    "model": MODEL,
    "messages": [{"role": "user", "content": CHAIN.question}],
    "seed": 1,
    "n": 3,
    "logprobs": True,
    "top_logprobs": 2,
}


def raw(live: Live, api: str, faults: Faults | None = None, **rates: float) -> tuple[dict[str, Any], dict[str, int]]:
    """Ask once; return the decoded body as it came, and the server's counts."""

    async def run() -> tuple[dict[str, Any], dict[str, int]]:
        async with live(faults, **rates) as (client, server):
            if api == "legacy":
                response = await client.completions.with_raw_response.create(**LEGACY)
            else:
                response = await client.chat.completions.with_raw_response.create(**CHAT)
            return json.loads(response.text), dict(server.stats)

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("fault", "error", "status"),
    [
        ("too_many_requests", openai.RateLimitError, 429),
        ("retry_after", openai.RateLimitError, 429),
        ("server_error", openai.InternalServerError, None),
        ("unauthorised", openai.AuthenticationError, 401),
    ],
)
def test_statuses(live: Live, fault: str, error: type[openai.APIStatusError], status: int | None) -> None:
    with pytest.raises(error) as caught:
        raw(live, "legacy", **{fault: 1})
    assert caught.value.status_code in ([status] if status else [500, 502, 503, 504])
    assert caught.value.response.headers.get("retry-after") == ("1" if fault == "retry_after" else None)


def test_all_server_errors_come() -> None:
    faults = Faults(rates=FaultRates(server_error=1))
    drawn = {faults.of_request(number)[1].choice((500, 502, 503, 504)) for number in range(40)}
    assert drawn == {500, 502, 503, 504}


@pytest.mark.parametrize("fault", ["connection_reset", "truncated_body"])
def test_broken_connections(live: Live, fault: str) -> None:
    with pytest.raises(openai.APIConnectionError) as caught:
        raw(live, "legacy", **{fault: 1})
    assert not isinstance(caught.value, openai.APITimeoutError)


@pytest.mark.parametrize("rates", [{"hang": 1.0}, {"late": 1.0}])
def test_no_answer_in_time(live: Live, rates: dict[str, float]) -> None:
    async def run() -> None:
        async with live(Faults(rates=FaultRates(**rates), late_s=30)) as (client, _):
            with pytest.raises(openai.APITimeoutError):
                await client.completions.create(**LEGACY, timeout=0.3)

    asyncio.run(run())


def test_late_answers_come(live: Live) -> None:
    body, _ = raw(live, "legacy", Faults(rates=FaultRates(late=1), late_s=0.01))
    assert len(body["choices"]) == 3


def test_malformed_json(live: Live) -> None:
    with pytest.raises(json.JSONDecodeError):
        raw(live, "legacy", malformed_json=1)


def test_missing_choices(live: Live) -> None:
    assert raw(live, "legacy", no_choices=1)[0]["choices"] == []
    body, stats = raw(live, "chat", one_choice=1)
    assert len(body["choices"]) == stats["choices"] == 1


@pytest.mark.parametrize("api", ["legacy", "chat"])
def test_missing_logprobs(live: Live, api: str) -> None:
    bare = [choice["logprobs"] is None for choice in raw(live, api, choice_without_logprobs=1)[0]["choices"]]
    assert sum(bare) == 1
    assert all(choice["logprobs"] is None for choice in raw(live, api, logprobs_dropped=1)[0]["choices"])


def tops(choice: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """(sampled token, the alternatives) of each token, in either shape."""
    logprobs = choice["logprobs"]
    if "content" in logprobs:
        return [(entry["token"], [other["token"] for other in entry["top_logprobs"]]) for entry in logprobs["content"]]
    return list(zip(logprobs["tokens"], map(list, logprobs["top_logprobs"]), strict=True))


@pytest.mark.parametrize("api", ["legacy", "chat"])
def test_odd_alternatives(live: Live, api: str) -> None:
    good, _ = raw(live, api)
    more, _ = raw(live, api, extra_alternative=1)
    less, _ = raw(live, api, sampled_not_listed=1)
    for choice, extra, missing in zip(good["choices"], more["choices"], less["choices"], strict=True):
        assert [len(top) + 1 for _, top in tops(choice)] == [len(top) for _, top in tops(extra)]
        assert all(token not in top for token, top in tops(missing))


@pytest.mark.parametrize("api", ["legacy", "chat"])
def test_sentinel(live: Live, api: str) -> None:
    body, _ = raw(live, api, sentinel=1)
    for choice in body["choices"]:
        logprobs = choice["logprobs"]
        last = logprobs["content"][-1]["logprob"] if api == "chat" else logprobs["token_logprobs"][-1]
        assert last == -9999.0


def test_missing_bytes(live: Live) -> None:
    body, _ = raw(live, "chat", missing_bytes=1)
    assert all(entry["bytes"] is None for choice in body["choices"] for entry in choice["logprobs"]["content"])


@pytest.mark.parametrize("api", ["legacy", "chat"])
def test_half_a_character(live: Live, api: str) -> None:
    good, _ = raw(live, api)
    body, _ = raw(live, api, split_character=1)
    for choice, whole in zip(body["choices"], good["choices"], strict=True):
        logprobs = choice["logprobs"]
        if api == "chat":
            text, before = choice["message"]["content"], whole["message"]["content"]
            spelt = b"".join(bytes(entry["bytes"]) for entry in logprobs["content"])
        else:
            text, before = choice["text"], whole["text"]
            lengths = {len(column) for column in logprobs.values()}
            assert lengths == {len(whole["logprobs"]["tokens"]) + 1}
            at = logprobs["tokens"].index("bytes:\\xe2\\x80")
            assert logprobs["tokens"][at + 1] == "bytes:\\xa6"
            spelt = "".join(logprobs["tokens"]).replace("bytes:\\xe2\\x80bytes:\\xa6", "…").encode()
        assert text == before.replace(".", "…", 1)
        assert spelt == text.encode()


@pytest.mark.parametrize("api", ["legacy", "chat"])
def test_cut_and_held_back(live: Live, api: str) -> None:
    def text_of(choice: dict[str, Any]) -> str:
        return str(choice["message"]["content"] if api == "chat" else choice["text"])

    good, _ = raw(live, api)
    cut, _ = raw(live, api, length=1)
    for choice, whole in zip(cut["choices"], good["choices"], strict=True):
        assert choice["finish_reason"] == "length"
        assert text_of(whole).startswith(text_of(choice)) and 0 < len(text_of(choice)) < len(text_of(whole))
        assert "".join(token for token, _ in tops(choice)) == text_of(choice)
    held, _ = raw(live, api, content_filter=1)
    assert sorted((choice["finish_reason"], text_of(choice) == "") for choice in held["choices"]) == [
        ("content_filter", True),
        ("stop", False),
        ("stop", False),
    ]


def test_counts_of_what_was_paid(live: Live) -> None:
    """An answer that breaks off is paid; a request that was turned away is not."""

    async def run(**rates: float) -> dict[str, int]:
        async with live(**rates) as (client, server):
            for _ in range(2):
                with pytest.raises(openai.OpenAIError):
                    await client.completions.create(**LEGACY)
            return dict(server.stats)

    assert asyncio.run(run(truncated_body=1))["choices"] == 6
    assert asyncio.run(run(server_error=1)) == {"requests": 2, "fault server_error": 2}


def test_rate_limit(live: Live) -> None:
    async def run() -> tuple[str, float, int]:
        # A second's worth may come at once: two; the third must wait half a second.
        async with live(Faults(requests_per_minute=120)) as (client, server):
            await client.completions.create(**LEGACY)
            await client.completions.create(**LEGACY)
            with pytest.raises(openai.RateLimitError) as caught:
                await client.completions.create(**LEGACY)
            headers = caught.value.response.headers
            wait_s = int(headers["retry-after-ms"]) / 1000
            await asyncio.sleep(wait_s)
            await client.completions.create(**LEGACY)
            return headers["retry-after"], wait_s, server.stats["over the limit"]

    whole, wait_s, over = asyncio.run(run())
    assert (whole, over) == ("1", 1)
    assert 0 < wait_s <= 0.5


def test_latency(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    sleep = asyncio.sleep

    async def watched(seconds: float) -> None:
        slept.append(seconds)
        await sleep(0)

    monkeypatch.setattr("specialize.teacher.simulated.server.asyncio.sleep", watched)
    raw(live, "legacy", Faults(latency_s=12.5))
    assert 12.5 in slept


def test_faults_are_drawn_by_seed_and_number() -> None:
    def drawn(seed: int) -> list[str | None]:
        faults = Faults(seed=seed, rates=FaultRates(hang=0.2, late=0.3))
        return [faults.of_request(number)[0] for number in range(400)]

    assert drawn(0) == drawn(0) != drawn(1)
    counts = {name: drawn(0).count(name) for name in ("hang", "late", None)}
    assert 50 < counts["hang"] < 110 and 80 < counts["late"] < 160 and counts[None] > 150


def test_files_of_faults(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    path.write_text('{"seed": 3, "rates": {"hang": 0.5}, "latency_s": 0.1}')
    assert read_faults(path) == Faults(seed=3, rates=FaultRates(hang=0.5), latency_s=0.1)
    bad: list[tuple[str, str]] = [
        ('{"rates": {"zebra": 1}}', "rates.zebra"),
        ('{"rates": {"hang": 2}}', "rates.hang"),
        ('{"rates": {"hang": 0.7, "late": 0.7}}', "sum to at most 1"),
        ("[", "JSON"),
    ]
    for text, message in bad:
        path.write_text(text)
        with pytest.raises(RecordError, match=message):
            read_faults(path)


def test_every_rate_is_tried_here() -> None:
    """A new fault needs a test of its own."""
    text = Path(__file__).read_text()
    assert [name for name in FaultRates.model_fields if f'"{name}"' not in text and f"{name}=1" not in text] == []
