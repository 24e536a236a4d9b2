"""The request cache: what fits a run, who may write, what comes back from files."""

import json
import multiprocessing
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from specialize.core.errors import RecordError, SpecializeError
from specialize.core.files import write_records
from specialize.core.params.teacher import TeacherParams
from specialize.records.completions import COMPLETIONS_SCHEMA, SamplingSettings
from specialize.records.problems import Problem
from specialize.teacher.__main__ import main
from specialize.teacher.cache.row import CacheError, Row
from specialize.teacher.cache.store import FILE, Cache, Query, cache_folder, open_cache
from specialize.teacher.cache.transfer import export, refill
from specialize.teacher.completions import completion_row, write_completions
from specialize.teacher.plan import Plan
from specialize.teacher.prompt import FewShot

KEY = "ab" * 32


def row(sample: int = 0, limit: int = 8, finish: str = "stop", tokens: int = 3, **changes: Any) -> Row:
    spelt = [{"token": "é", "bytes": [195, 169], "logprob": -0.5, "top_logprobs": []}] * tokens
    choice = {"text": "é" * tokens, "finish_reason": finish, "logprobs": {"content": spelt}}
    response = {"id": "cmpl-1", "usage": {"prompt_tokens": 6, "completion_tokens": 9}}
    return Row(changes.pop("key", KEY), sample, limit, changes.pop("model", "m"), choice, response, 3, **changes)


def query(samples: int, limit: int, bare: bool = False, key: str = KEY) -> Query:
    return Query((key,), samples, limit, bare)


def held(cache: Cache, limit: int, samples: int = 9, bare: bool = False) -> set[int]:
    return set(cache.held(query(samples, limit, bare)).samples)


def test_a_row_comes_back_as_it_was_sent(tmp_path: Path) -> None:
    sent = row()
    with open_cache(tmp_path) as cache:
        assert cache.add([sent]) == 1
    with open_cache(tmp_path) as cache:
        assert list(cache.read(query(1, 8))) == list(cache.everything()) == [sent]
        assert cache.held(query(1, 8)).billed_prompt == 2.0  # a third of the request's prompt
        assert cache.held(query(1, 8, key="cd" * 32)).samples == frozenset()


def test_what_no_server_told_the_cost_of_is_not_free(tmp_path: Path) -> None:
    untold = [Row(KEY, n, 8, "m", {"text": "x", "finish_reason": "stop"}, {"id": "cmpl-1"}, 2) for n in (1, 2)]
    filtered = Row(KEY, 3, 8, "m", {"text": "", "finish_reason": "content_filter"}, {})
    write_records(tmp_path / "p.jsonl", [Problem(id="p", dataset="d", question="q", answer="1", kind="number")])
    limits = {"prices": {"prompt": 1e6, "completion": 1e6}}  # a dollar a token
    params = TeacherParams.model_validate({"mode": "online", "samples": 4, "max_tokens": 8, "limits": limits})
    plan = Plan(tmp_path / "p.jsonl", params, FewShot(), "here")
    _, request = next(plan.requests())
    with open_cache(tmp_path) as cache:
        cache.add([replace(one, key=request.key) for one in (row(0), *untold, filtered)])
        held = cache.held(query(9, 8, True, request.key))
        assert (held.billed_prompt, held.billed_completion) == (2.0, 3.0)
        assert (held.requests_without_usage, held.samples_without_usage) == (1.0, 2)
        assert plan.estimate(cache).spent == 5 + request.prompt_bound + 2 * 8


def test_another_bound_on_length_asks_again_only_for_what_it_changes(tmp_path: Path) -> None:
    with open_cache(tmp_path) as cache:
        cache.add([row(0, 8, "stop", 3), row(1, 8, "length", 8), row(2, 8, "stop", 7)])
        assert held(cache, 8) == {0, 1, 2}
        assert held(cache, 16) == {0, 2}
        assert held(cache, 5) == {0}  # what was longer would have been cut
        cache.add([row(1, 16, "stop", 12)])
        assert held(cache, 16) == {0, 1, 2}
        assert [r.max_tokens for r in cache.read(query(9, 16))] == [8, 16, 8]
        assert [r.max_tokens for r in cache.read(query(9, 8))] == [8, 8, 8]


def test_an_answer_with_exactly_as_many_tokens_as_allowed_counts_as_cut(tmp_path: Path) -> None:
    with open_cache(tmp_path) as cache:
        cache.add([row(0, 8, "stop", 8), row(1, 8, "stop", 7)])
        assert held(cache, 8) == {0, 1} and held(cache, 16) == {1}


def test_a_fragment_from_before_is_requested_again_and_replaced(tmp_path: Path) -> None:
    with open_cache(tmp_path) as cache:
        cache.add([row(0, finish="error", tokens=1), row(1)])
        assert held(cache, 8) == {1}
        assert cache.add([row(0, tokens=4), row(1, tokens=5)]) == 1
        assert [len(one.choice["text"]) for one in cache.read(query(9, 8))] == [4, 3]


@pytest.mark.parametrize("column", ["sample", "max_tokens", "model", "content", "finish_reason", "billed_completion"])
def test_a_changed_column_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str], column: str) -> None:
    with open_cache(tmp_path) as cache:
        cache.add([row(0), row(1)])
        value = "x'00'" if column == "content" else "7"
        with cache.connection:
            cache.connection.execute(f"UPDATE completions SET {column} = {value} WHERE sample = 1")
    assert main(["cache", "--folder", str(tmp_path), "verify"]) == 2
    assert "damaged" in capsys.readouterr().err
    saved = tmp_path / "saved.jsonl"
    assert main(["cache", "--folder", str(tmp_path), "export", str(saved)]) == 0
    assert len(saved.read_text().splitlines()) >= 1


def test_a_cache_from_before_digests_is_read(tmp_path: Path) -> None:
    with open_cache(tmp_path) as cache, cache.connection:
        cache.connection.execute("ALTER TABLE completions DROP COLUMN digest")
    with open_cache(tmp_path) as cache:
        assert cache.add([row(0)]) == 1 and held(cache, 8) == {0}
        with cache.connection:
            cache.connection.execute("UPDATE completions SET digest = NULL")
        assert list(cache.everything()) == [row(0)]


def test_more_samples_and_fewer(tmp_path: Path) -> None:
    with open_cache(tmp_path) as cache:
        cache.add([row(0), row(2)])
        assert held(cache, 8, samples=2) == {0} and held(cache, 8, samples=3) == {0, 2}


def test_bare_rows_serve_only_who_allows_them(tmp_path: Path) -> None:
    with open_cache(tmp_path) as cache:
        cache.add([row(0, bare=True)])
        assert held(cache, 8) == set() and held(cache, 8, bare=True) == {0}
        cache.add([row(0)])
        assert [r.bare for r in cache.read(query(9, 8, True))] == [False]


def test_the_first_answer_stays(tmp_path: Path) -> None:
    with open_cache(tmp_path) as cache:
        cache.add([row(tokens=3)])
        assert cache.add([row(tokens=5), row(1)]) == 1
        assert [len(r.choice["text"]) for r in cache.read(query(9, 8))] == [3, 3]


def _write(folder: Path, worker: int) -> None:
    for number in range(60):
        with open_cache(folder) as cache:
            cache.add([row(number), row(1000 * (worker + 1) + number)])


def test_several_processes_write(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_write, args=(tmp_path, worker)) for worker in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    with open_cache(tmp_path) as cache:
        assert len(cache.held(query(10_000, 8)).samples) == 60 + 3 * 60
        assert cache.connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_surrogates_and_odd_facts_survive(tmp_path: Path) -> None:
    choice = {"text": "\ud800", "finish_reason": None, "extra": {"deep": [1, None]}}
    with open_cache(tmp_path) as cache:
        cache.add([Row(KEY, 0, 8, "m", choice, {"usage": None})])
        (found,) = cache.read(query(1, 8))
    assert found.choice == choice and found.answer().text == "\ufffd"


def test_what_is_no_cache_is_told(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("not a database, and long enough to be read as one" * 30)
    with pytest.raises(CacheError, match=r"expected a cache of completions.*cache import"), open_cache(tmp_path):
        pass
    with pytest.raises(CacheError), open_cache(tmp_path / FILE):
        pass


def test_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SPECIALIZE_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "specialize"
    monkeypatch.setenv("SPECIALIZE_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"


SETTINGS = SamplingSettings(api="chat", max_tokens=8, model="m", top_k=5, without_logprobs="refuse")


def test_results_refill_a_cache(tmp_path: Path) -> None:
    """Parquet → cache → Parquet gives the same bytes; nothing is asked again."""
    sent = [row(0), row(1, finish="length", tokens=8)]
    rows = [{**completion_row("p", "m", one.sample, one.answer()), "request_key": KEY} for one in sent]
    write_completions(tmp_path / "a.parquet", rows, SETTINGS)
    with open_cache(tmp_path) as cache:
        assert refill(cache, tmp_path / "a.parquet") == (2, 2)
        assert refill(cache, tmp_path / "a.parquet") == (2, 0)
        assert held(cache, 8) == {0, 1} and held(cache, 16) == {0}
        again = [
            {**completion_row("p", "m", r.sample, r.answer()), "request_key": KEY} for r in cache.read(query(9, 8))
        ]
    write_completions(tmp_path / "b.parquet", again, SETTINGS)
    assert (tmp_path / "b.parquet").read_bytes() == (tmp_path / "a.parquet").read_bytes()


def test_imported_completions_cannot_refill(tmp_path: Path) -> None:
    write_completions(tmp_path / "a.parquet", [])
    assert pq.read_schema(tmp_path / "a.parquet").equals(COMPLETIONS_SCHEMA)
    with open_cache(tmp_path) as cache, pytest.raises(RecordError, match="Imported completions bear no keys"):
        refill(cache, tmp_path / "a.parquet")


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, copy, file = tmp_path / "one", tmp_path / "two", tmp_path / "cache.jsonl"
    with open_cache(folder) as cache:
        cache.add([row(0), row(1), row(0, model="other", key="cd" * 32)])

    def call(*arguments: str, where: Path = folder) -> tuple[int, str]:
        status = main(["cache", "--folder", str(where), *arguments])
        captured = capsys.readouterr()
        return status, captured.out + captured.err

    assert "other" in call("list")[1]
    status, said = call("export", str(file), "--model", "m")
    assert status == 0 and "2 completions written" in said
    assert [json.loads(line)["sample"] for line in file.read_text().splitlines()] == [0, 1]
    assert "2 of them new" in call("import", str(file), where=copy)[1]
    assert "sound, 2 completions" in call("verify", where=copy)[1]
    assert call("prune")[0] == 2
    assert "would remove 1 completions" in call("prune", "--model", "other")[1]
    assert "removed 1 completions" in call("prune", "--model", "other", "--yes")[1]
    assert "would remove 0" in call("prune", "--older-than-days", "1")[1]
    with open_cache(folder) as cache:
        assert [one.model for one in cache.everything()] == ["m", "m"]
    with sqlite3.connect(folder / FILE) as connection:
        connection.execute("UPDATE completions SET content = x'00'")
    connection.close()
    status, said = call("verify")
    assert status == 2 and "damaged content" in said
    exported = json.loads(file.read_text().splitlines()[0])
    changes = [
        *({"key": "x"}, {"choice": 1}, {"response": None}, {"response": []}, {"choices": 0}, {"choices": "x"}),
        *({"sample": 2**70}, {"sample": -1}, {"bare": "yes"}, {"model": None}, {"max_tokens": True}),
    ]
    for odd in ({"key": 1}, *({**exported, **change} for change in changes)):
        file.write_text(json.dumps(odd) + "\n")
        assert call("import", str(file))[0] == 2
    with open_cache(copy) as cache:
        assert export(cache.everything(), file) == 2


def test_a_damaged_result_stops_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SPECIALIZE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "params.yaml").write_text("teacher: {mode: online, base_url: https://api.example.org/v1}\n")
    (tmp_path / "part-00000.parquet").write_text("cut off")
    assert main(["cache", "refill", "--params", str(tmp_path / "params.yaml"), "--results", str(tmp_path)]) == 0
    assert "expected a Parquet file of completions" in capsys.readouterr().err
    assert main(["cache", "import", str(tmp_path / "part-00000.parquet")]) == 2


def test_pulled_results_refill_the_cache_of_a_paid_teacher(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPECIALIZE_CACHE", str(tmp_path / "cache"))
    rows = [{**completion_row("p", "m", one.sample, one.answer()), "request_key": KEY} for one in [row(0), row(1)]]
    write_completions(tmp_path / "results" / "completions" / "part-00000.parquet", rows, SETTINGS)
    params = tmp_path / "params.yaml"
    params.write_text("teacher: {mode: online, base_url: local}\n")
    assert main(["cache", "refill"]) == 0 and not (tmp_path / "cache").exists()
    params.write_text("teacher: {mode: online, base_url: https://api.example.org/v1}\n")
    assert main(["cache", "refill"]) == 0
    assert "2 of them new" in capsys.readouterr().err
    assert main(["cache", "refill"]) == 0
    assert capsys.readouterr().err == "", "a file that is known is not read again"
    assert main(["cache", "prune", "--model", "m", "--yes"]) == 0
    assert main(["cache", "refill"]) == 0
    assert "2 of them new" in capsys.readouterr().err, "what was pruned is not known any more"
    with open_cache(tmp_path / "cache") as cache:
        assert held(cache, 8) == {0, 1}


def test_a_flipped_bit_of_a_parquet_file_imports_nothing_else(tmp_path: Path) -> None:
    """Pages have checksums: a damaged file is refused in one line, or holds what it held."""
    path = tmp_path / "part-00000.parquet"
    rows = [{**completion_row("p", "m", n, row(n, tokens=n + 1).answer()), "request_key": KEY} for n in range(20)]
    write_completions(path, rows, SETTINGS)
    whole = path.read_bytes()
    with open_cache(tmp_path / "whole") as cache:
        refill(cache, path)
        good = list(cache.everything())
    refused = 0
    for at in range(5, len(whole), len(whole) // 60):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 8]) + whole[at + 1 :])
        with open_cache(tmp_path / f"{at}") as cache:
            try:
                refill(cache, path)
            except SpecializeError:
                refused += 1
                continue
            assert list(cache.everything()) == good
    assert refused > 30
