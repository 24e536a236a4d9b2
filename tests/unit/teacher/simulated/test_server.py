"""OpenAI's shapes, as its own client reads them from the live server."""

import asyncio
import json
import math
import urllib.request
from typing import Any

import openai
import pytest
from live_teacher import Live
from local_problems import CHAIN, LARGE, ONE, PROBLEMS, prompt_of

from specialize.core.errors import SpecializeError
from specialize.teacher.simulated.teacher import GRAMMARS_KEPT, MODEL, Teacher

ASK: dict[str, Any] = {"model": MODEL, "prompt": prompt_of(CHAIN), "max_tokens": 200, "seed": 11, "logprobs": 5}


def asked(live: Live, **changes: Any) -> openai.types.Completion:
    """Ask the live server's completions API by the real client."""

    async def run() -> openai.types.Completion:
        async with live() as (client, _):
            return await client.completions.create(**{**ASK, **changes})

    return asyncio.run(run())


def chatted(live: Live, **changes: Any) -> openai.types.chat.ChatCompletion:
    async def run() -> openai.types.chat.ChatCompletion:
        async with live() as (client, _):
            ask = {"model": MODEL, "messages": [{"role": "user", "content": CHAIN.question}], "seed": 11}
            return await client.chat.completions.create(**{**ask, **changes})

    return asyncio.run(run())


def test_completions(live: Live) -> None:
    answer = asked(live, n=3)
    assert (answer.object, answer.model, [choice.index for choice in answer.choices]) == (
        "text_completion",
        MODEL,
        [0, 1, 2],
    )
    for choice in answer.choices:
        logprobs = choice.logprobs
        assert logprobs is not None
        assert logprobs.tokens and logprobs.token_logprobs and logprobs.top_logprobs and logprobs.text_offset
        assert "".join(logprobs.tokens) == choice.text
        assert choice.text.startswith("\n") and choice.finish_reason == "stop"
        assert logprobs.text_offset[0] == len(ASK["prompt"])
        assert logprobs.text_offset[-1] + len(logprobs.tokens[-1]) == len(ASK["prompt"]) + len(choice.text)
        for token, logprob, top in zip(logprobs.tokens, logprobs.token_logprobs, logprobs.top_logprobs, strict=True):
            assert top[token] == logprob <= 0
            assert len(top) <= 6
            assert len(top) <= 5 or min(top.values()) == logprob, "only the sampled token comes on top of five"
            assert math.fsum(map(math.exp, top.values())) <= 1 + 1e-9
    assert answer.usage is not None
    assert answer.usage.completion_tokens == sum(len(choice.logprobs.tokens) for choice in answer.choices)
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_a_sampled_token_outside_the_likeliest(live: Live) -> None:
    answer = asked(live, n=20, logprobs=1)
    sizes = {len(top) for choice in answer.choices for top in choice.logprobs.top_logprobs}
    assert sizes == {1, 2}
    answer = asked(live, n=20, logprobs=0)
    assert {len(top) for choice in answer.choices for top in choice.logprobs.top_logprobs} == {1}


def test_chat(live: Live) -> None:
    answer = chatted(live, n=2, logprobs=True, top_logprobs=20)
    assert answer.object == "chat.completion"
    for choice in answer.choices:
        assert choice.message.role == "assistant" and choice.finish_reason == "stop"
        assert choice.logprobs is not None and choice.logprobs.content and choice.message.content
        assert "".join(entry.token for entry in choice.logprobs.content) == choice.message.content
        for entry in choice.logprobs.content:
            assert bytes(entry.bytes or []).decode() == entry.token
            assert 1 <= len(entry.top_logprobs) <= 20
            assert {other.token: other.logprob for other in entry.top_logprobs}[entry.token] == entry.logprob
    assert max(len(entry.top_logprobs) for c in answer.choices for entry in c.logprobs.content) > 5
    short = chatted(live, n=20, logprobs=True, top_logprobs=1)
    assert {len(entry.top_logprobs) for c in short.choices for entry in c.logprobs.content} == {1}


def test_no_logprobs_unless_asked_for(live: Live) -> None:
    assert asked(live, logprobs=None).choices[0].logprobs is None
    assert chatted(live).choices[0].logprobs is None


def test_both_apis_write_the_same(live: Live) -> None:
    text = asked(live, prompt=prompt_of(CHAIN) + "\n").choices[0].text
    assert text == chatted(live).choices[0].message.content
    assert asked(live).choices[0].text == "\n" + text or asked(live).choices[0].text.startswith("\n")


def test_samples_do_not_depend_on_portions(live: Live) -> None:
    whole = asked(live, n=6).choices
    parts = [*asked(live, n=2).choices, *asked(live, n=3, seed=13).choices, *asked(live, n=1, seed=16).choices]
    assert [part.text for part in parts] == [choice.text for choice in whole]
    assert [part.logprobs for part in parts] == [choice.logprobs for choice in whole]
    assert len({choice.text for choice in whole}) > 1


def test_several_prompts(live: Live) -> None:
    both = asked(live, prompt=[prompt_of(CHAIN), prompt_of(ONE)], n=2).choices
    assert [choice.index for choice in both] == [0, 1, 2, 3]
    apart = [*asked(live, n=2).choices, *asked(live, prompt=prompt_of(ONE), n=2).choices]
    assert [choice.text for choice in both] == [choice.text for choice in apart]
    assert both[2].logprobs.text_offset[0] == len(prompt_of(ONE))


def test_bound_and_stop(live: Live) -> None:
    answer = asked(live, max_tokens=4)
    assert (answer.choices[0].finish_reason, len(answer.choices[0].logprobs.tokens)) == ("length", 4)
    unbound = asked(live, max_tokens=openai.omit)
    assert (unbound.choices[0].finish_reason, unbound.usage.completion_tokens) == ("length", 16), "OpenAI's default"
    assert chatted(live, max_completion_tokens=3).choices[0].finish_reason == "length"
    stopped = asked(live, stop=["The answer", "zebra"]).choices[0]
    assert stopped.text.endswith("\n") and "answer" not in stopped.text and stopped.finish_reason == "stop"


def test_temperature_zero(live: Live) -> None:
    assert len({choice.text for choice in asked(live, n=5, temperature=0).choices}) == 1


def test_models(live: Live) -> None:
    async def run() -> list[str]:
        async with live() as (client, _):
            return [model.id async for model in client.models.list()]

    assert asyncio.run(run()) == [MODEL]


@pytest.mark.parametrize(
    ("changes", "message", "status"),
    [
        ({"prompt": "Q: What is two?\nA:"}, "expected a question of the 5 problems", 400),
        ({"prompt": "What is one?"}, "begins a line with 'Question:'", 400),
        ({"prompt": []}, "prompt", 400),
        ({"echo": True}, "an answer behind it", 400),
        ({"echo": True, "n": 2}, "expected one prompt and n: 1 with echo", 400),
        ({"extra_body": {"stream": True}}, "stream", 400),
        ({"logprobs": 6}, "logprobs", 400),
        ({"n": 0}, "n: ", 400),
        ({"n": 2, "best_of": 5}, "best_of", 400),
        ({"top_p": 0.5}, "top_p", 400),
        ({"temperature": 2.5}, "temperature", 400),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop", 400),
        ({"extra_body": {"zebra": 1}}, "unrecognised request argument: zebra", 400),
        ({"model": "gpt-5"}, "expected 'local-teacher', got 'gpt-5'", 404),
    ],
)
def test_refusals(live: Live, changes: dict[str, Any], message: str, status: int) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        asked(live, **changes)
    assert caught.value.status_code == status
    assert message in str(caught.value)
    assert caught.value.type == "invalid_request_error"


def test_refusals_of_chat(live: Live) -> None:
    with pytest.raises(openai.BadRequestError, match="top_logprobs needs logprobs"):
        chatted(live, top_logprobs=5)
    with pytest.raises(openai.BadRequestError, match="top_logprobs"):
        chatted(live, logprobs=True, top_logprobs=21)
    with pytest.raises(openai.BadRequestError, match="to be the user's"):
        chatted(live, messages=[{"role": "assistant", "content": "x"}])


def test_body_that_is_no_json(live: Live) -> None:
    async def run() -> tuple[int, Any]:
        async with live() as (client, _):
            url = f"{client.base_url}completions"
            request = urllib.request.Request(url, data=b"{nonsense", method="POST")
            try:
                await asyncio.to_thread(urllib.request.urlopen, request)
            except urllib.error.HTTPError as error:
                return error.code, json.loads(error.read())
            return 200, None

    status, body = asyncio.run(run())
    assert (status, body["error"]["message"]) == (400, "expected JSON as the body")


def test_stats(live: Live) -> None:
    async def run() -> tuple[Any, int]:
        async with live() as (client, server):
            await client.completions.create(**{**ASK, "n": 3})
            with pytest.raises(openai.BadRequestError):
                await client.completions.create(**{**ASK, "prompt": "x"})
            url = str(client.base_url).replace("/v1/", "/stats")
            with await asyncio.to_thread(urllib.request.urlopen, url) as answer:
                return json.load(answer), server.stats["completion_tokens"]

    stats, tokens = asyncio.run(run())
    assert stats == {"answers": 1, "choices": 3, "completion_tokens": tokens, "requests": 2}


def test_grammars_in_memory_are_bounded_and_forgetting_changes_nothing() -> None:
    many = [ONE.model_copy(update={"id": f"p/{i}", "question": f"What is {i}?"}) for i in range(GRAMMARS_KEPT + 5)]
    teacher = Teacher(many, 0.6)
    body = {"model": MODEL, "prompt": prompt_of(many[0]), "n": 5, "seed": 1, "max_tokens": 99, "logprobs": 5}
    first = teacher.complete(body)
    for each in many:
        teacher.grammar(each.question)
    assert len(teacher._grammars) == GRAMMARS_KEPT
    assert many[0].id not in teacher._grammars
    assert teacher.complete(body) == first


def test_one_question_two_solutions() -> None:
    Teacher([ONE, ONE], 0.6)
    with pytest.raises(SpecializeError, match="one and large ask the same question"):
        Teacher([ONE, LARGE.model_copy(update={"question": ONE.question})], 0.6)


def test_unseeded_requests_differ() -> None:
    teacher = Teacher(PROBLEMS, 0.6)
    body = {"model": MODEL, "prompt": prompt_of(LARGE), "n": 20, "max_tokens": 99}
    assert teacher.complete(body) != teacher.complete(body)
