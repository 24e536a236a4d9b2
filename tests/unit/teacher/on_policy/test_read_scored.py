"""The shapes in which servers score a given text, against a stub of each."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from aiohttp import web
from stub_server import serving

from specialize.core.files import write_records
from specialize.core.params.teacher import TeacherParams
from specialize.records.predictions import Rollout
from specialize.records.problems import Problem
from specialize.teacher.__main__ import main
from specialize.teacher.on_policy.read_scored import scored_tokens
from specialize.teacher.on_policy.scoring_request import Shape, scoring_request
from specialize.teacher.prompt import FewShot

TEXT = "2 + 2 = 4.\nThe answer is 4"
PIECES = ["2", " +", " 2", " =", " 4", ".", "\n", "The", " answer", " is", " 4"]
Json = dict[str, Any]


def request(api: str, shape: Shape, text: str = TEXT, **changes: Any):  # type: ignore[no-untyped-def]
    params = TeacherParams.model_validate({"mode": "online", "api": api, "top_k": 2, **changes})
    return scoring_request(params, FewShot(), "What is 2 + 2?", text, "here", shape)


def legacy(before: list[str], after: list[str]) -> Json:
    tokens = [*before, *PIECES, *after]
    tops = [None, *({token: -0.5, "other": -1.5} for token in tokens[1:])]
    return {"logprobs": {"tokens": tokens, "token_logprobs": [None] + [-0.5] * (len(tokens) - 1), "top_logprobs": tops}}


def entries(before: list[str], pieces: list[str] = PIECES) -> list[Json | None]:
    def entry(token: str) -> Json:
        own = {"logprob": -0.5, "rank": 3, "decoded_token": token}
        return {"17": own, "18": {"logprob": -0.1, "rank": 1, "decoded_token": "other"}}

    return [None, *(entry(token) for token in [*before, *pieces])]


def test_an_echo_is_cut_to_the_text() -> None:
    asked = request("completions", "echo")
    assert asked.body["echo"] and asked.body["logprobs"] == 2 and asked.body["prompt"].endswith(f"step\n{TEXT}")
    assert not {"n", "seed", "temperature", "stop"} & set(asked.ask(0, 1))
    for before in ([asked.before], ["<s>", asked.before]):
        tokens = scored_tokens(asked, {}, legacy(before, ["!", "4"]))
        assert tokens is not None and [token.spelling for token in tokens] == [piece.encode() for piece in PIECES]
        assert all(token.logprob == -0.5 and len(token.top) == 2 for token in tokens)


def test_a_token_across_the_beginning_loses_its_distribution() -> None:
    asked = request("completions", "echo")
    choice = legacy([asked.before[:-1]], [])
    choice["logprobs"]["tokens"][1] = "\n2"
    tokens = scored_tokens(asked, {}, choice)
    assert tokens is not None and (tokens[0].spelling, tokens[0].logprob, tokens[0].top) == (b"2", None, [])
    assert b"".join(token.spelling or b"" for token in tokens).decode() == TEXT


@pytest.mark.parametrize("api", ["completions", "chat"])
def test_prompt_logprobs_of_both_apis(api: str) -> None:
    """vLLM: in the choice (completions) or beside the choices (chat); the prompt's own token comes first."""
    asked = request(api, "prompt_logprobs")
    assert asked.body["prompt_logprobs"] == 2
    if api == "chat":
        assert asked.body["messages"][-1] == {"role": "assistant", "content": TEXT}
        assert asked.body["continue_final_message"] and not asked.body["add_generation_prompt"]
        tokens = scored_tokens(asked, {"prompt_logprobs": entries(["<|im_start|>", "2 + 2 = 4."])}, {})
    else:
        tokens = scored_tokens(asked, {}, {"prompt_logprobs": entries([asked.before])})
    assert tokens is not None and [token.spelling for token in tokens] == [piece.encode() for piece in PIECES]
    assert tokens[0].logprob == -0.5 and tokens[0].top == [(b"other", -0.1), (b"2", -0.5)]


@pytest.mark.parametrize(
    "bad",
    [
        None,
        [],
        [None],
        [None, {}],
        [None, 5],
        entries(["x"], PIECES[:-1]),
        entries(["x"], ["2", " \ufffd", *PIECES[2:]]),
    ],
)
def test_what_does_not_spell_the_text_is_nothing(bad: Any) -> None:
    assert scored_tokens(request("chat", "prompt_logprobs"), {"prompt_logprobs": bad}, {}) is None
    assert scored_tokens(request("completions", "echo"), {}, {"logprobs": {"tokens": 5, "token_logprobs": 1}}) is None


def test_keys_tell_shapes_texts_and_sizes_apart() -> None:
    keys = [request("completions", shape, text).key for shape in ("echo", "prompt_logprobs") for text in (TEXT, "x")]
    assert len(set(keys)) == 4
    assert request("completions", "echo", temperature=0.9, seed=7, stop=[]).key == keys[0], "they decide nothing"
    assert request("completions", "echo", top_k=3).key != keys[0]


@pytest.mark.parametrize("shape", ["echo", "prompt_logprobs"])
def test_the_command_against_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], shape: str
) -> None:
    """A fault is repeated, a server without log-probabilities is named, and what came is never asked for again."""
    monkeypatch.setenv("SPECIALIZE_CACHE", str(tmp_path / "cache"))
    seen: list[Json] = []
    silent = False

    async def answer(asked: web.Request) -> web.Response:
        body = await asked.json()
        seen.append(body)
        if len(seen) == 1:
            return web.json_response({"error": {"message": "busy"}}, status=500)
        before = body["prompt"].removesuffix(TEXT)
        given = {} if silent else legacy([before], ["!"]) if shape == "echo" else {"prompt_logprobs": entries([before])}
        choice = {"index": 0, "text": "!", "finish_reason": "length", **given}
        return web.json_response({"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 1}})

    app = web.Application()
    app.add_routes([web.post("/v1/completions", answer)])
    problems = [Problem(id="p", dataset="d", question="What is 2 + 2?", answer="4", kind="number")]
    write_records(tmp_path / "problems.jsonl", problems)
    rollouts = [Rollout(problem_id="p", student="s", sample=n, text=TEXT) for n in (3, 5)]
    write_records(tmp_path / "rollouts.jsonl", rollouts)
    command = ["score", "--problems", str(tmp_path / "problems.jsonl"), "--rollouts", str(tmp_path / "rollouts.jsonl")]
    command += [
        "--params",
        str(tmp_path / "params.yaml"),
        "--output",
        str(tmp_path / "scored.parquet"),
        "--shape",
        shape,
    ]
    command += ["--limits", json.dumps({"backoff_s": 0.001})]
    with serving(app) as url:
        (tmp_path / "params.yaml").write_text(f"teacher: {{mode: online, base_url: '{url}', model: m, top_k: 2}}\n")
        assert main(command) == 0
        assert len(seen) == 2, "two equal texts are one question"
        rows = pq.read_table(tmp_path / "scored.parquet").to_pylist()
        assert [row["sample"] for row in rows] == [3, 5] and all(len(row["top_tokens"][0]) == 2 for row in rows)
        assert main(command) == 0 and len(seen) == 2
        silent = True
        write_records(tmp_path / "rollouts.jsonl", [Rollout(problem_id="p", student="s", sample=0, text="Hm.")])
        capsys.readouterr()
        assert main(command) == 2 and "log-probabilities" in capsys.readouterr().err
