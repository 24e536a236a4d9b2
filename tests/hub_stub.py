"""The parts of the Hugging Face Hub that take an upload and tell of a model, on loopback."""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import MappingProxyType
from typing import Any


@contextmanager
def hub(
    token: str, models: Mapping[str, tuple[str, int]] = MappingProxyType({})
) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Serve; yield the endpoint and what was committed: path in the repository → bytes. Another token is refused.

    models: id → commit and number of weights of what is already there.
    """
    objects: dict[str, bytes] = {}
    received: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *arguments: Any) -> None:
            pass

        def answer(self, value: Any, status: int = 200) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def do_GET(self) -> None:
            name = self.path.removeprefix("/api/models/").partition("?")[0]
            if self.path.startswith("/api/models/") and name in models:
                sha, weights = models[name]
                parts = {"parameters": {"BF16": weights}, "total": weights}
                return self.answer({"id": name, "modelId": name, "sha": sha, "safetensors": parts})
            self.answer({"error": "not found"}, 404)

        do_HEAD = do_GET  # noqa: N815

        def do_PUT(self) -> None:
            objects[self.path.rpartition("/")[2]] = self.body()
            self.answer({})

        def do_POST(self) -> None:
            body = self.body()
            if self.headers.get("Authorization") != f"Bearer {token}":
                return self.answer({"error": "Invalid credentials"}, 401)
            if self.path == "/api/repos/create":
                self.answer({"url": f"{url}/{json.loads(body)['organization']}/{json.loads(body)['name']}"})
            elif self.path == "/api/validate-yaml":
                self.answer({"errors": [], "warnings": []})
            elif "/preupload/" in self.path:
                files = [
                    {
                        "path": file["path"],
                        "uploadMode": "lfs" if file["path"].endswith(".safetensors") else "regular",
                        "shouldIgnore": False,
                    }
                    for file in json.loads(body)["files"]
                ]
                self.answer({"files": files})
            elif self.path.endswith("/objects/batch"):
                asked = json.loads(body)["objects"]
                made = [one | {"actions": {"upload": {"href": f"{url}/lfs/{one['oid']}"}}} for one in asked]
                self.answer({"transfer": "basic", "objects": made})
            elif "/commit/" in self.path:
                for line in map(json.loads, body.splitlines()):
                    value = line["value"]
                    if line["key"] == "file":
                        received[value["path"]] = base64.b64decode(value["content"])
                    elif line["key"] == "lfsFile":
                        received[value["path"]] = objects[value["oid"]]
                repository = self.path.removeprefix("/api/models/").partition("/commit/")[0]
                self.answer({"success": True, "commitOid": "abc", "commitUrl": f"{url}/{repository}/commit/abc"})
            else:
                self.answer({"error": self.path}, 404)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield url, received
    finally:
        server.shutdown()
        server.server_close()
