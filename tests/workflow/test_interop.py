"""A server that nobody here wrote: llama.cpp, with a tiny model of random weights, through both APIs.

Skipped where `xllamacpp` and `gguf` are not installed, here or in the interpreter that XLLAMACPP_PYTHON names.
"""

import importlib.util
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from kill_sampling import finish, prepare, problems, sampling

from specialize.core.files import write_records

HERE = all(importlib.util.find_spec(name) for name in ("xllamacpp", "gguf"))
PYTHON = os.environ.get("XLLAMACPP_PYTHON") or (sys.executable if HERE else None)
pytestmark = pytest.mark.skipif(PYTHON is None, reason="needs xllamacpp and gguf (or XLLAMACPP_PYTHON)")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    yield from served()


def served(*arguments: str) -> Iterator[str]:
    command = [str(PYTHON), str(Path(__file__).with_name("llama_server.py")), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None and server.stdin is not None
        yield server.stdout.readline().strip()
        server.stdin.close()
        server.kill()


@pytest.mark.parametrize("api", ["completions", "chat"])
def test_llama_cpp(tmp_path: Path, url: str, api: str) -> None:
    """It refuses more than two samples a request, and answers the completions API in the shape of the chat API."""
    write_records(tmp_path / "problems.jsonl", problems(3))
    prepare(tmp_path, url, api=api, samples=5, max_tokens=12, temperature=1.0, top_k=5, model="tiny")
    said = finish(sampling(tmp_path, "cache", "out", samples_per_request=5, min_readable=0))
    assert "asking for" in said or "one by one" in said
    rows = pq.read_table(tmp_path / "out" / "part-00000.parquet").to_pylist()
    assert len(rows) == 15 and len({row["text"] for row in rows}) > 5
    kept = [row for row in rows if row["tokens"] is not None]
    assert kept
    for row in kept:
        assert b"".join(row["tokens"]).decode() == row["text"]
        assert all(logprob < 0 and math.isfinite(logprob) for logprob in row["token_logprobs"])
        assert all(1 <= len(top) <= 5 and top == sorted(top, reverse=True) for top in row["top_logprobs"])
    assert "0 of 15" not in finish(sampling(tmp_path, "cache", "out", min_readable=0))


@pytest.mark.parametrize("parser", ["parsed", "unparsed"])
def test_a_reasoning_model_of_llama_cpp(tmp_path: Path, parser: str) -> None:
    """With its parser on, everything stands in `reasoning_content`, with it off in the text, behind a tag that stood in the prompt;
    either way text and distribution of at least 99 % of tokens are kept."""
    write_records(tmp_path / "problems.jsonl", problems(3))
    for url in served("reasoning", parser):
        prepare(tmp_path, url, api="chat", samples=4, max_tokens=12, temperature=1.0, top_k=5, model="tiny", stop=[])
        finish(sampling(tmp_path, "cache", "out", samples_per_request=1, min_readable=0))
    rows = pq.read_table(tmp_path / "out" / "part-00000.parquet").to_pylist()
    assert len(rows) == 12 and all(row["text"].startswith("<think>\n") for row in rows)
    sent = sum(row["completion_tokens"] for row in rows)
    kept = sum(value is not None for row in rows for value in row["token_logprobs"] or [])
    assert kept >= 0.99 * sent
