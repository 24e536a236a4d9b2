"""Answers of a provider damaged by seed: sampling takes them, or ends in 1 to 20 lines with status 2, and loses nothing.

    python tests/mutations/mutate_answers.py --count 250 --seed 1

Each time one of four requests gets a damaged answer, in body, status or header, and the others get sound ones. Then the
same command runs with a sound provider: it must succeed, and ask for no answer again that came whole before.
"""

import argparse
import asyncio
import json
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import tiny_run as run
from aiohttp import web
from hostile import mutate_bytes, mutate_tree
from outcome import Tally, attempt

from specialize.core.files import write_records, write_text
from specialize.lineage.recipe import recipe_text
from specialize.records.problems import Problem
from specialize.records.recipes import Recipe

QUESTIONS = 4
STATUSES = (
    200,
    201,
    204,
    301,
    304,
    307,
    400,
    401,
    403,
    404,
    408,
    409,
    413,
    418,
    422,
    429,
    451,
    500,
    502,
    503,
    504,
    520,
    599,
)
HEADERS = (
    {"Retry-After": "1e9"}, {"Retry-After": "nan"}, {"Retry-After": "-5"}, {"Retry-After": "Thu, 01 Jan 2099"}, {"Retry-After-Ms": "inf"},
    {"Content-Type": "text/html"}, {"Content-Type": "text/event-stream"}, {"Content-Type": "application/json; charset=utf-7"},
    {"Content-Encoding": "gzip"}, {"Content-Encoding": "br"}, {"Location": "http://localhost:1/v1"}, {"Location": "file:///etc/passwd"},
    {"Content-Length": "5"}, {"Set-Cookie": "a=b"}, {"X-Request-Id": "\x7f" * 100}, {"x-ratelimit-reset-requests": "soon"},
)  # fmt: skip
LIMITS = {
    "backoff_s": 0.001,
    "attempts": 2,
    "timeout_s": 3,
    "patience_s": 0.05,
    "concurrency": 1,
    "samples_per_request": 2,
}


@dataclass(frozen=True)
class Sent:
    """What goes back."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Provider:
    """Answers soundly but for the questions in `damaged`; `asked` counts the requests for each question."""

    damaged: dict[int, Sent] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)
    url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        asked = await request.json()
        text = asked["prompt"] if "prompt" in asked else asked["messages"][-1]["content"]
        question = int(text.split("What is ")[1].split(" ")[0])
        self.asked.append(question)
        sent = self.damaged.get(question) or Sent(json.dumps(sound(asked, question)).encode())
        headers = {"Content-Type": "application/json", **sent.headers}
        response = web.Response(body=sent.body, status=sent.status, headers=headers)
        if "Content-Length" in headers or "Content-Encoding" in headers:
            response.enable_chunked_encoding() if "Content-Encoding" in headers else response.force_close()
        return response


def sound(asked: dict[str, Any], question: int) -> dict[str, Any]:
    """Return what OpenAI's API answers."""
    words = ["It", " is", f" {question}", ".\n", "The answer is", f" {question + 2}"]
    choices: list[dict[str, Any]] = []
    for index in range(asked.get("n", 1)):
        choice: dict[str, Any] = {"index": index, "finish_reason": "stop"}
        if "prompt" in asked:
            tops = [{word: -0.25, f"{word}s": -2.5} for word in words]
            logprobs: dict[str, Any] = {"tokens": words, "token_logprobs": [-0.25] * len(words), "top_logprobs": tops}
            choice |= {"text": "".join(words), "logprobs": logprobs}
        else:
            content = [
                {"token": word, "logprob": -0.25, "bytes": list(word.encode()),
                 "top_logprobs": [{"token": word, "logprob": -0.25, "bytes": list(word.encode())}]}
                for word in words
            ]  # fmt: skip
            choice |= {"message": {"role": "assistant", "content": "".join(words)}, "logprobs": {"content": content}}
        choices.append(choice)
    usage = {"prompt_tokens": 12, "completion_tokens": 6 * len(choices), "total_tokens": 12 + 6 * len(choices)}
    return {"id": "x", "object": "completion", "model": "m", "choices": choices, "usage": usage}


def damaged(rng: Random, api: str) -> tuple[str, Sent]:
    """Return what was done, and a damaged answer."""
    body = sound({"prompt": "", "n": 2} if api == "completions" else {"n": 2}, 1)
    match rng.choice(("value", "value", "value", "bytes", "error", "status", "header", "two")):
        case "bytes":
            what, content = mutate_bytes(rng, json.dumps(body).encode())
            return what, Sent(content)
        case "error":
            error = {"error": {"message": "no", "type": "invalid_request_error", "code": "x", "param": None}}
            what, tree = mutate_tree(rng, error)
            status = rng.choice(STATUSES[6:])
            return f"error {status}: {what}", Sent(_json(tree), status)
        case "status":
            status = rng.choice(STATUSES)
            return f"status {status}", Sent(json.dumps(body).encode() if status not in (204, 304) else b"", status)
        case "header":
            header, status = rng.choice(HEADERS), rng.choice((200, 200, 307, 429, 500))
            return f"{status} with {header}", Sent(json.dumps(body).encode(), status, dict(header))
        case "two":
            first, tree = mutate_tree(rng, body)
            second, tree = mutate_tree(rng, tree)
            return f"{first}; {second}", Sent(_json(tree))
    what, tree = mutate_tree(rng, body)
    return what, Sent(_json(tree))


def _json(tree: Any) -> bytes:
    return json.dumps(tree).encode("utf-8", "surrogatepass")


@contextmanager
def serving(provider: Provider) -> Iterator[None]:
    """Serve it on a free port, from a thread."""
    loop = asyncio.new_event_loop()
    app = web.Application()
    app.add_routes([web.post("/{tail:.*}", provider.answer)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    loop.run_until_complete(runner.setup())
    loop.run_until_complete(web.TCPSite(runner, "127.0.0.1", 0).start())
    provider.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def try_answers(folder: Path, count: int, seed: int, verbose: bool = False) -> Tally:
    """Send `count` damaged answers."""
    import httpx2  # noqa: F401  once, not in every child
    import openai  # noqa: F401

    rng, tally, provider = Random(seed), Tally(), Provider()
    sys.set_int_max_str_digits(0)
    with run.inside(folder), serving(provider):
        problems = [
            Problem(id=f"p/{n}", dataset="d", question=f"What is {n} + 2?", answer=str(n + 2), kind="number")
            for n in range(QUESTIONS)
        ]
        write_records(Path("train.jsonl"), problems)
        for number in range(count):
            api = ("completions", "chat")[number % 2]
            command = _command(api, provider.url, number)
            what, sent = damaged(rng, api)
            hit = rng.randrange(QUESTIONS)
            provider.damaged, provider.asked = {hit: sent}, []
            outcome = attempt(partial(run.call, command), seconds=30)
            first = list(provider.asked)
            provider.damaged, provider.asked = {}, []
            again = attempt(partial(run.call, command), seconds=30)
            faults = [f"afterwards: {fault}" for fault in again.faults()]
            faults += [f"afterwards: {again.said[-300:]}"] if again.status else []
            # Requests go out one at a time and in order: all before the damaged one were answered and kept.
            faults += [f"question {one} was paid twice" for one in set(first) & set(provider.asked) - {hit}]
            tally.add(api, what, outcome, *faults)
            if verbose:
                print(f"{number} {outcome.status} {again.status} {api}: {what}\n    {outcome.said[-500:]}", flush=True)
    return tally


def _command(api: str, url: str, number: int) -> tuple[str, ...]:
    params = {"mode": "online", "base_url": url, "api": api, "model": f"m{number}", "samples": 2, "top_k": 2}
    recipe = Recipe(
        phase="teacher", name="teacher", params={**params, "key_variable": None}, code="", rules="", files={}
    )
    write_text(Path("teacher.json"), recipe_text(recipe))
    return (
        "teacher", "sample", "--recipe", "teacher.json", "--limits", json.dumps(LIMITS), "--problems", "train.jsonl",
        "--output", f"out{number}/part-00000.parquet",
    )  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=250)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verbose", action="store_true", help="print what each mutation led to")
    args = parser.parse_args(argv)
    with TemporaryDirectory() as folder:
        tally = try_answers(Path(folder), args.count, args.seed, args.verbose)
    print("\n".join(tally.lines()))
    return bool(tally.failures)


if __name__ == "__main__":
    sys.exit(main())
