"""Texts that a student wrote, scored by the local teacher: exact, paid once, in the shape of completions."""

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from specialize.core.files import write_json, write_records
from specialize.core.params.teacher import TeacherParams
from specialize.core.questions import normalised_question
from specialize.records.predictions import Rollout
from specialize.records.problems import Problem
from specialize.records.recipes import Recipe
from specialize.teacher.__main__ import main
from specialize.teacher.cache.store import open_cache
from specialize.teacher.cache.transfer import refill_results
from specialize.teacher.on_policy import score_command
from specialize.teacher.simulated.draw_tokens import draw, stream
from specialize.teacher.simulated.parse_prompt import begun_answers
from specialize.teacher.simulated.parse_request import RefusalError
from specialize.teacher.simulated.teacher import MODEL, Teacher

PROBLEMS = [
    Problem(
        id=f"d/{n}",
        dataset="d",
        question=f"Ada has {n} pens and buys 7 more, then gives 5 away. How many are left?",
        answer=str(n + 2),
        kind="number",
        rationale=f"Ada has {n} + 7 = {n + 7} pens.\nThere are {n + 7} - 5 = {n + 2} pens left.",
    )
    for n in (11, 12)
]
TEACHER = Teacher(PROBLEMS, 0.5)


def prompt(problem: Problem) -> str:
    return f"Question: {problem.question}\nLet's think step by step\n"


def echoed(problem: Problem, text: str, top: int = 5) -> dict[str, Any]:
    body = {"model": MODEL, "prompt": prompt(problem) + text, "echo": True, "max_tokens": 1, "logprobs": top}
    answer = TEACHER.complete(body)
    (choice,) = answer["choices"]
    assert "".join(choice["logprobs"]["tokens"]) == choice["text"] == body["prompt"]
    assert all(
        b - a == len(t)
        for (a, b), t in zip(pairwise(choice["logprobs"]["text_offset"]), choice["logprobs"]["tokens"], strict=False)
    )
    logprobs: dict[str, Any] = choice["logprobs"]
    return logprobs


def test_an_echo_has_the_probabilities_of_sampling() -> None:
    """What the teacher samples, and what it says of the same text when somebody else wrote it, is the same."""
    problem = PROBLEMS[0]
    _, grammar = TEACHER.grammar(problem.question)
    for index in range(10):
        sample = draw(grammar.root, stream(3, problem.id, index), 1.0)
        logprobs = echoed(problem, sample.text)
        count = len(sample.drawn)
        assert logprobs["tokens"][-count:] == [one.token for one in sample.drawn]
        assert logprobs["token_logprobs"][-count:] == pytest.approx([one.logprob for one in sample.drawn])
        assert all(
            top[token] == value
            for top, token, value in zip(
                *(logprobs[name][-count:] for name in ("top_logprobs", "tokens", "token_logprobs")), strict=True
            )
        )


def test_behind_what_the_teacher_never_writes_nothing_is_known() -> None:
    text = "Ada has 11 bananas and so on."
    logprobs = echoed(PROBLEMS[0], text)
    tokens, values, tops = logprobs["tokens"], logprobs["token_logprobs"], logprobs["top_logprobs"]
    first = values.index(-9999.0)
    assert "".join(tokens[:first]).startswith(prompt(PROBLEMS[0])[:-1])
    assert tops[first] and math.isclose(sum(map(math.exp, tops[first].values())), 1, abs_tol=0.6)
    assert all(value is None for value in values[first + 1 :]) and all(top is None for top in tops[first + 1 :])


def test_an_answer_may_go_on_with_questions_of_its_own() -> None:
    text = "Ada is done.\nQuestion: Who is Bob?\nLet's think step by step\nHe is."
    found = [question for question, _ in begun_answers(prompt(PROBLEMS[1]) + text)]
    assert normalised_question(found[-1]) == normalised_question(PROBLEMS[1].question) and len(found) == 2
    assert echoed(PROBLEMS[1], text)["token_logprobs"][-1] is None
    with pytest.raises(RefusalError, match="an answer behind it"):
        TEACHER.complete({"model": MODEL, "prompt": prompt(PROBLEMS[1]).strip(), "echo": True})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_records(tmp_path / "problems.jsonl", PROBLEMS)
    (tmp_path / "params.yaml").write_text("teacher: {mode: online, base_url: local}\n")
    texts = ["Ada has 11 + 7 = 18 pens.\nThe answer is 18", "Who knows?", "18 - 5"]
    rollouts = [Rollout(problem_id="d/11", student="s", sample=n, text=text) for n, text in enumerate(texts)]
    write_records(tmp_path / "rollouts.jsonl", rollouts)
    return tmp_path


def score(*arguments: str) -> int:
    fixed = ["score", "--problems", "problems.jsonl", "--rollouts", "rollouts.jsonl", "--work", "work"]
    return main([*fixed, *(arguments or ("--output", "scored.parquet"))])


def test_rollouts_become_completions_of_the_teacher(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert score() == 0
    table = pq.read_table("scored.parquet")
    rows = table.to_pylist()
    rollouts = [json.loads(line) for line in (folder / "rollouts.jsonl").read_text().splitlines()]
    assert [(row["problem_id"], row["sample"], row["text"]) for row in rows] == [
        (one["problem_id"], one["sample"], one["text"]) for one in rollouts
    ]
    assert all(b"".join(row["tokens"]).decode() == row["text"] and row["teacher"] == MODEL for row in rows)
    assert all(rows[0]["top_tokens"][:3]) and not any(rows[1]["top_tokens"][1:])
    first = (folder / "scored.parquet").read_bytes()
    capsys.readouterr()
    assert score() == 0 and "all completions are in the cache" in capsys.readouterr().err
    assert (folder / "scored.parquet").read_bytes() == first
    assert score("--estimate") == 0 and "requests to send                0" in capsys.readouterr().out


def test_scores_that_were_pulled_are_not_paid_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On another machine: the file goes back into a cache that has nothing, and gives the same file again."""
    assert score() == 0
    with open_cache(folder / "elsewhere", paid=False) as cache:
        assert refill_results(cache, folder) == (3, 3)
    capsys.readouterr()
    assert score("--work", "elsewhere", "--output", "again.parquet") == 0
    assert "all completions are in the cache" in capsys.readouterr().err
    assert (folder / "again.parquet").read_bytes() == (folder / "scored.parquet").read_bytes()


@pytest.mark.parametrize(
    ("params", "arguments", "said"),
    [
        ("{mode: online, base_url: local}", ["--shape", "prompt_logprobs"], "expected echo"),
        ("{mode: online, base_url: 'http://127.0.0.1:1/v1', api: chat}", ["--shape", "echo"], "no echo"),
        ("{mode: batch, base_url: 'http://127.0.0.1:1/v1'}", [], "teacher.mode"),
        ("{mode: online, base_url: local, top_k: 0}", [], "teacher.top_k"),
    ],
)
def test_what_cannot_be_scored_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str], params: str, arguments: list[str], said: str
) -> None:
    (folder / "params.yaml").write_text(f"teacher: {params}\n")
    assert score("--output", "x.parquet", *arguments) == 2 and said in capsys.readouterr().err


def test_rollouts_of_other_problems_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_records(folder / "rollouts.jsonl", [Rollout(problem_id="d/99", student="s", sample=0, text="1")])
    assert score() == 2 and "d/99" in capsys.readouterr().err
    (folder / "rollouts.jsonl").write_text("")
    assert score() == 2 and "at least one rollout" in capsys.readouterr().err
    assert score("--shape", "echo") == 2


def test_a_round_is_scored_by_its_recipe_and_not_where_most_texts_were_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    params = TeacherParams(mode="online", samples=7, temperature=0.9)
    (spec,) = params.round_specs(["op"])
    assert not {"samples", "temperature", "seed", "stop", "limits", "shards"} & set(spec.params)
    recipe = Recipe(phase="teacher", name="teacher/rounds/op", params=spec.params, code="c", rules="r", files={})
    write_json(folder / "recipe.json", recipe.model_dump())
    assert score("--output", "by_params.parquet") == 0
    (folder / "params.yaml").unlink()
    assert score("--recipe", "recipe.json", "--output", "by_recipe.parquet") == 0
    assert pq.read_table("by_recipe.parquet").equals(pq.read_table("by_params.parquet"))
    monkeypatch.setattr(score_command, "LEAST_SCORED", 1.1)
    capsys.readouterr()
    assert score("--recipe", "recipe.json", "--provenance", "p.json", "--output", "x.parquet") == 2
    assert not (folder / "p.json").exists()
