"""Providers as they really behave: each test is a kind of fault that public reports tell of (K1 … K14), and its cases."""

import json
import socket
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from provider_stub import Behaviour, Outcome, Project, Provider, Reply, error, good, provided, question_of, text_of

from specialize.teacher.cache.store import cache_folder, open_cache

PRICES = {"prompt": 1.0, "completion": 1.0}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Project:
    monkeypatch.setenv("SPECIALIZE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    return Project(tmp_path, capsys)


def run(project: Project, behaviour: Behaviour, **params: Any) -> tuple[Outcome, Provider]:
    with provided(project, behaviour) as provider:
        return project.run(**params), provider


def of_one(question: int, odd: Callable[[dict[str, Any]], Reply]) -> Behaviour:
    """Answer one question oddly each time, the others well."""
    return lambda asked, number: odd(asked) if question_of(asked) == question else good(asked, number)


# K1: a finish reason is believed where it is known


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


# K2: a question that is refused is a result

REFUSALS = [
    error(400, "Input text data may contain inappropriate content.", code="data_inspection_failed"),
    error(400, "Sorry! We've encountered an issue with repetitive patterns in your prompt.", code="invalid_prompt"),
    error(400, "This model's maximum context length is 4096 tokens.", code=400, type="BadRequestError"),
    error(
        400,
        "litellm.BadRequestError: AzureException - the prompt was filtered",
        code="400",
        provider_specific_fields={"azure_error": {"code": "content_filter"}},
    ),
    error(403, "model requires moderation and this input was flagged", metadata={"reasons": ["violence"]}),
    error(400, "some new reason"),
    error(422, "no"),
    Reply({"choices": [], "usage": None}),
    Reply({"error": {"code": 400, "message": "odd prompt"}}),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda reply: f"{reply.status}-{json.dumps(reply.body)[:50]}")
@pytest.mark.parametrize("question", [0, 4])
def test_one_refused_question_is_kept_and_the_others_are_done(project: Project, refusal: Reply, question: int) -> None:
    with provided(project, of_one(question, lambda _: refusal)) as provider:
        outcome = project.run(samples=3)
        assert outcome.status == 0, outcome.said
        assert outcome.summary["refused"] == 3 and outcome.summary["completions"] == 18
        assert {row["text"] for row in outcome.rows if row["finish_reason"] != "stop"} == {""}
        sent = len(provider.requests)
        assert project.run(samples=3).status == 0 and len(provider.requests) == sent, "not asked again"
        assert "would remove 3" in project.cache("prune", "--refused")
        assert "removed 3" in project.cache("prune", "--refused", "--yes")
        assert project.run(samples=3).status == 0 and len(provider.requests) > sent, "asked again on demand"


def test_the_filter_is_named(project: Project) -> None:
    outcome, _ = run(project, of_one(3, lambda _: REFUSALS[3]))
    assert outcome.summary["finish_reasons"] == {"stop": 10, "content_filter": 2}


@pytest.mark.parametrize("refusal", [error(400, "no such thing"), error(422, "no"), REFUSALS[2]])
def test_where_every_question_is_refused_the_run_ends(project: Project, refusal: Reply) -> None:
    outcome, provider = run(project, lambda *_: refusal)
    assert outcome.status == 2 and str(refusal.body["error"]["message"])[:20] in outcome.said
    assert len(provider.requests) < 15


def test_a_key_that_is_withdrawn_in_the_middle_refuses_no_question(project: Project) -> None:
    behaviour = lambda asked, number: good(asked, number) if number < 9 else error(400, "unknown tenant")  # noqa: E731
    outcome, _ = run(project, behaviour, questions=list(range(40)))
    assert outcome.status == 2 and "further questions in a row" in outcome.said
    with open_cache(cache_folder()) as cache:
        assert not [row for row in cache.everything() if row.refused]


def test_a_question_that_fails_each_time_holds_up_no_other(project: Project) -> None:
    outcome, _ = run(project, of_one(4, lambda _: error(500, "engine died")), limits={"attempts": 2})
    assert outcome.status == 2 and "1 questions got no answer" in outcome.said and "engine died" in outcome.said
    with open_cache(cache_folder()) as cache:
        assert len(list(cache.everything())) == 10


# K3: what will not change is not repeated


@pytest.mark.parametrize(
    ("reply", "tries", "said"),
    [
        (Reply({"error": {"code": 402, "message": "Insufficient credits"}}), 1, "Insufficient credits"),
        (Reply({"error": {"code": "insufficient_quota", "message": "pay"}}), 1, "quota"),
        (Reply({"error": {"type": "authentication_error", "message": "who?"}}), 1, "who?"),
        (Reply(b"<!doctype html><html>", headers={"Content-Type": "text/html"}), 1, "/v1"),
        (Reply(b"<html>", headers={"Content-Type": "application/json"}), 1, "/v1"),
        (Reply(b'data: {"choices": []}\n\n', headers={"Content-Type": "text/event-stream"}), 1, "text/event-stream"),
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


# K4 and K14: empties, missing alternatives, copies


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
@pytest.mark.parametrize("reason", ["length", "stop"])
def test_a_server_that_gives_reasoning_alone_is_told_at_once(project: Project, field: str, reason: str) -> None:
    message = {"content": None, field: "First, 2 and 2 is 4. So the answer is 4."}
    behaviour = lambda asked, number: good(asked, number, message=message, finish_reason=reason)  # noqa: E731
    outcome, provider = run(project, behaviour, questions=list(range(30)), samples=4)
    assert outcome.status == 2 and "have no readable answer" in outcome.said
    assert ("max_tokens" if reason == "length" else "reasoning parser") in outcome.said
    assert provider.choices <= 8


def test_an_answer_that_nobody_can_read_is_told_at_once(project: Project) -> None:
    behaviour = lambda asked, number: good(asked, number, message={"content": f"It comes to {number}, I think."})  # noqa: E731
    with provided(project, behaviour) as provider:
        outcome = project.run(questions=list(range(30)), samples=4)
        assert outcome.status == 2 and "5 of 5 answers have no readable answer" in outcome.said
        assert "traces.reading: flexible" in outcome.said and "min_readable" in outcome.said
        paid = provider.choices
        assert paid <= 8 and project.run(questions=list(range(30)), samples=4).status == 2
        assert provider.choices == paid, "the next run pays nothing either"
        outcome = project.run(questions=list(range(30)), samples=4, limits={"min_readable": 0})
        assert outcome.status == 0 and outcome.summary["unparsed"] == 120


def test_empties_are_counted(project: Project) -> None:
    outcome, _ = run(project, of_one(5, lambda asked: good(asked, message={"content": ""})))
    assert outcome.status == 0 and outcome.summary["empty"] == 2 and "2 of 12 completions are empty" in outcome.said


def test_no_alternatives_are_told(project: Project) -> None:
    def behaviour(asked: dict[str, Any], number: int) -> Reply:
        reply = good(asked, number)
        for choice in reply.body["choices"]:
            token = {"token": choice["message"]["content"], "logprob": -1, "top_logprobs": []}
            choice["logprobs"] = {"content": [token]}
        return reply

    outcome, _ = run(project, behaviour, top_k=5)
    assert outcome.status == 0 and "no token has alternatives" in outcome.said


def test_copies_of_one_text_are_no_samples(project: Project) -> None:
    """A server that repeats one choice `n` times is asked one by one; each request alone gives another text."""

    def behaviour(asked: dict[str, Any], number: int) -> Reply:
        reply = good(asked, number)
        for choice in reply.body["choices"]:
            choice["message"]["content"] = text_of(asked, number)
        return reply

    outcome, _ = run(project, behaviour, samples=8)
    assert outcome.status == 0 and "copies of one text" in outcome.said
    assert outcome.summary["identical_copies"] == 0 and len({row["text"] for row in outcome.rows}) == 48


def test_a_greedy_server_is_told(project: Project) -> None:
    outcome, _ = run(project, lambda asked, _: good(asked, message={"content": text_of(asked, 0)}), samples=4)
    assert outcome.summary["identical_copies"] == 18 and "repeat another" in outcome.said


# K5 and K6: how long to wait, and for what not to


@pytest.mark.parametrize(
    "headers",
    [{"retry-after-ms": "0"}, {"Retry-After": "0"}, {"Retry-After": formatdate(0)}, {"Retry-After": "0.01"}, {}],
)
def test_overload_is_waited_for_longer_than_eight_tries(project: Project, headers: dict[str, str]) -> None:
    behaviour = lambda asked, number: error(429, "busy", headers) if 3 < number < 13 else good(asked, number)  # noqa: E731
    outcome, provider = run(project, behaviour, limits={"attempts": 2, "backoff_s": 0.0005})
    assert outcome.status == 0 and "requests_per_minute" in outcome.said
    assert provider.choices == 12


def test_patience_ends(project: Project) -> None:
    outcome, _ = run(project, lambda *_: error(429, "busy"), limits={"patience_s": 0.05})
    assert outcome.status == 2 and "patience_s" in outcome.said


def test_a_server_that_wants_a_day_is_not_waited_for(project: Project) -> None:
    outcome, provider = run(project, lambda *_: error(429, "busy", {"Retry-After": "86400"}))
    assert outcome.status == 2 and "1440 minutes" in outcome.said and len(provider.requests) == 1


@pytest.mark.parametrize(
    "refusal",
    [
        error(
            429, "Budget has been exceeded! Current cost: 100.2, Max budget: 100.0", type="budget_exceeded", code="429"
        ),
        error(429, "You exceeded your current quota", code="insufficient_quota"),
        error(402, "Insufficient Balance"),
    ],
)
def test_what_somebody_has_to_pay_for_is_not_waited_for(project: Project, refusal: Reply) -> None:
    outcome, provider = run(project, lambda *_: refusal)
    assert outcome.status == 2 and refusal.body["error"]["message"] in outcome.said and len(provider.requests) == 1


def test_a_request_that_is_too_large_is_made_smaller(project: Project) -> None:
    def behaviour(asked: dict[str, Any], number: int) -> Reply:
        if asked["n"] > 2:
            return error(
                429, "Request too large for gpt-4o (TPM): Limit 30000, Requested 40060.", code="rate_limit_exceeded"
            )
        return good(asked, number)

    outcome, provider = run(project, behaviour, samples=8, limits={"samples_per_request": 8})
    assert outcome.status == 0 and provider.choices == 48
    assert sum(asked["n"] > 2 for asked in provider.requests) <= 8


@pytest.mark.parametrize(
    "refusal",
    [
        error(400, "n must be 1 when using greedy sampling"),
        Reply({"detail": [{"type": "x", "loc": ["body", "n"], "msg": "must be 1"}]}, 422),
        Reply({"detail": "only one choice"}, 422),
    ],
)
def test_several_samples_that_are_refused_are_requested_one_by_one(project: Project, refusal: Reply) -> None:
    outcome, provider = run(project, lambda asked, number: refusal if asked["n"] > 1 else good(asked, number))
    assert outcome.status == 0 and provider.choices == 12
    assert len(provider.requests) <= 14


# K9: money


def test_reasoning_tokens_outside_the_count_stay_within_the_budget(project: Project) -> None:
    def usage(asked: dict[str, Any]) -> dict[str, int]:
        return {"prompt_tokens": 20, "completion_tokens": 10 * asked["n"], "total_tokens": 20 + 4010 * asked["n"]}

    behaviour = lambda asked, number: good(asked, number, usage=usage(asked))  # noqa: E731
    limits = {"budget": 0.02, "prices": PRICES, "concurrency": 1}
    outcome, provider = run(project, behaviour, samples=1, questions=list(range(12)), limits=limits)
    assert outcome.status == 2 and "budget" in outcome.said
    assert provider.choices >= 3 and provider.choices * 4030 / 1e6 <= 0.02


@pytest.mark.parametrize("count", [-5, 10**400, True, "7", 1.5])
def test_impossible_usage_is_booked_at_the_bound(project: Project, count: Any) -> None:
    usage = {"prompt_tokens": count, "completion_tokens": count}
    limits = {"budget": 0.004, "prices": PRICES, "concurrency": 1}
    behaviour = lambda asked, number: good(asked, number, usage=usage)  # noqa: E731
    outcome, provider = run(project, behaviour, samples=1, questions=list(range(40)), limits=limits)
    assert outcome.status == 2 and "budget" in outcome.said and 2 < len(provider.requests) <= 15


def test_a_refused_connection_costs_nothing_and_names_the_address(project: Project) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        project.url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    outcome = project.run(limits={"budget": 0.02, "prices": PRICES, "attempts": 3})
    assert outcome.status == 2 and "budget" not in outcome.said
    assert project.url in outcome.said and "connection failed" in outcome.said


def test_a_question_that_stands_four_times_is_paid_once(project: Project) -> None:
    outcome, provider = run(project, good, questions=[7, 7, 3, 7, 7, 3], samples=4)
    assert outcome.status == 0 and provider.choices == 8 and len(outcome.rows) == 24


def test_the_estimate_speaks_of_the_budget(project: Project) -> None:
    with provided(project, good):
        limits = {"budget": 0.001, "prices": PRICES}
        assert "budget" in project.run("--estimate", limits=limits).said
        assert "budget" not in project.run("--estimate", limits={**limits, "budget": 10}).said


# K10 and K11: the environment, and the provider's own words


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ALL_PROXY", "socks5://secret@h:1"),
        ("all_proxy", "socks://h:1"),
        ("SSL_CERT_FILE", "/gone"),
        ("HTTPS_PROXY", "ftp://h"),
    ],
)
def test_a_variable_that_breaks_the_connection_is_named(
    project: Project, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789")
    project.url = "https://127.1.example.org/v1"
    outcome = project.run()
    assert outcome.status == 2 and variable in outcome.said and "secret" not in outcome.said


def test_the_account_goes_to_openai_alone(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-x")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-x")
    outcome, provider = run(project, good)
    assert outcome.status == 0 and "x" not in provider.seen[0].headers.get("OpenAI-Organization", "")
    assert "OpenAI-Project" not in provider.seen[0].headers
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-A: 1")
    outcome, provider = run(project, good)
    assert outcome.status == 2 and "OPENAI_CUSTOM_HEADERS" in outcome.said and not provider.requests


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "OpenAI-Organization header should match organization for API key"),
        (403, "Country, region, or territory not supported"),
        (404, "The model `x` does not exist"),
    ],
)
def test_the_reason_of_the_provider_is_shown(project: Project, status: int, message: str) -> None:
    outcome, _ = run(project, lambda *_: error(status, message))
    assert outcome.status == 2 and message in outcome.said


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_named_and_not_followed(project: Project, status: int) -> None:
    elsewhere: list[Any] = []
    outcome, provider = run(project, lambda *_: Reply({}, status, {"Location": "http://127.0.0.2:1/v1/chat"}))
    assert outcome.status == 2 and "redirects to http://127.0.0.2:1/v1/chat" in outcome.said
    assert len(provider.requests) == 1 and not elsewhere


def test_no_key_over_plain_http(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.url = "http://10.0.0.1/v1"
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI-K7MDENG")
    outcome = project.run(key_variable="AWS_SECRET_ACCESS_KEY")
    assert outcome.status == 2 and "plain http" in outcome.said and "wJalr" not in outcome.said


KEY = "sk-test-SECRET0123456789abcdefXYZ"


@pytest.mark.parametrize("form", [KEY, KEY[::-1], KEY.replace("-", "%2D"), KEY[:14] + "***" + KEY[-4:], KEY[-12:]])
def test_no_form_of_the_key_is_shown_or_kept(project: Project, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    outcome, _ = run(project, lambda *_: error(401, f"Incorrect API key {form} provided"))
    assert outcome.status == 2 and "Incorrect API key" in outcome.said
    assert not any(part in outcome.said for part in (form, KEY[-8:], KEY[:12], KEY[::-1][:8]))
    if len(form) >= len(KEY):
        outcome, _ = run(project, lambda asked, number: good(asked, number, extra=form, usage={"note": form}))
        raw = b"".join(path.read_bytes() for path in project.folder.rglob("*") if path.is_file())
        with open_cache(cache_folder()) as cache:
            raw += repr(list(cache.everything())).encode()
        assert outcome.status == 0 and form.encode() not in raw


def test_escapes_of_a_terminal_are_not_printed(project: Project) -> None:
    outcome, _ = run(project, lambda *_: error(401, "\x1b]0;pwn\x07\x1b[2J\u202egnp"))
    assert "\x1b" not in outcome.said and "\u202e" not in outcome.said


def test_an_endless_body_is_not_read(project: Project) -> None:
    outcome, _ = run(project, lambda *_: Reply(b" " * (20 * 2**20)), limits={"attempts": 1})
    assert outcome.status == 2 and "bytes" in outcome.said


# K12: requests that can be shaped


@pytest.mark.parametrize(
    ("parameter", "option"),
    [("max_tokens", "max_completion_tokens"), ("temperature", "leave_out"), ("seed", "teacher.seed: null")],
)
def test_a_refused_parameter_names_the_way_out(project: Project, parameter: str, option: str) -> None:
    refusal = error(400, f"Unsupported parameter: '{parameter}'.", code="unsupported_parameter", param=parameter)
    outcome, provider = run(project, lambda *_: refusal)
    assert outcome.status == 2 and option in outcome.said and len(provider.requests) == 1


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


# a smaller wish is served from a larger answer


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
