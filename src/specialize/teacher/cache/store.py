"""The request cache: completions are observations, paid once and kept for ever (docs/decisions/0012).

One SQLite file (WAL) with one row per request key, sample, bound on length and whether log-probabilities that were
asked for came. The content is the zstd-compressed JSON of what the server sent for that choice, so that a better parser
can be run later. Rows are added, never changed. Several processes may write. API keys and headers never come here.
"""

import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from specialize.core.errors import SpecializeError
from specialize.teacher.api.responses import Answer, length_of, read_answer, reason_of

FILE = "completions.sqlite3"
BUSY_S = 60.0
"""How long to wait for another process that is writing."""

_TABLES = """
CREATE TABLE IF NOT EXISTS completions (
  request_key BLOB NOT NULL, sample INTEGER NOT NULL, max_tokens INTEGER NOT NULL, bare INTEGER NOT NULL,
  model TEXT NOT NULL, finish_reason TEXT, completion_tokens INTEGER,
  billed_prompt REAL NOT NULL, billed_completion REAL NOT NULL,
  added INTEGER NOT NULL, size INTEGER NOT NULL, content BLOB NOT NULL,
  PRIMARY KEY (request_key, sample, max_tokens, bare)
);
CREATE TABLE IF NOT EXISTS files (sha256 TEXT PRIMARY KEY);
"""
# What was asked with another bound on length is as good where the bound played no part.
_FITS = """
  request_key = :key AND sample < :samples AND bare <= :bare AND (max_tokens = :limit OR
  (finish_reason IS NOT 'length' AND (max_tokens < :limit OR completion_tokens <= :limit)))
  ORDER BY sample, bare, max_tokens <> :limit, max_tokens
"""


class CacheError(SpecializeError):
    """The cache cannot be read or written."""


@dataclass(frozen=True)
class Row:
    """One cached completion."""

    key: str
    sample: int
    max_tokens: int
    model: str
    choice: Mapping[str, Any]
    """As the server sent it."""
    response: Mapping[str, Any]
    """What the server said of all choices of the response: id, model, usage, …"""
    choices: int = 1
    """How many choices the response held: they share what the prompt cost."""
    bare: bool = False
    """Whether log-probabilities were asked for and did not come."""

    @property
    def usage(self) -> Mapping[str, Any]:
        usage = self.response.get("usage")
        return usage if isinstance(usage, Mapping) else {}

    def answer(self) -> Answer:
        """Parse what the server sent."""
        return read_answer(self.choice, self.usage, self.choices)

    def billed(self, name: str) -> float:
        """Return this row's share of `prompt_tokens` or `completion_tokens`; 0 where the server told no usage."""
        count = self.usage.get(name)
        return count / self.choices if isinstance(count, int | float) else 0.0


@dataclass(frozen=True)
class Held:
    """What the cache holds of one request: the samples, and the tokens that they were billed for."""

    samples: frozenset[int]
    billed_prompt: float
    billed_completion: float
    requests_without_usage: float
    """Requests, or shares of them, whose cost the server did not tell."""
    samples_without_usage: int


def cache_folder() -> Path:
    """Return SPECIALIZE_CACHE, else the platform's folder for caches of the user."""
    import platformdirs

    named = os.environ.get("SPECIALIZE_CACHE")
    return Path(named).expanduser() if named else platformdirs.user_cache_path("specialize")


class Cache:
    """The completions of one SQLite file. `samples`, `limit` and `bare` below are those of the run that asks."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.connection, self.path = connection, path

    def lock_file(self, work: str) -> Path:
        """Return the file whose lock a process holds while it does `work` for this cache."""
        return self.path.with_suffix(f".{work}-lock")

    def held(self, key: str, samples: int, limit: int, bare: bool) -> Held:
        """Return which of a request's first `samples` samples are there."""
        found: dict[int, tuple[float, float]] = {}
        query = f"SELECT sample, billed_prompt, billed_completion FROM completions WHERE {_FITS}"
        for sample, prompt, completion in self.connection.execute(query, _wanted(key, samples, limit, bare)):
            found.setdefault(sample, (prompt, completion))
        told = [pair for pair in found.values() if pair[0] >= 0]
        untold = [-pair[0] for pair in found.values() if pair[0] < 0]
        billed = sum(pair[0] for pair in told), sum(pair[1] for pair in told)
        return Held(frozenset(found), *billed, sum(untold), len(untold))

    def read(self, key: str, samples: int, limit: int, bare: bool) -> Iterator[Row]:
        """Yield a request's rows in the order of their samples, one each."""
        query = f"SELECT request_key, sample, max_tokens, model, bare, size, content FROM completions WHERE {_FITS}"
        last = -1
        for row in self.connection.execute(query, _wanted(key, samples, limit, bare)):
            if row[1] != last:
                yield _row(*row)
            last = row[1]

    def add(self, rows: Iterable[Row]) -> int:
        """Keep rows, all or none; on return they survive the death of this process. Return how many were new."""
        now = int(time.time())
        before = self.connection.total_changes
        with self.connection:
            self.connection.executemany(
                "INSERT OR IGNORE INTO completions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [_stored(row, now) for row in rows],
            )
        return self.connection.total_changes - before

    def has_file(self, sha256: str) -> bool:
        """Whether all rows of a file with this content are here."""
        return self.connection.execute("SELECT 1 FROM files WHERE sha256 = ?", (sha256,)).fetchone() is not None

    def mark_file(self, sha256: str) -> None:
        """Note that all rows of a file are here: it was written from here, or read."""
        with self.connection:
            self.connection.execute("INSERT OR IGNORE INTO files VALUES (?)", (sha256,))

    def everything(self, model: str | None = None) -> Iterator[Row]:
        """Yield all rows, or those of one model, sorted."""
        query = (
            "SELECT request_key, sample, max_tokens, model, bare, size, content FROM completions"
            " WHERE model = :model OR :model IS NULL ORDER BY request_key, sample, max_tokens, bare"
        )
        for row in self.connection.execute(query, {"model": model}):
            yield _row(*row)


@contextmanager
def open_cache(folder: Path) -> Iterator[Cache]:
    """Open the cache in `folder`, made where there is none. SQLite's errors end in one line."""
    path = folder / FILE
    hint = "Move it away and refill: python -m specialize.teacher cache import results/completions/*.parquet"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=BUSY_S)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.executescript(_TABLES)
            yield Cache(connection, path)
    except sqlite3.OperationalError as error:
        raise CacheError(f"{path}: {error}. Is the disk full, or the folder not writable?") from None
    except (sqlite3.DatabaseError, FileExistsError) as error:
        raise CacheError(f"{path}: expected a cache of completions, got: {error}. {hint}") from None


def _wanted(key: str, samples: int, limit: int, bare: bool) -> dict[str, Any]:
    return {"key": bytes.fromhex(key), "samples": samples, "limit": limit, "bare": int(bare)}


def _stored(row: Row, now: int) -> tuple[Any, ...]:
    content = {"choice": row.choice, "response": row.response, "choices": row.choices}
    # Surrogates that a server sent as escapes stay escapes.
    raw = json.dumps(content, separators=(",", ":")).encode("ascii")
    return (
        *(bytes.fromhex(row.key), row.sample, row.max_tokens, int(row.bare), row.model),
        *(reason_of(row.choice), length_of(row.choice, row.usage, row.choices)),
        *_billed(row),
        *(now, len(raw), pa.compress(raw, codec="zstd", asbytes=True)),
    )


def _billed(row: Row) -> tuple[float, float]:
    """Return the row's share of prompt and completion tokens; negative, its share of a request whose cost was not told.

    What the provider's filter turned away came with no response, and cost nothing.
    """
    if row.response and not all(
        isinstance(row.usage.get(name), int) for name in ("prompt_tokens", "completion_tokens")
    ):
        return -1 / row.choices, 0.0
    return row.billed("prompt_tokens"), row.billed("completion_tokens")


def _row(key: bytes, sample: int, limit: int, model: str, bare: int, size: int, content: bytes) -> Row:
    try:
        value = json.loads(pa.decompress(content, decompressed_size=size, codec="zstd", asbytes=True))
        return Row(key.hex(), sample, limit, model, value["choice"], value["response"], value["choices"], bool(bare))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CacheError(f"request {key.hex()[:12]}…, sample {sample}: damaged content ({error})") from None
