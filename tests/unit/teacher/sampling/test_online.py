"""Sampling from a server that misbehaves: every fault is recovered from, kept as it is, or told in one line."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from stub_server import serving

from specialize.core.errors import SpecializeError
from specialize.core.files import write_records, write_text
from specialize.core.locks import exclusive
from specialize.core.params.teacher import TeacherParams
from specialize.lineage.recipe import recipe_text
from specialize.records.problems import Problem
from specialize.records.recipes import Recipe
from specialize.teacher.__main__ import main
from specialize.teacher.cache.store import open_cache
from specialize.teacher.plan import Plan
from specialize.teacher.prompt import FewShot
from specialize.teacher.sampling.online import fill, lock_file
from specialize.teacher.simulated.fault_rates import FaultRates, Faults
from specialize.teacher.simulated.server import Server
from specialize.teacher.simulated.teacher import Teacher
from specialize.teacher.write_shards import write_shards

PROBLEMS = [
    Problem(
        id=f"d/{number}",
        dataset="d",
        question=f"What is {number} and 2, times 3?",
        answer=str((number + 2) * 3),
        kind="number",
        rationale=f"It is {number} + 2 = {number + 2}.\nIt is {number + 2} * 3 = {(number + 2) * 3}.",
    )
    for number in range(2, 10)
]
SAMPLES = 5

Good = dict[str, list[dict[str, Any]]]


@contextmanager
def served(faults: Faults) -> Iterator[tuple[str, Server]]:
    """A local teacher on a thread of its own; yields its base URL and the server with its counts."""
    server = Server(Teacher(PROBLEMS, 0.6), faults)
    with serving(server.app()) as url:
        yield url, server


def sampled(folder: Path, faults: Faults, api: str = "completions", **changes: Any) -> tuple[pa.Table, dict[str, int]]:
    """Sample all problems through the client; return the completions and what the server counted."""
    write_records(folder / "problems.jsonl", PROBLEMS)
    limits = {
        "concurrency": 4, "samples_per_request": 3, "timeout_s": 30, "attempts": 12, "backoff_s": 0.002, "min_readable": 0,
        **changes.pop("limits", {}),
    }  # fmt: skip
    settings = {"mode": "online", "samples": SAMPLES, "temperature": 1.0, "max_tokens": 120, "api": api, "top_k": 3}
    params = TeacherParams.model_validate({**settings, **changes, "limits": limits})
    plan = Plan(folder / "problems.jsonl", params, FewShot(), "here")
    with served(faults) as (url, server), open_cache(folder / "cache") as cache:
        try:
            fill(plan, cache, url)
        finally:
            assert faults.rates == FaultRates() or any(name.startswith("fault ") for name in server.stats)
        write_shards(plan, cache, [folder / "part.parquet"])
        return pq.read_table(folder / "part.parquet"), dict(server.stats)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Good:
    """API → what a server without faults gives."""
    rows = {}
    for api in ("completions", "chat"):
        table, stats = sampled(tmp_path_factory.mktemp(api), Faults(), api)
        assert stats["choices"] == table.num_rows == len(PROBLEMS) * SAMPLES
        rows[api] = table.to_pylist()
    return rows


RECOVERED = [
    "too_many_requests", "retry_after", "server_error", "connection_reset", "hang", "late", "truncated_body",
    "malformed_json", "no_choices", "choice_without_logprobs", "logprobs_dropped", "one_choice",
]  # fmt: skip
"""PendingRequest again, or asked otherwise."""


@pytest.mark.parametrize("fault", RECOVERED)
def test_recovered_to_the_same_bytes(good: Good, fault: str, tmp_path: Path) -> None:
    rate = 0.1 if fault == "no_choices" else 0.25  # the same odd JSON four times in a row counts as a refusal
    faults = Faults(seed=2, rates=FaultRates(**{fault: rate}), retry_after_s=0.01, late_s=5)
    # A busy machine may be too slow for a short time-out, and asks twice: only where the fault is to wait.
    limits = {"timeout_s": 0.3} if fault in ("hang", "late") else {}
    table, stats = sampled(tmp_path, faults, limits=limits)
    assert table.to_pylist() == good["completions"]
    # What was turned away costs nothing, and what came whole is never asked for again.
    if fault in ("too_many_requests", "retry_after", "server_error", "connection_reset", "one_choice"):
        assert stats["choices"] == table.num_rows


@pytest.mark.parametrize("api", ["completions", "chat"])
def test_all_at_once(good: Good, api: str, tmp_path: Path) -> None:
    rates = dict.fromkeys(RECOVERED, 0.04)
    faults = Faults(seed=4, rates=FaultRates(**rates), retry_after_s=0.01, late_s=5, requests_per_minute=12_000)
    assert sampled(tmp_path, faults, api, limits={"timeout_s": 0.3})[0].to_pylist() == good[api]


KEPT = ["extra_alternative", "sampled_not_listed", "missing_bytes", "sentinel", "split_character"]
"""Odd, and nothing to ask again for."""


@pytest.mark.parametrize("api", ["completions", "chat"])
@pytest.mark.parametrize("fault", KEPT)
def test_kept_as_sent(good: Good, fault: str, api: str, tmp_path: Path) -> None:
    table, stats = sampled(tmp_path, Faults(rates=FaultRates(**{fault: 1})), api)
    assert stats["choices"] == table.num_rows
    for row, whole in zip(table.to_pylist(), good[api], strict=True):
        assert b"".join(row["tokens"]) == row["text"].encode()
        assert row["text"] == (whole["text"].replace(".", "…", 1) if fault == "split_character" else whole["text"])
        assert all(
            len(tops) == len(values) for tops, values in zip(row["top_tokens"], row["top_logprobs"], strict=True)
        )
        if fault == "extra_alternative":
            assert [tops[:-1] for tops in row["top_tokens"]] == whole["top_tokens"]
        if fault == "sampled_not_listed":
            assert all(token not in tops for token, tops in zip(row["tokens"], row["top_tokens"], strict=True))
        if fault == "sentinel":
            assert row["token_logprobs"] == [*whole["token_logprobs"][:-1], None]
        if fault == "split_character":
            at = row["tokens"].index(b"\xe2\x80")
            assert row["tokens"][at + 1] == b"\xa6"


@pytest.mark.parametrize("api", ["completions", "chat"])
@pytest.mark.parametrize("fault", ["length", "content_filter"])
def test_observations(fault: str, api: str, tmp_path: Path) -> None:
    """A completion that was cut or held back is an observation: kept, never asked for again."""
    table, stats = sampled(tmp_path, Faults(rates=FaultRates(**{fault: 1})), api)
    assert stats["choices"] == table.num_rows
    reasons = table.column("finish_reason").to_pylist()
    assert fault in reasons
    for row in table.to_pylist():
        if row["finish_reason"] == "content_filter":
            assert (row["text"], row["tokens"]) == ("", None)
        else:
            assert b"".join(row["tokens"]) == row["text"].encode()


def test_a_wrong_key_ends_at_once(tmp_path: Path) -> None:
    with pytest.raises(SpecializeError, match="refused the key") as caught:
        sampled(tmp_path, Faults(rates=FaultRates(unauthorised=1)))
    assert "\n" not in str(caught.value)


def test_a_pause_holds_nobody_back_once_the_run_has_failed(tmp_path: Path) -> None:
    """Of four in flight one is told to come back in 20 minutes, and one that the key is wrong: the run ends now."""
    rates = FaultRates(retry_after=0.3, unauthorised=0.3)
    with pytest.raises(SpecializeError, match="refused the key"):
        sampled(tmp_path, Faults(seed=127, rates=rates, retry_after_s=1200))


def test_a_server_without_logprobs(tmp_path: Path) -> None:
    dropped = Faults(rates=FaultRates(logprobs_dropped=1))
    with pytest.raises(SpecializeError, match="asked for log-probabilities") as caught:
        sampled(tmp_path / "refuse", dropped)
    assert "\n" not in str(caught.value)
    table, _ = sampled(tmp_path / "allow", dropped, without_logprobs="allow")
    assert set(table.column("tokens").to_pylist()) == {None}
    assert all(table.column("text").to_pylist())


def test_a_server_that_never_answers(tmp_path: Path) -> None:
    with pytest.raises(SpecializeError, match="asked 2 times, in the end: no whole answer in time"):
        sampled(tmp_path, Faults(rates=FaultRates(hang=1)), limits={"timeout_s": 0.1, "attempts": 2})


def test_two_runs_at_once_pay_once(tmp_path: Path) -> None:
    """The second waits for the first, and finds in the cache what that one has paid for."""
    write_records(tmp_path / "problems.jsonl", PROBLEMS)
    params = TeacherParams.model_validate({"mode": "online", "samples": SAMPLES, "top_k": 3})
    plan, at_work = Plan(tmp_path / "problems.jsonl", params, FewShot(), "here"), threading.Event()
    with served(Faults()) as (url, server):
        with open_cache(tmp_path / "elsewhere") as cache:
            fill(plan, cache, url)
            rows = list(cache.everything())
        paid = dict(server.stats)

        def first() -> None:
            with open_cache(tmp_path / "cache") as cache, exclusive(lock_file(plan, cache)):
                at_work.set()
                time.sleep(0.3)
                cache.add(rows)

        thread = threading.Thread(target=first)
        thread.start()
        assert at_work.wait(10)
        with open_cache(tmp_path / "cache") as cache:
            fill(plan, cache, url)
        thread.join()
        assert dict(server.stats) == paid


def test_results_that_the_cache_lacks_are_not_paid_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They came from elsewhere; the door is about to write over them, and nobody has refilled the cache before."""
    monkeypatch.chdir(tmp_path)
    write_records(Path("problems.jsonl"), PROBLEMS)
    with served(Faults()) as (url, server):
        params = {"mode": "online", "base_url": url, "samples": SAMPLES, "top_k": 3}
        recipe = Recipe(phase="teacher", name="teacher", params=params, code="", rules="", files={})
        write_text(Path("teacher.json"), recipe_text(recipe))
        command = ["sample", "--recipe", "teacher.json", "--problems", "problems.jsonl"]
        for cache in ("theirs", "ours"):
            monkeypatch.setenv("SPECIALIZE_CACHE", cache)
            assert main([*command, "--output", "out/part-00000.parquet"]) == 0
        assert server.stats["choices"] == len(PROBLEMS) * SAMPLES


def test_every_fault_is_tried_here() -> None:
    assert {*RECOVERED, *KEPT, "length", "content_filter", "unauthorised"} == set(FaultRates.model_fields)
