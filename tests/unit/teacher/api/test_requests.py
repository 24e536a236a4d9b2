"""Requests and keys: what makes two requests the same, and what is sent."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from specialize.core.errors import RecordError
from specialize.core.params.request import RequestParams
from specialize.core.params.teacher import TeacherParams
from specialize.teacher.api.requests import Request, keys_with_more_logprobs, request_for, runs
from specialize.teacher.prompt import FewShot, read_few_shot

QUESTION = "How many?"
WORKED = FewShot(worked=(("Question: One?\nLet's think step by step", "It is one.\nThe answer is 1"),))


def request(question: str = QUESTION, few_shot: FewShot = WORKED, endpoint: str = "here", **changes: Any) -> Request:
    return request_for(TeacherParams.model_validate({"mode": "online", **changes}), few_shot, question, endpoint)


@pytest.mark.parametrize(
    "changes",
    [
        {"question": "How much?"},
        {"few_shot": FewShot()},
        {"endpoint": "elsewhere"},
        {"api": "chat"},
        {"model": "other"},
        {"temperature": 0.7},
        {"stop": []},
        {"seed": 2},
        {"seed": None, "base_url": "http://127.0.0.1/v1"},
        {"top_k": 4},
        {"top_k": 0},
        {"request": {"extra_body": {"top_p": 0.9}}},
        {"request": {"leave_out": ["temperature"]}},
        {"request": {"leave_out": ["n"]}},
        {"request": {"leave_out": ["max_tokens"]}},
        {"request": {"max_tokens_name": "max_completion_tokens"}},
        {"request": {"headers": {"api-key": "MY_KEY"}}},
        {"request": {"query": {"api-version": "1"}}},
        {"few_shot": FewShot(worked=WORKED.worked, template="Q: {question}")},
    ],
)
def test_what_decides_an_answer_decides_the_key(changes: dict[str, Any]) -> None:
    assert request(**changes).key != request().key


@pytest.mark.parametrize(
    "changes",
    [
        {"samples": 3},
        {"shards": 7},
        {"max_tokens": 512},
        {"limits": {"concurrency": 3}},
        {"without_logprobs": "allow"},
        {"request": {}},
    ],
)
def test_what_only_asks_for_more_or_faster_does_not(changes: dict[str, Any]) -> None:
    assert request(**changes).key == request().key


def test_the_key_stands_still() -> None:
    """A change here throws away everything that was ever paid for: do not update this number lightly."""
    assert request().key == "4f4bb27f639f59c70a70bafdefa20502cdf7f979b32086b1cc540905402a7dfa"


def test_bodies() -> None:
    body = request(seed=2, stop=["Q"]).ask(3, 4)
    asked = "Question: How many?\nLet's think step by step"
    shot = "Question: One?\nLet's think step by step\nIt is one.\nThe answer is 1\n\n"
    assert body == {
        "model": "local-teacher",
        "prompt": shot + asked,
        "max_tokens": 256,
        "temperature": 0.5,
        "stop": ["Q"],
        "logprobs": 5,
        "n": 4,
        "seed": 2 * 65536 + 3,
    }
    chat = request(api="chat", top_k=20, seed=None, base_url="http://x/v1").ask(0, 1)
    assert "seed" not in chat and (chat["logprobs"], chat["top_logprobs"]) == (True, 20)
    assert [message["role"] for message in chat["messages"]] == ["user", "assistant", "user"]
    assert chat["messages"][-1]["content"] == asked


def test_bounds_of_a_prompt() -> None:
    one = request(question="é" * 40, few_shot=FewShot())
    assert one.prompt_estimate < len(one.text) < len(one.text.encode()) < one.prompt_bound


def test_prompt_files(tmp_path: Any) -> None:
    lines = tmp_path / "p.jsonl"
    lines.write_text('{"question": "One?", "rationale": "It is one.", "answer": "1", "id": "x"}\n')
    assert read_few_shot(lines) == WORKED
    text = tmp_path / "p.txt"
    text.write_text("Solve it.\n\n")
    assert read_few_shot(text).prompt("Q?") == "Solve it.\n\nQuestion: Q?\nLet's think step by step"
    text.write_bytes(b"caf\xe9")
    with pytest.raises(RecordError, match="a text in UTF-8"):
        read_few_shot(text)
    assert read_few_shot(None) == FewShot()
    for malformed in ("", '{"question": "One?"}\n'):
        lines.write_text(malformed)
        with pytest.raises(RecordError, match=r"p\.jsonl:1"):
            read_few_shot(lines)


@given(st.sets(st.integers(0, 60)), st.integers(1, 8))
def test_runs_cover_each_sample_once(samples: set[int], longest: int) -> None:
    found = list(runs(samples, longest))
    assert [sample for first, count in found for sample in range(first, first + count)] == sorted(samples)
    assert all(1 <= count <= longest for _, count in found)


@pytest.mark.parametrize(
    "shape",
    [
        {"extra_body": {"stream": True}},
        {"extra_body": {"seed": 1}},
        {"leave_out": ["seed"]},
        {"headers": {"api-key": "sk-a secret"}},
        {"headers": {"a:b": "KEY"}},
        {"template": "no question"},
        {"query": {"api_key": "x"}},
    ],
)
def test_shapes_that_are_refused(shape: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RequestParams.model_validate(shape)


def test_a_system_message_needs_the_chat_api() -> None:
    with pytest.raises(ValidationError, match=r"request\.system"):
        request(request={"system": "Be short."})
    body = request(api="chat", few_shot=FewShot(system="Be short."), request={"system": "Be short."}).body
    assert body["messages"][0] == {"role": "system", "content": "Be short."}


def test_keys_with_more_logprobs_are_those_of_such_requests() -> None:
    params = TeacherParams.model_validate({"mode": "online", "top_k": 3})
    keys = keys_with_more_logprobs(params, request(top_k=3), "here")
    assert keys == [request(top_k=k).key for k in (4, 5)]
