"""OpenAI's Files and Batch APIs as far as we use them, over the local teacher; counts what is paid for."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from specialize.teacher.simulated.teacher import Teacher

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class BatchServer:
    """Files and batches in memory. A batch ends at its second look; `odd` lines of the first batch go wrong."""

    def __init__(
        self, teacher: Teacher, odd: dict[int, dict[str, Any]] | None = None, status: str | list[str] = "completed"
    ) -> None:
        self.teacher, self.odd, self.status = teacher, odd or {}, status
        self.files: dict[str, str] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.looks: dict[str, int] = {}
        self.choices = self.uploads = 0
        self.refuse: dict[str, list[web.Response]] = {}
        """Name of a route → what it answers first, before it works as it should."""

    def app(self) -> web.Application:
        app = web.Application(client_max_size=2**28)
        app.add_routes(
            [
                web.post("/v1/files", self._or_refused("upload", self._upload)),
                web.get("/v1/files/{id}/content", self._or_refused("content", self._content)),
                web.post("/v1/batches", self._or_refused("create", self._create)),
                web.get("/v1/batches", self._or_refused("list", self._list)),
                web.get("/v1/batches/{id}", self._or_refused("retrieve", self._retrieve)),
            ]
        )
        return app

    def _or_refused(self, name: str, handler: Handler) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            return self.refuse[name].pop(0) if self.refuse.get(name) else await handler(request)

        return handle

    async def _upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert form["purpose"] == "batch"
        self.uploads += 1
        name = f"file-{len(self.files)}"
        self.files[name] = form["file"].file.read().decode()  # type: ignore[union-attr]
        facts = {"id": name, "object": "file", "bytes": 1, "created_at": 1, "filename": "x", "purpose": "batch"}
        return web.json_response({**facts, "status": "processed"})

    async def _content(self, request: web.Request) -> web.Response:
        return web.Response(text=self.files[request.match_info["id"]])

    async def _create(self, request: web.Request) -> web.Response:
        asked = await request.json()
        name = f"batch-{len(self.batches)}"
        facts = {"id": name, "object": "batch", "created_at": 1, "status": "in_progress"}
        self.batches[name] = {**facts, **asked}
        return web.json_response(self.batches[name])

    async def _list(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": list(self.batches.values()), "has_more": False})

    async def _retrieve(self, request: web.Request) -> web.Response:
        batch = self.batches[request.match_info["id"]]
        self.looks[batch["id"]] = self.looks.get(batch["id"], 0) + 1
        if self.looks[batch["id"]] == 2:
            self._work(batch)
        return web.json_response(batch)

    def _work(self, batch: dict[str, Any]) -> None:
        good, bad = [], []
        odd, self.odd = self.odd, {}
        for number, text in enumerate(self.files[batch["input_file_id"]].splitlines()):
            line = json.loads(text)
            facts = {"id": f"r{number}", "custom_id": line["custom_id"], "error": None}
            if number in odd:
                bad.append({**facts, **odd[number]})
                continue
            assert line["url"] == batch["endpoint"] and line["method"] == "POST"
            answer = self.teacher.complete if line["url"].endswith("/v1/completions") else self.teacher.chat
            body = answer(line["body"])
            self.choices += len(body["choices"])
            good.append({**facts, "response": {"status_code": 200, "request_id": "x", "body": body}})
        good.reverse()  # the order of lines is not promised
        for kind, lines in (("output", good), ("error", bad)):
            if lines:
                self.files[f"{kind}-{batch['id']}"] = "".join(
                    json.dumps(line, ensure_ascii=False) + "\n" for line in lines
                )
                batch[f"{kind}_file_id"] = f"{kind}-{batch['id']}"
        batch["status"] = self.status if isinstance(self.status, str) else self.status.pop(0)
        if batch["status"] == "token_limit_exceeded":
            error = {"code": "token_limit_exceeded", "message": "Enqueued token limit reached. Please try again."}
            batch |= {"status": "failed", "errors": {"object": "list", "data": [error]}}
            batch.pop("output_file_id", None)
