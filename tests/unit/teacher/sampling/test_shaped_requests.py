"""Requests that differ from the plain one, and what is served from the cache."""

from typing import Any

import pytest
from provider_stub import Project, Reply, error, good, provided, run

from specialize.teacher.cache.store import cache_folder, open_cache


@pytest.mark.parametrize(
    ("parameter", "option"),
    [("max_tokens", "max_completion_tokens"), ("temperature", "leave_out"), ("seed", "teacher.seed: null")],
)
def test_a_refused_parameter_names_the_way_out(project: Project, parameter: str, option: str) -> None:
    refusal = error(400, f"Unsupported parameter: '{parameter}'.", code="unsupported_parameter", param=parameter)
    outcome, provider = run(project, lambda *_: refusal)
    assert outcome.status == 2 and option in outcome.said and len(provider.requests) == 1


@pytest.mark.parametrize(
    "refusal",
    [
        Reply(
            {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]},
            422,
        ),
        error(400, "Unrecognized request argument supplied: seed"),
        error(400, "seed: Extra inputs are not permitted", type="invalid_request_error"),
        error(400, "`seed` is not supported by this model"),
        error(400, 'Unknown name "seed": Cannot find field.'),
    ],
    ids=lambda reply: str(reply.body)[:60],
)
def test_a_parameter_is_named_in_many_ways(project: Project, refusal: Reply) -> None:
    outcome, provider = run(project, lambda *_: refusal)
    assert outcome.status == 2 and "teacher.seed: null" in outcome.said and len(provider.requests) == 1


def test_a_shaped_request(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "azure-key-0123456789")
    request = {
        "system": "Be short.",
        "extra_body": {"chat_template_kwargs": {"enable_thinking": False}},
        "leave_out": ["temperature", "n"],
        "max_tokens_name": "max_completion_tokens",
        "headers": {"api-key": "MY_KEY"},
        "query": {"api-version": "2024-10-21"},
        "template": "What is {question}?".replace("What is ", ""),
    }
    outcome, provider = run(
        project, lambda asked, number: good({**asked, "n": 1}, number), request=request, key_variable=None
    )
    assert outcome.status == 0, outcome.said
    sent, seen = provider.requests[0], provider.seen[0]
    assert not {"temperature", "n", "max_tokens"} & set(sent) and sent["max_completion_tokens"] == 256
    assert sent["messages"][0] == {"role": "system", "content": "Be short."}
    assert sent["chat_template_kwargs"] == {"enable_thinking": False}
    assert seen.headers["api-key"] == "azure-key-0123456789" and seen.query["api-version"] == "2024-10-21"
    assert "Authorization" not in seen.headers
    monkeypatch.delenv("MY_KEY")
    assert "MY_KEY is not set" in project.run(request=request, questions=[9]).said


def test_fewer_alternatives_are_served_from_more(project: Project) -> None:
    def behaviour(asked: dict[str, Any], number: int) -> Reply:
        reply = good(asked, number)
        for choice in reply.body["choices"]:
            text = choice["message"]["content"]
            top = [{"token": f"t{at}", "logprob": -1.0 - at} for at in range(asked["top_logprobs"])]
            choice["logprobs"] = {"content": [{"token": text, "logprob": -1.0, "top_logprobs": top}]}
        return reply

    with provided(project, behaviour) as provider:
        assert project.run(top_k=6).status == 0
        sent = len(provider.requests)
        fewer = project.run(top_k=2)
        assert {len(tops) for row in fewer.rows for tops in row["top_tokens"]} == {2}
        assert project.run(top_k=0).rows[0]["tokens"] is None
        assert len(provider.requests) == sent
        assert project.run(top_k=7).status == 0 and len(provider.requests) > sent


def test_a_changed_row_is_found_and_the_others_are_saved(project: Project) -> None:
    run(project, good)
    assert "sound, 12 completions" in project.cache("verify")
    with open_cache(cache_folder()) as cache, cache.connection:
        cache.connection.execute("UPDATE completions SET sample = 9 WHERE sample = 1")
    assert "digest" in project.cache("verify")
    assert "left out" in project.cache("export", str(project.folder / "saved.jsonl"))
    rows = (project.folder / "saved.jsonl").read_text().splitlines()
    assert len(rows) == 6


def test_stop_texts_may_be_applied_here_and_never_within_the_reasoning(project: Project) -> None:
    def behaviour(asked: dict[str, Any], number: int) -> Reply:
        reply = good(asked, number)
        for choice in reply.body["choices"]:
            text = choice["message"]["content"]
            pieces = ["<think>\nQuestion: what", " is asked?\n</think>\n\n", text, "\n", "Question", ": and", " 5?"]
            choice["message"]["content"] = "".join(pieces)
            choice["logprobs"] = {"content": [{"token": piece, "logprob": -1, "top_logprobs": []} for piece in pieces]}
        return reply

    with provided(project, behaviour) as provider:
        outcome = project.run(request={"leave_out": ["stop"]}, top_k=5)
        assert outcome.status == 0 and "stop" not in provider.requests[0]
        assert all(row["text"].endswith("\n") and "and 5" not in row["text"] for row in outcome.rows)
        assert all(b"".join(row["tokens"]).decode() == row["text"] for row in outcome.rows)
        sent = len(provider.requests)
        assert project.run(request={"leave_out": ["stop"]}, stop=["is asked"], top_k=5).rows[0]["text"].endswith(" 5?")
        assert len(provider.requests) > sent, "what results hold depends on the stop texts, so the key does"
