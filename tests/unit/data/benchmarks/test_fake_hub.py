"""The whole road to the Hub: the door in a process of its own, against a Hub of our own on loopback."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import pytest
from small_sources import json_lines

from specialize.core.files import read_json, read_records
from specialize.lineage.recipe import recipe_text
from specialize.records.problems import Problem
from specialize.records.recipes import Recipe

REPOSITORY = "someone/sums"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
SUMS = [{"query": f"What is {n} and 2?", "answer": f"{n} + 2 = {n + 2}\n#### {n + 2}"} for n in range(6)]
FILES = {
    "README.md": b"---\nconfigs:\n- config_name: main\n  data_files:\n  - split: train\n    path: main/train.jsonl\n  - split: test\n    path: main/test.jsonl\n---\n",
    "main/train.jsonl": json_lines(SUMS[:4]).encode(),
    "main/test.jsonl": json_lines(SUMS[4:]).encode(),
}


class FakeHub(ThreadingHTTPServer):
    """Serves one dataset repository at one commit, and keeps the paths that were asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._serve()

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _serve(self, body: bytes = b"") -> None:
        path = unquote(urlsplit(self.path).path)
        cast(FakeHub, self.server).asked.append(f"{self.command} {path}")
        api, files = f"/api/datasets/{REPOSITORY}", f"/datasets/{REPOSITORY}/resolve/"
        if path in (api, f"{api}/revision/main", f"{api}/revision/{COMMIT}"):
            self._json(
                {
                    "id": REPOSITORY,
                    "sha": COMMIT,
                    "private": False,
                    "tags": [],
                    "siblings": [{"rfilename": f} for f in FILES],
                }
            )
        elif path.startswith(f"{api}/tree/{COMMIT}"):
            self._json(self._tree(path.removeprefix(f"{api}/tree/{COMMIT}").strip("/")))
        elif path == f"{api}/paths-info/{COMMIT}":
            wanted = json.loads(body)["paths"]
            self._json([entry for entry in self._tree("") if entry["path"] in wanted])
        elif path.startswith(files) and (name := path.removeprefix(files).split("/", 1)[-1]) in FILES:
            self._send(200, FILES[name], {"ETag": f'"{oid(name)}"', "X-Repo-Commit": COMMIT})
        else:
            self._send(404, b"", {"X-Error-Code": "EntryNotFound" if path.startswith(files) else "RepoNotFound"})

    def _tree(self, folder: str) -> list[dict[str, Any]]:
        entries = [{"type": "file", "path": name, "size": len(FILES[name]), "oid": oid(name)} for name in FILES]
        entries.append({"type": "directory", "path": "main", "oid": "0" * 40})
        return [entry for entry in entries if str(entry["path"]).startswith(folder) and entry["path"] != folder]

    def _json(self, value: object) -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Not onto the test's standard error."""


def oid(name: str) -> str:
    content = FILES[name]
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    server = FakeHub()
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def build(tmp_path: Path, root: Path, endpoint: str, **hub: Any) -> subprocess.CompletedProcess[str]:
    part = {"role": "seed", "hub": {"id": REPOSITORY, "config": "main", "columns": {"question": "query"}, **hub}}
    recipe = Recipe(
        phase="data", name="data", params={"source": "hub", "datasets": {"gsm8k": part}}, code="", rules="", files={}
    )
    (tmp_path / "data.json").write_text(recipe_text(recipe))
    paths = [
        "--recipe",
        tmp_path / "data.json",
        "--exemplars",
        root / "exemplars.jsonl",
        "--output",
        tmp_path / "problems",
    ]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("HF_") and "proxy" not in name.lower()
    }
    environment |= {
        "HF_HUB_OFFLINE": "0",
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_XET": "1",
    }
    return subprocess.run(
        [sys.executable, "-m", "specialize.data", "build", *map(str, paths)],
        env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.mark.parametrize("revision", [COMMIT, None])
def test_reads_a_revision(hub: FakeHub, tmp_path: Path, root: Path, revision: str | None) -> None:
    done = build(tmp_path, root, hub.endpoint, revision=revision)
    assert done.returncode == 0, done.stderr
    assert any(f"/resolve/{COMMIT}/main/train.jsonl" in path for path in hub.asked)
    assert read_json(tmp_path / "problems" / "index.json")["datasets"]["gsm8k"]["splits"] == {
        "train": 4,
        "test": 2,
        "exemplars": 1,
    }
    test = read_records(tmp_path / "problems" / "gsm8k" / "test.jsonl", Problem)
    assert [(p.question, p.answer) for p in test] == [("What is 4 and 2?", "6"), ("What is 5 and 2?", "7")]


def test_what_the_hub_does_not_have_is_one_line(hub: FakeHub, tmp_path: Path, root: Path) -> None:
    done = build(tmp_path, root, hub.endpoint, id="someone/else")
    assert done.returncode == 2
    assert "error: someone/else/main:train: the Hub does not give this dataset: " in done.stderr
    assert "Traceback" not in done.stderr and not (tmp_path / "problems").exists()
