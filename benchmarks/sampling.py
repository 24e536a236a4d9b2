"""Sampling against an endpoint with 100 ms of latency: rate under a limit, throughput without one, peak memory.

    .venv/bin/python benchmarks/sampling.py [--quick] [--processor-time]

The rival is a bare AsyncOpenAI loop under a semaphore: no cache, no policy, no limits. It parses answers as the client
does; ours also writes each of them to the cache before it counts. The endpoint is a process of its own
(benchmarks/teacher_stub.py), so that the two cores are shared by server and client.
"""

import argparse
import asyncio
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from measure import alternate, peak_memory, summary, write

from specialize.core.files import write_records
from specialize.core.params.teacher import TeacherParams
from specialize.records.problems import Problem
from specialize.teacher.cache.store import open_cache
from specialize.teacher.plan import Plan
from specialize.teacher.prompt import FewShot
from specialize.teacher.sampling.online import fill
from specialize.teacher.write_shards import write_shards

LATENCY_S = 0.1
Clock = Callable[[], float]
TOKENS = 60


def answer(choices: int) -> dict[str, Any]:
    """Return a response of the completions API with five alternatives a token."""
    top = {f" t{number}": -1.5 - number for number in range(5)}
    logprobs = {
        "tokens": [" word"] * TOKENS,
        "token_logprobs": [-0.25] * TOKENS,
        "top_logprobs": [top] * TOKENS,
        "text_offset": [5 * number for number in range(TOKENS)],
    }
    choice = {"text": " word" * TOKENS, "finish_reason": "stop", "logprobs": logprobs}
    usage = {"prompt_tokens": 40, "completion_tokens": TOKENS * choices, "total_tokens": 40 + TOKENS * choices}
    facts = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "stub", "usage": usage}
    return {**facts, "choices": [{**choice, "index": number} for number in range(choices)]}


@contextmanager
def served(folder: Path, limit: int, latency_s: float = LATENCY_S, choices: int = 1) -> Iterator[str]:
    """Start the endpoint, yield its base URL."""
    path = folder / "answer.json"
    path.write_text(json.dumps(answer(choices)))
    stub = Path(__file__).with_name("teacher_stub.py")
    command = [sys.executable, str(stub), str(path), str(latency_s), str(limit)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.kill()


def plan(folder: Path, problems: int, samples: int = 1, **limits: Any) -> Plan:
    """Return a run of so many problems."""
    path = folder / f"{problems}.jsonl"
    write_records(
        path,
        (Problem(id=str(n), dataset="d", question=f"What is {n}?", answer="1", kind="number") for n in range(problems)),
    )
    params = {"mode": "online", "samples": samples, "top_k": 5, "limits": {"min_readable": 0, **limits}}
    return Plan(path, TeacherParams.model_validate(params), FewShot(), "stub")


def ours(folder: Path, run: Plan, url: str) -> None:
    """Sample into an empty cache."""
    with tempfile.TemporaryDirectory(dir=folder) as empty, open_cache(Path(empty)) as cache:
        fill(run, cache, url)


async def bare(run: Plan, url: str, connections: int) -> None:
    """Ask the same with nothing around the client."""
    import openai

    gate = asyncio.Semaphore(connections)
    async with openai.AsyncOpenAI(api_key="none", base_url=url, max_retries=0) as client:

        async def one(body: dict[str, Any]) -> None:
            async with gate:
                await client.completions.create(**body)

        await asyncio.gather(*(one(request.ask(0, 1)) for _, request in run.requests()))


def share_of_limit(folder: Path, per_minute: int, requests: int) -> dict[str, Any]:
    """Return what of a limit is used: our client knows it, the server enforces it in a sliding window."""
    with served(folder, per_minute) as url:
        ours(folder, plan(folder, 1), url)  # what loads once is loaded
        run = plan(folder, requests, requests_per_minute=per_minute, concurrency=16)
        begin = time.perf_counter()
        ours(folder, run, url)
        minutes = (time.perf_counter() - begin) / 60
    return {"measure": "requests per minute under a limit", "limit": per_minute, "ours": requests / minutes,
            "share": requests / minutes / per_minute}  # fmt: skip


def throughput(folder: Path, requests: int, rounds: int, clock: Clock = time.perf_counter) -> dict[str, Any]:
    """Return requests per second at 64 connections, ours beside the bare loop, in turn.

    clock: `time.process_time` counts the seconds that the client itself works, which bound its throughput; for a
    machine that others use too, where a wall clock measures them."""
    with served(folder, 0) as url:
        run = plan(folder, requests, concurrency=64)
        rivals = {"ours": lambda: ours(folder, run, url), "bare loop": lambda: asyncio.run(bare(run, url, 64))}
        seconds = alternate(rivals, rounds=rounds, clock=clock)
    rates = {name: requests / summary(values)["median"] for name, values in seconds.items()}
    second = "second" if clock is time.perf_counter else "second of processor time"
    return {"measure": f"requests per {second}, 64 connections", **rates, "share": rates["ours"] / rates["bare loop"]}


def memory(folder: Path, completions: int) -> dict[str, Any]:
    """Return the peak of a whole run, parquet included, above where it began."""

    def run() -> None:
        with served(folder, 0, 0.0, choices=20) as url, tempfile.TemporaryDirectory(dir=folder) as empty:
            asked = plan(folder, completions // 20, samples=20, concurrency=32)
            with open_cache(Path(empty)) as cache:
                fill(asked, cache, url)
                write_shards(asked, cache, [Path(empty) / "part.parquet"])

    return {"measure": "peak memory, MB", "completions": completions, "ours": peak_memory(run) / 1e6}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small, to see that it works")
    parser.add_argument("--processor-time", action="store_true", help="only throughput, by the client's processor time")
    args = parser.parse_args()
    quick = args.quick
    logging.getLogger("specialize.teacher").setLevel(logging.ERROR)
    os.environ["SPECIALIZE_CACHE"] = "/nonexistent"  # nothing here may touch the user's cache
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if args.processor_time:
            print(throughput(folder, 500 if quick else 3000, 2 if quick else 5, time.process_time))
            return
        rows = [
            share_of_limit(folder, 1200, 300 if quick else 2400),
            throughput(folder, 500 if quick else 3000, 2 if quick else 5),
            *(memory(folder, count) for count in ((2000, 10_000) if quick else (10_000, 100_000))),
        ]
    write("sampling", "Sampling, 100 ms of latency", rows, "openai", latency_s=LATENCY_S, tokens=TOKENS)


if __name__ == "__main__":
    main()
