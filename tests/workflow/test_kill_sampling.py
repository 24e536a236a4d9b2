"""Sampling as a process: killed, watched for the key, with the local teacher as its child."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from kill_sampling import finish, prepare, problems, run, sampling, served, stats

from specialize.core.files import write_records
from specialize.teacher.cache.store import open_cache
from specialize.teacher.cache.transfer import export

KEY = "sk-this-key-must-not-be-seen-anywhere"


def test_kill_and_go_on(tmp_path: Path) -> None:
    """The long version, with 50 kills in 2,000 completions, is kill_sampling.py."""
    told = run(tmp_path, count=30, samples=6, kills=3, seed=1)
    assert told["kills"] == 3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_polite_stop_waits_for_what_is_paid_for(tmp_path: Path, number: signal.Signals) -> None:
    write_records(tmp_path / "problems.jsonl", problems(200))
    with served(tmp_path, {"latency_s": 0.2}) as url:
        prepare(tmp_path, url, samples=10)
        process = sampling(tmp_path, "cache", "out")
        while process.poll() is None and stats(url).get("requests", 0) < 12:
            time.sleep(0.02)
        process.send_signal(number)
        said, _ = process.communicate(timeout=60)
        paid = stats(url)["choices"]
    assert process.returncode == 2 and f"error: stopped by {number.name}" in said and "Traceback" not in said
    with open_cache(tmp_path / "cache") as cache:
        assert len(list(cache.everything())) == paid


def test_the_local_teacher_dies_with_its_job(tmp_path: Path) -> None:
    write_records(tmp_path / "problems.jsonl", problems(400))
    prepare(tmp_path, "local", samples=40)
    job = sampling(tmp_path, "cache", "out")
    children: list[psutil.Process] = []
    while not children and job.poll() is None:
        time.sleep(0.05)
        children = psutil.Process(job.pid).children()
    job.kill()
    job.communicate()
    assert psutil.wait_procs(children, timeout=20)[1] == []


@pytest.mark.parametrize("rates", [{"server_error": 0.3, "malformed_json": 0.1}, {"unauthorised": 1.0}])
def test_no_trace_of_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rates: dict[str, float]) -> None:
    """In results, logs, errors, the cache: whole, and as the rows' JSON that it compresses."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_LOG", "info")  # debug is refused
    write_records(tmp_path / "problems.jsonl", problems(8))
    with served(tmp_path, {"rates": rates}) as url:
        prepare(tmp_path, url, samples=2)
        process = sampling(tmp_path, "cache", "out", attempts=20)
        said, _ = process.communicate(timeout=120)
    assert process.returncode == (2 if "unauthorised" in rates else 0), said
    with open_cache(tmp_path / "cache") as cache:
        export(cache.everything(), tmp_path / "cache.jsonl")
    (tmp_path / "said.txt").write_text(said)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) >= 5
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []


def test_a_full_or_locked_cache_is_told_in_one_line(tmp_path: Path) -> None:
    write_records(tmp_path / "problems.jsonl", problems(3))
    with served(tmp_path, {}) as url:
        prepare(tmp_path, url, samples=2)
        finish(sampling(tmp_path, "cache", "out"))
        (database,) = (tmp_path / "cache").glob("*.sqlite3")
        with sqlite3.connect(database) as connection:
            connection.execute("DROP TABLE completions")
            connection.execute("CREATE TABLE completions (other TEXT)")
        connection.close()
        process = sampling(tmp_path, "cache", "out")
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 2 and "Traceback" not in said and str(database.name) in said


def test_estimate_asks_nothing(tmp_path: Path) -> None:
    write_records(tmp_path / "problems.jsonl", problems(10))
    (tmp_path / "params.yaml").write_text(
        "teacher:\n  mode: online\n  base_url: https://api.example.org/v1\n  samples: 40\n"
        "  limits: {prices: {prompt: 2, completion: 8}}\n"
    )
    command = [sys.executable, "-m", "specialize.teacher", "sample", "--estimate", "--problems", "problems.jsonl"]
    environment = {name: value for name, value in os.environ.items() if name != "OPENAI_API_KEY"}
    environment["SPECIALIZE_CACHE"] = str(tmp_path / "cache")
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "requests to send               20" in done.stdout  # 10 questions, 40 samples, 20 a request
    assert "completion tokens         102,400  at most" in done.stdout
    assert "0.82  dollars at most" in done.stdout
