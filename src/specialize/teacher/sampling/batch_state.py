"""Where each batch stands, in the cache's own file: written, uploaded, submitted, collected."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from specialize.core.files import write_text
from specialize.teacher.cache.store import Cache
from specialize.teacher.sampling.pending_request import PendingRequest

_TABLES = """
CREATE TABLE IF NOT EXISTS batches (
  name TEXT PRIMARY KEY, base_url TEXT NOT NULL, path TEXT NOT NULL, requests INTEGER NOT NULL,
  file_id TEXT, batch_id TEXT, collected INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS batch_lines (
  name TEXT NOT NULL, line INTEGER NOT NULL, request_key TEXT NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL,
  model TEXT NOT NULL, max_tokens INTEGER NOT NULL, top_k INTEGER NOT NULL, PRIMARY KEY (name, line)
);
"""


@dataclass(frozen=True)
class Batch:
    """One file of requests on its way."""

    name: str
    path: str
    """Of the API, without what the provider wants before it."""
    requests: int
    file_id: str | None
    batch_id: str | None


class BatchState:
    """The batches of a cache that are not collected yet."""

    def __init__(self, cache: Cache) -> None:
        self.connection, self.folder = cache.connection, cache.path.parent / "batches"
        self.connection.executescript(_TABLES)

    def open(self, base_url: str | None = None) -> list[Batch]:
        """Return the batches of a provider (None: of all) that are not collected."""
        rows = self.connection.execute(
            "SELECT name, path, requests, file_id, batch_id FROM batches"
            " WHERE (base_url = :url OR :url IS NULL) AND NOT collected ORDER BY rowid",
            {"url": base_url},
        )
        return [Batch(*row) for row in rows.fetchall()]

    def write(self, base_url: str, path: str, lines: Sequence[tuple[PendingRequest, str]], prefix: str = "/v1") -> None:
        """Write a file of requests (what is asked, the body in JSON), then note it. prefix: before `path`, as the
        provider's batches want it."""
        name = uuid.uuid4().hex
        text = "".join(
            f'{{"custom_id":"{number}","method":"POST","url":"{prefix}{path}","body":{body}}}\n'
            for number, (_, body) in enumerate(lines)
        )
        write_text(self.folder / f"{name}.jsonl", text)
        with self.connection:
            self.connection.execute(
                "INSERT INTO batches (name, base_url, path, requests) VALUES (?, ?, ?, ?)",
                (name, base_url, path, len(lines)),
            )
            self.connection.executemany(
                "INSERT INTO batch_lines VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (name, number, a.key, a.first, a.count, a.model, a.max_tokens, a.top_k)
                    for number, (a, _) in enumerate(lines)
                ],
            )

    def file(self, batch: Batch) -> Path:
        """Return the file of requests."""
        return self.folder / f"{batch.name}.jsonl"

    def uploaded(self, batch: Batch, file_id: str) -> Batch:
        """Note the provider's id of the file."""
        with self.connection:
            self.connection.execute("UPDATE batches SET file_id = ? WHERE name = ?", (file_id, batch.name))
        return replace(batch, file_id=file_id)

    def submitted(self, batch: Batch, batch_id: str) -> Batch:
        """Note the provider's id of the batch."""
        with self.connection:
            self.connection.execute("UPDATE batches SET batch_id = ? WHERE name = ?", (batch_id, batch.name))
        return replace(batch, batch_id=batch_id)

    def unsubmitted(self, batch: Batch) -> None:
        """Note that the provider did not take the batch: the same file is to be submitted later."""
        with self.connection:
            self.connection.execute("UPDATE batches SET batch_id = NULL WHERE name = ?", (batch.name,))

    def pending(self, batch: Batch, line: int) -> PendingRequest:
        """Return the request of a line of the file. Raises KeyError."""
        row = self.connection.execute(
            "SELECT request_key, first, count, model, max_tokens, top_k FROM batch_lines WHERE name = ? AND line = ?",
            (batch.name, line),
        ).fetchone()
        if row is None:
            raise KeyError(line)
        return PendingRequest(*row)

    def forget(self, batch: Batch) -> None:
        """Note that a batch is done with: what it brought is in the cache, or it brings nothing any more."""
        with self.connection:
            self.connection.execute("UPDATE batches SET collected = 1 WHERE name = ?", (batch.name,))
            self.connection.execute("DELETE FROM batch_lines WHERE name = ?", (batch.name,))
        self.file(batch).unlink(missing_ok=True)
