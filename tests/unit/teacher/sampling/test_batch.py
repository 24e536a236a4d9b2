"""The Batch API: same keys as online, resumable at every step, nothing submitted twice."""

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from batch_server import BatchServer
from stub_server import serving

from specialize.core.errors import SpecializeError
from specialize.core.files import write_records
from specialize.core.locks import exclusive
from specialize.core.params.teacher import TeacherParams
from specialize.records.problems import Problem
from specialize.teacher.__main__ import main
from specialize.teacher.api.server_errors import RefusedError
from specialize.teacher.cache.row import Row
from specialize.teacher.cache.store import open_cache
from specialize.teacher.plan import Plan
from specialize.teacher.prompt import FewShot
from specialize.teacher.sampling.batch import fill_by_batch
from specialize.teacher.sampling.batch_state import BatchState
from specialize.teacher.sampling.online import SamplingError, fill
from specialize.teacher.simulated.fault_rates import Faults
from specialize.teacher.simulated.server import Server
from specialize.teacher.simulated.teacher import Teacher

PROBLEMS = [
    Problem(
        id=f"d/{n}",
        dataset="d",
        question=f"What is {n} and 2?",
        answer=str(n + 2),
        kind="number",
        rationale=f"It is {n} + 2 = {n + 2}.",
    )
    for n in range(5)
]
TEACHER = Teacher(PROBLEMS, 0.5)
ALL = len(PROBLEMS) * 4


def plan(folder: Path, **changes: Any) -> Plan:
    write_records(folder / "problems.jsonl", PROBLEMS)
    limits = {
        "poll_s": 0.001,
        "backoff_s": 0.001,
        "attempts": 2,
        "samples_per_request": 3,
        "min_readable": 0,
        **changes.pop("limits", {}),
    }
    settings = {"mode": "online", "samples": 4, "max_tokens": 60, "limits": limits, **changes}
    return Plan(folder / "problems.jsonl", TeacherParams.model_validate(settings), FewShot(), "here")


def batched(folder: Path, server: BatchServer, **changes: Any) -> list[Row]:
    with serving(server.app()) as url, open_cache(folder / "cache") as cache:
        try:
            fill_by_batch(plan(folder, **changes), cache, url)
        finally:
            rows = list(cache.everything())
    return rows


@pytest.mark.parametrize("api", ["completions", "chat"])
def test_batch_and_online_fill_the_same_cache(tmp_path: Path, api: str) -> None:
    server = BatchServer(TEACHER)
    rows = batched(tmp_path / "batch", server, api=api, limits={"requests_per_batch": 4})
    assert (len(server.batches), server.uploads, server.choices, len(rows)) == (3, 3, ALL, ALL)
    with serving(Server(TEACHER, Faults()).app()) as url, open_cache(tmp_path / "online") as cache:
        (tmp_path / "online").mkdir(exist_ok=True)
        fill(plan(tmp_path / "online", api=api), cache, url)
        online = list(cache.everything())
    assert [(row.key, row.sample, row.choice) for row in rows] == [(row.key, row.sample, row.choice) for row in online]


@pytest.mark.parametrize(
    ("owner", "step"),
    [(BatchState, "write"), (BatchState, "uploaded"), (BatchState, "submitted"), (BatchState, "forget")],
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_death_at_any_step_pays_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: type, step: str, when: str
) -> None:
    """A run ends before or after a step is noted; the next one goes on with the same provider."""
    server = BatchServer(TEACHER)
    whole = getattr(owner, step)

    def dies(*arguments: Any) -> Any:
        if when == "after":
            whole(*arguments)
        raise SystemExit(9)

    (tmp_path / "cache").mkdir()
    with serving(server.app()) as url, open_cache(tmp_path / "cache") as cache:
        with monkeypatch.context() as patch:
            patch.setattr(owner, step, dies)
            with pytest.raises(SystemExit):
                fill_by_batch(plan(tmp_path), cache, url)
        fill_by_batch(plan(tmp_path), cache, url)
        assert len(list(cache.everything())) == ALL
        assert BatchState(cache).open(url) == []
    assert (len(server.batches), server.choices) == (1, ALL)


def test_lines_that_went_wrong_are_asked_again_or_kept(tmp_path: Path) -> None:
    odd = {
        0: {"response": {"status_code": 500, "body": {"error": {"message": "later"}}}},
        1: {"response": {"status_code": 200, "body": {"choices": []}}},
        2: {"response": {"status_code": 400, "body": {"error": {"code": "content_filter", "message": "no"}}}},
        3: {"response": None, "error": {"code": "batch_expired", "message": "expired"}},
    }
    server = BatchServer(TEACHER, odd)
    rows = batched(tmp_path, server)
    assert len(server.batches) == 2 and len(rows) == ALL
    assert [row.choice["finish_reason"] for row in rows].count("content_filter") == 3


def test_marks_that_look_like_ends_of_lines_lose_no_completion(tmp_path: Path) -> None:
    class Odd(Teacher):
        def complete(self, body: Any) -> dict[str, Any]:
            answer = super().complete(body)
            for choice in answer["choices"]:
                choice["text"] += "\u2028\u0085"
            return answer

    server = BatchServer(Odd(PROBLEMS, 0.5))
    rows = batched(tmp_path, server)
    assert (len(server.batches), server.choices, len(rows)) == (1, ALL, ALL)


def test_a_refused_line_ends_the_run_and_the_others_are_kept(tmp_path: Path) -> None:
    refused = {
        0: {
            "response": {"status_code": 400, "body": {"error": {"message": "no such model", "code": "model_not_found"}}}
        }
    }
    with pytest.raises(RefusedError, match="no such model"):
        batched(tmp_path, BatchServer(TEACHER, refused))
    with open_cache(tmp_path / "cache") as cache:
        assert len(list(cache.everything())) == ALL - 3


def test_a_failed_batch_is_told(tmp_path: Path) -> None:
    server = BatchServer(TEACHER, status="failed", odd={n: {"response": None} for n in range(10)})
    with pytest.raises(SamplingError, match="batch-0 failed"):
        batched(tmp_path, server)


def test_a_batch_without_logprobs(tmp_path: Path) -> None:
    class Silent(Teacher):
        def complete(self, body: Any) -> dict[str, Any]:
            answer = super().complete(body)
            for choice in answer["choices"]:
                choice["logprobs"] = None
            return answer

    server = BatchServer(Silent(PROBLEMS, 0.5))
    with pytest.raises(SamplingError, match="log-probabilities were asked for"):
        batched(tmp_path / "one", server)
    assert len(batched(tmp_path / "two", server, without_logprobs="allow")) == ALL


def test_the_budget_bounds_what_is_submitted(tmp_path: Path) -> None:
    prices = {"prompt": 0, "completion": 1_000_000}  # a dollar a token: at most 60 a completion
    server = BatchServer(TEACHER)
    with pytest.raises(SpecializeError, match="budget"):
        batched(tmp_path, server, limits={"budget": 300, "prices": prices})
    with open_cache(tmp_path / "cache") as cache:
        spent = sum(row.billed.completion / row.choices for row in cache.everything() if row.billed)
    assert 0 < spent <= 300


def test_two_processes_do_not_share_batches(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    with (
        open_cache(tmp_path / "cache") as cache,
        exclusive(cache.lock_file("batch")),
        pytest.raises(SpecializeError, match="another"),
    ):
        fill_by_batch(plan(tmp_path), cache, "http://127.0.0.1:1/v1")


NOT_FOUND = {"error": {"message": "No such thing"}}


def refusing(status: int, times: int = 1, body: Any = NOT_FOUND) -> list[web.Response]:
    return [web.json_response(body, status=status) for _ in range(times)]


@pytest.mark.parametrize("route", ["retrieve", "content"])
def test_a_lost_batch_or_file_is_forgotten_and_submitted_again(tmp_path: Path, route: str) -> None:
    server = BatchServer(TEACHER)
    server.refuse[route] = refusing(404)
    rows = batched(tmp_path, server)
    assert len(rows) == ALL and len(server.batches) == 2


def test_what_is_lost_each_time_ends_the_run(tmp_path: Path) -> None:
    server = BatchServer(TEACHER)
    server.refuse["content"] = refusing(404, 20)
    with pytest.raises(SamplingError, match="nothing came of the batches"):
        batched(tmp_path, server)
    assert len(server.batches) == 2


def test_a_limit_of_queued_tokens_is_waited_for(tmp_path: Path) -> None:
    limit = "token_limit_exceeded"
    server = BatchServer(TEACHER, status=["completed", limit, limit, *["completed"] * 9])
    rows = batched(tmp_path, server, limits={"requests_per_batch": 4})
    assert len(rows) == ALL and len(server.batches) == 5
    alone = BatchServer(TEACHER, status=[limit] * 9)
    with pytest.raises(SamplingError, match=r"requests_per_batch"):
        batched(tmp_path / "alone", alone)


def test_a_file_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    server = BatchServer(TEACHER)
    server.refuse["create"] = refusing(400, 1, {"error": {"message": "Cannot find file file-0, or no access to it."}})
    assert len(batched(tmp_path, server)) == ALL and server.uploads == 1


def test_a_provider_that_lists_no_batches(tmp_path: Path) -> None:
    server = BatchServer(TEACHER)
    server.refuse["list"] = refusing(404, 9)
    assert len(batched(tmp_path, server)) == ALL


def test_a_cancelled_batch_is_collected_and_ends_the_run(tmp_path: Path) -> None:
    server = BatchServer(TEACHER, status=["cancelled", "completed"], odd={n: {"response": None} for n in range(4)})
    with pytest.raises(SamplingError, match="was cancelled"):
        batched(tmp_path, server)
    assert len(server.batches) == 1
    assert len(batched(tmp_path, server)) == ALL


def test_a_batch_that_expired_with_nothing_done_is_submitted_again(tmp_path: Path) -> None:
    server = BatchServer(TEACHER, status=["expired", "completed"], odd={n: {"response": None} for n in range(10)})
    assert len(batched(tmp_path, server)) == ALL and len(server.batches) == 2


def test_a_line_that_is_refused_is_a_result(tmp_path: Path) -> None:
    body = {"error": {"code": "invalid_prompt", "message": "Sorry! repetitive patterns"}}
    server = BatchServer(TEACHER, {0: {"response": {"status_code": 400, "body": body}}})
    rows = batched(tmp_path, server)
    assert len(rows) == ALL and sum(row.refused for row in rows) == 3 and len(server.batches) == 1


def test_a_question_that_fails_in_two_batches_is_a_result(tmp_path: Path) -> None:
    class Dying(BatchServer):
        def _work(self, batch: dict[str, Any]) -> None:
            lines = self.files[batch["input_file_id"]].splitlines()
            dead = [n for n, line in enumerate(lines) if "What is 3 and 2?" in line]
            self.odd = {
                n: {"response": {"status_code": 500, "body": {"error": {"message": "engine died"}}}} for n in dead
            }
            super()._work(batch)

    rows = batched(tmp_path, Dying(TEACHER))
    assert len(rows) == ALL and sum(row.refused for row in rows) == 4
    lone = Dying(TEACHER)
    with serving(lone.app()) as url, open_cache(tmp_path / "cache") as cache:
        cache.connection.execute("DELETE FROM completions WHERE finish_reason = 'refused'")
        fill_by_batch(plan(tmp_path), cache, url)
        assert len(list(cache.everything())) == ALL and len(lone.batches) == 2


def test_an_error_in_a_good_line_is_asked_again(tmp_path: Path) -> None:
    body = {"error": {"code": 502, "message": "upstream"}}
    server = BatchServer(TEACHER, {0: {"response": {"status_code": 200, "body": body}}})
    assert len(batched(tmp_path, server)) == ALL and len(server.batches) == 2


def test_a_question_that_stands_twice_is_submitted_once(tmp_path: Path) -> None:
    server = BatchServer(TEACHER)
    double = plan(tmp_path)
    write_records(double.problems, [*PROBLEMS, *PROBLEMS])
    with serving(server.app()) as url, open_cache(tmp_path / "cache") as cache:
        fill_by_batch(Plan(double.problems, double.params, double.few_shot, "here"), cache, url)
    assert server.choices == ALL


def test_the_first_answers_are_looked_at_before_the_rest_is_submitted(tmp_path: Path) -> None:
    class Mumbling(Teacher):
        def complete(self, body: Any) -> dict[str, Any]:
            answer = super().complete(body)
            for choice in answer["choices"]:
                choice |= {"text": "hm", "logprobs": None}
            return answer

    server = BatchServer(Mumbling(PROBLEMS, 0.5))
    with pytest.raises(SpecializeError, match="5 of 5 answers have no readable answer"):
        batched(tmp_path / "bad", server, limits={"min_readable": 0.5}, top_k=0)
    assert server.choices == 6 and len(server.batches) == 1
    assert len(batched(tmp_path / "bad", server, top_k=0)) == ALL
    assert len(batched(tmp_path / "bad", server, limits={"min_readable": 0.5}, top_k=0)) == ALL, (
        "nothing is left to pay"
    )
    server = BatchServer(TEACHER)
    assert len(batched(tmp_path / "good", server, limits={"min_readable": 0.5})) == ALL
    assert server.choices == ALL and len(server.batches) == 2


@pytest.mark.parametrize("header", ["api-key", "Api-Key"])
def test_azure_names_its_api_in_its_own_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, header: str) -> None:
    monkeypatch.setenv("AZURE_KEY", "azure-key-0123456789")
    server = BatchServer(TEACHER)
    request = {"headers": {header: "AZURE_KEY"}, "query": {"api-version": "2024-10-21"}}
    assert len(batched(tmp_path, server, api="chat", key_variable=None, request=request)) == ALL
    assert {batch["endpoint"] for batch in server.batches.values()} == {"/chat/completions"}


@pytest.mark.parametrize("answer", [(429, {}), (400, {"code": "token_limit_exceeded"})])
def test_a_full_queue_may_refuse_the_batch_itself(tmp_path: Path, answer: tuple[int, dict[str, str]]) -> None:
    server = BatchServer(TEACHER)
    body = {"error": {"message": "Enqueued token limit reached for gpt-4o", **answer[1]}}
    create = server._create

    async def full(request: web.Request) -> web.Response:
        pending = [batch for batch in server.batches.values() if batch["status"] == "in_progress"]
        return web.json_response(body, status=answer[0]) if pending else await create(request)

    server._create = full  # type: ignore[method-assign]
    assert len(batched(tmp_path, server, limits={"requests_per_batch": 4})) == ALL


def test_a_batch_that_ends_without_any_output_is_submitted_again(tmp_path: Path) -> None:
    class Empty(BatchServer):
        def _work(self, batch: dict[str, Any]) -> None:
            super()._work(batch)
            if len(self.batches) == 1:
                batch.pop("output_file_id")

    server = Empty(TEACHER)
    assert len(batched(tmp_path, server)) == ALL and len(server.batches) == 2


def test_batches_can_be_listed_and_forgotten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_cache(tmp_path) as cache:
        BatchState(cache).write("https://x/v1", "/chat/completions", [])
    assert main(["cache", "--folder", str(tmp_path), "batches"]) == 0 and "written" in capsys.readouterr().out
    assert main(["cache", "--folder", str(tmp_path), "batches", "--forget", "all"]) == 0
    with open_cache(tmp_path) as cache:
        assert BatchState(cache).open() == []
