"""A provider that behaves as it is told to: what it sends is a function of the request and its number."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from aiohttp import web
from stub_server import serving

from specialize.core.files import write_records, write_text
from specialize.lineage.recipe import recipe_text
from specialize.records.problems import Problem
from specialize.records.recipes import Recipe
from specialize.teacher.__main__ import main

Json = dict[str, Any]
PRICES = {"prompt": 1.0, "completion": 1.0}


@dataclass
class Reply:
    """What is sent back: JSON, or bytes as they are."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Behaviour = Callable[[Json, int], Reply]


@dataclass
class Provider:
    """The stub. `requests`: decoded bodies in the order in which they came; `choices`: all that a provider bills."""

    behaviour: Behaviour
    requests: list[Json] = field(default_factory=list)
    seen: list[web.Request] = field(default_factory=list)
    choices: int = 0

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes([web.post("/v1/{tail:.*}", self._answer), web.post("/{tail:.*}", self._answer)])
        return app

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        number = len(self.requests)
        self.requests.append(asked)
        self.seen.append(request)
        reply = self.behaviour(asked, number)
        if isinstance(reply.body, dict):
            self.choices += len(reply.body.get("choices") or [])
        data = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        kind = {} if "Content-Type" in reply.headers else {"content_type": "application/json"}
        return web.Response(body=data, status=reply.status, headers=reply.headers, **kind)  # type: ignore[arg-type]


def text_of(asked: Json, sample: int) -> str:
    """Return a readable answer that differs between samples and questions."""
    return f"It is {question_of(asked)} + 2 in step {sample}.\nThe answer is {question_of(asked) + 2}"


def question_of(asked: Json) -> int:
    """Return the number that a request's question is about."""
    text = asked["prompt"] if "prompt" in asked else asked["messages"][-1]["content"]
    return int(text.split("What is ")[1].split(" ")[0])


def good(asked: Json, number: int = 0, **changes: Any) -> Reply:
    """Answer as OpenAI does; `changes` go into each choice, `usage` into the response."""
    usage = changes.pop("usage", None)
    choices = []
    for at in range(asked.get("n", 1)):
        text = text_of(asked, asked.get("seed", 100 * number) + at)
        said = {"text": text} if "prompt" in asked else {"message": {"role": "assistant", "content": text}}
        choices.append({"index": at, "finish_reason": "stop", "logprobs": None, **said, **changes})
    counts = {"prompt_tokens": 20, "completion_tokens": 10 * len(choices), "total_tokens": 20 + 10 * len(choices)}
    return Reply({"id": "x", "choices": choices, "usage": counts if usage is None else usage})


def error(status: int, message: str = "no", headers: dict[str, str] | None = None, **fields: Any) -> Reply:
    """Answer with an error of OpenAI's shape."""
    return Reply({"error": {"message": message, **fields}}, status, headers or {})


@dataclass
class Outcome:
    """What a run left behind."""

    status: int
    said: str
    summary: Json
    rows: list[Json]


@dataclass
class Project:
    """A folder with problems, a cache and a provider."""

    folder: Path
    capsys: pytest.CaptureFixture[str]
    url: str = ""

    def run(self, *arguments: str, questions: list[int] | None = None, **params: Any) -> Outcome:
        """Run `sample` and return what it left."""
        limits = {"backoff_s": 0.002, "concurrency": 4, "samples_per_request": 4, **params.pop("limits", {})}
        settings = {"mode": "online", "base_url": self.url, "api": "chat", "top_k": 0, "samples": 2, **params}
        wanted = range(6) if questions is None else questions
        given = settings.pop("problem", {})
        problems = [
            Problem.model_validate(
                {
                    "id": f"p/{at}",
                    "dataset": "d",
                    "question": f"What is {n} + 2?",
                    "answer": str(n + 2),
                    "kind": "number",
                }
                | given
            )
            for at, n in enumerate(wanted)
        ]
        write_records(self.folder / "problems.jsonl", problems)
        recipe = Recipe(phase="teacher", name="teacher", params=settings, code="", rules="", files={})
        write_text(self.folder / "teacher.json", recipe_text(recipe))
        output = self.folder / "out" / "part-00000.parquet"
        command = ["sample", "--recipe", str(self.folder / "teacher.json"), "--limits", json.dumps(limits)]
        command += ["--problems", str(self.folder / "problems.jsonl"), "--output", str(output), *arguments]
        status = main(command)
        captured = self.capsys.readouterr()
        summary = json.loads((output.parent / "sampling.json").read_text()) if status == 0 and not arguments else {}
        rows = pq.read_table(output).to_pylist() if summary else []
        return Outcome(status, captured.out + captured.err, summary, rows)

    def cache(self, *arguments: str) -> str:
        """Run a verb of `cache` and return what it said."""
        main(["cache", *arguments])
        captured = self.capsys.readouterr()
        return captured.out + captured.err


@contextmanager
def provided(project: Project, behaviour: Behaviour) -> Iterator[Provider]:
    """Serve a behaviour as the project's provider."""
    provider = Provider(behaviour)
    with serving(provider.app()) as url:
        project.url = url
        yield provider


def run(project: Project, behaviour: Behaviour, **params: Any) -> tuple[Outcome, Provider]:
    """Sample once from a provider that behaves so."""
    with provided(project, behaviour) as provider:
        return project.run(**params), provider


def of_one(question: int, odd: Callable[[Json], Reply]) -> Behaviour:
    """Answer one question oddly each time, the others well."""
    return lambda asked, number: odd(asked) if question_of(asked) == question else good(asked, number)
