"""Answers that broke off, are no answers, or came in another shape: what is repeated, and how often."""

import json
from typing import Any

import pytest
from provider_stub import Project, Reply, good, provided, run

from specialize.teacher.cache.store import cache_folder, open_cache


@pytest.mark.parametrize(
    "reason", ["error", "insufficient_system_resource", "abort", "network_error", "cancelled", None]
)
def test_answers_that_broke_off_are_requested_again(project: Project, reason: str | None) -> None:
    def behaviour(asked: dict[str, Any], number: int) -> Reply:
        if number % 3 != 1:
            return good(asked, number)
        return good(asked, number, finish_reason=reason, message={"content": "It is"}, usage={"prompt_tokens": None})

    outcome, _ = run(project, behaviour)
    assert outcome.status == 0 and outcome.summary["finish_reasons"] == {"stop": 12}
    assert {row["text"][-1] for row in outcome.rows} != {"s"} and "It is" not in {row["text"] for row in outcome.rows}


def test_whole_choices_beside_a_broken_one_are_kept(project: Project) -> None:
    broken = []

    def behaviour(asked: dict[str, Any], number: int) -> Reply:
        reply = good(asked, number)
        if number < 3 and len(reply.body["choices"]) > 1:
            broken.append(number)
            reply.body["choices"][1] |= {"finish_reason": "error", "error": {"code": 502, "message": "upstream"}}
        return reply

    outcome, provider = run(project, behaviour)
    assert outcome.status == 0 and outcome.summary["finish_reasons"] == {"stop": 12}
    assert broken and provider.choices == 12 + len(broken)


def test_fragments_in_an_old_cache_are_requested_again(project: Project) -> None:
    outcome, _ = run(project, good)
    with open_cache(cache_folder()) as cache, cache.connection:
        cache.connection.execute("UPDATE completions SET finish_reason = 'error' WHERE sample = 1")
    outcome, provider = run(project, good)
    # Another port is another server, so the whole run is another one; the same server is tested below.
    assert outcome.status == 0 and provider.choices == 12


@pytest.mark.parametrize(
    ("reason", "canonical"),
    [("eos", "stop"), ("STOP", "stop"), ("end_turn", "stop"), ("model_length", "length"), ("MAX_TOKENS", "length")],
)
def test_other_names_of_finish_reasons(project: Project, reason: str, canonical: str) -> None:
    outcome, _ = run(project, lambda asked, number: good(asked, number, finish_reason=reason))
    assert outcome.summary["finish_reasons"] == {canonical: 12}


def test_a_cut_answer_that_is_called_finished_counts_as_cut(project: Project) -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 16}
    with provided(project, lambda asked, number: good(asked, number, usage=usage)) as provider:
        assert project.run(max_tokens=8).status == 0
        before = len(provider.requests)
        assert project.run(max_tokens=200).status == 0
        assert len(provider.requests) - before >= 6
        before = len(provider.requests)
        assert project.run(max_tokens=8).status == 0 and len(provider.requests) == before


@pytest.mark.parametrize(
    ("reply", "tries", "said"),
    [
        (Reply({"error": {"code": 402, "message": "Insufficient credits"}}), 1, "Insufficient credits"),
        (Reply({"error": {"code": "insufficient_quota", "message": "pay"}}), 1, "quota"),
        (Reply({"error": {"type": "authentication_error", "message": "who?"}}), 1, "who?"),
        (Reply(b"<!doctype html><html>", headers={"Content-Type": "text/html"}), 1, "/v1"),
        (Reply(b"<html>", headers={"Content-Type": "application/json"}), 1, "/v1"),
        (Reply(b'data: {"choices": []}\n\n', headers={"Content-Type": "text/event-stream"}), 1, "text/event-stream"),
        (Reply(b'{"a": 1}\n{"a": 2}\n', headers={"Content-Type": "application/x-ndjson"}), 1, "x-ndjson"),
        (Reply(b"\xef\xbb\xbf<!doctype html>", headers={"Content-Type": "text/plain"}), 1, "/v1"),
        (
            Reply({"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}, "choices": None}),
            1,
            "insufficient balance",
        ),
        (Reply({"code": 402, "msg": "please recharge"}), 1, "please recharge"),
        (Reply({"choices": [{"index": 0}]}), 12, "expected a choice with a text"),
    ],
)
def test_an_answer_of_the_wrong_shape_ends_soon(project: Project, reply: Reply, tries: int, said: str) -> None:
    outcome, provider = run(project, lambda *_: reply)
    assert outcome.status == 2 and said in outcome.said and len(provider.requests) <= tries


def test_an_error_in_a_good_status_is_waited_for_and_told(project: Project) -> None:
    busy = Reply({"error": {"code": 429, "message": "upstream", "metadata": {"raw": "too many for llama-70b"}}})
    outcome, provider = run(project, lambda asked, number: busy if number in (1, 2) else good(asked, number))
    assert outcome.status == 0 and "too many for llama-70b" in outcome.said
    assert provider.choices == 12


def test_a_list_of_parts_is_read(project: Project) -> None:
    def behaviour(asked: dict[str, Any], number: int) -> Reply:
        reply = good(asked, number)
        for choice in reply.body["choices"]:
            text = choice["message"]["content"]
            thought = {"type": "thinking", "thinking": [{"type": "text", "text": "Let me see."}]}
            choice["message"]["content"] = [thought, {"type": "text", "text": text}]
        return reply

    outcome, provider = run(project, behaviour)
    assert outcome.status == 0 and provider.choices == 12
    assert all(row["text"].startswith("<think>\nLet me see.\n</think>\n\nIt is") for row in outcome.rows)


def test_blank_lines_before_the_answer_are_no_part_of_it(project: Project) -> None:
    outcome, provider = run(
        project, lambda asked, number: Reply(b"\n" * 50 + json.dumps(good(asked, number).body).encode())
    )
    assert outcome.status == 0 and len(provider.requests) == 6


def test_tokens_that_span_reasoning_and_answer_are_kept(project: Project) -> None:
    """Log-probabilities of both, the text of the answer alone beside a field with the reasoning."""

    def behaviour(asked: dict[str, Any], number: int) -> Reply:
        reply = good(asked, number)
        for choice in reply.body["choices"]:
            text = choice["message"]["content"]
            choice["message"]["reasoning_content"] = "Let me see."
            pieces = ["<think>", "\n", "Let me", " see.", "\n", "</think>", "\n\n", text[:9], text[9:]]
            choice["logprobs"] = {
                "content": [
                    {"token": piece, "logprob": -0.5, "top_logprobs": [{"token": piece, "logprob": -0.5}]}
                    for piece in pieces
                ]
            }
        return reply

    outcome, _ = run(project, behaviour, top_k=5)
    assert outcome.status == 0 and all(len(row["tokens"]) == 9 for row in outcome.rows)
    assert outcome.summary["reasoning"] == 12 and outcome.summary["tokens_with_logprob"] == 9 * 12
