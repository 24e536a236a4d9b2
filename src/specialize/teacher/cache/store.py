"""The request cache: completions are observations, paid once and kept for ever (docs/decisions/0012).

One SQLite file (WAL) with one row per request key, sample, bound on length and whether log-probabilities that were
asked for came. The content is the zstd-compressed JSON of what the server sent for that choice, so that a better parser
can be run later. Rows are added, never changed. Several processes may write. API keys and headers never come here.
"""

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from specialize.core.log import get_logger
from specialize.teacher.api.finish_reason import CUT, FINAL, REFUSED
from specialize.teacher.cache.row import CacheError, Row, decode, encode

LOG = get_logger("teacher")
FILE = "completions.sqlite3"
BUSY_S = 60.0
"""How long to wait for another process that is writing."""

_TABLES = """
CREATE TABLE IF NOT EXISTS completions (
  request_key BLOB NOT NULL, sample INTEGER NOT NULL, max_tokens INTEGER NOT NULL, bare INTEGER NOT NULL,
  model TEXT NOT NULL, finish_reason TEXT, completion_tokens INTEGER,
  billed_prompt REAL NOT NULL, billed_completion REAL NOT NULL,
  added INTEGER NOT NULL, size INTEGER NOT NULL, content BLOB NOT NULL, digest BLOB,
  PRIMARY KEY (request_key, sample, max_tokens, bare)
);
CREATE TABLE IF NOT EXISTS files (sha256 TEXT PRIMARY KEY);
"""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


# Caches hold rows from before only final answers were kept: fragments there do not count.
_WHOLE = f"(finish_reason IS NULL OR lower(finish_reason) IN ({_listed(FINAL)}))"
# Servers call an answer finished that the bound on length has cut: then it has exactly as many tokens.
_ENDED = (
    f"coalesce(lower(finish_reason), '') NOT IN ({_listed((*CUT, REFUSED))})"
    " AND coalesce(completion_tokens, -1) <> max_tokens"
)
# What was asked with another bound on length is as good where the bound played no part.
_FITS = f"""
  sample < :samples AND bare <= :bare AND {_WHOLE} AND (max_tokens = :limit OR
  ({_ENDED} AND (max_tokens < :limit OR completion_tokens <= :limit)))
"""
_COLUMNS = "request_key, sample, max_tokens, model, bare, size, content, digest"
_INSERT = f"""
INSERT INTO completions VALUES ({", ".join("?" * 13)})
  ON CONFLICT (request_key, sample, max_tokens, bare) DO UPDATE SET
  ({{columns}}) = ({{excluded}}) WHERE NOT {_WHOLE.replace("finish_reason", "completions.finish_reason")}
""".format(
    columns=(
        _SET
        := "model, finish_reason, completion_tokens, billed_prompt, billed_completion, added, size, content, digest"
    ),
    excluded=", ".join(f"excluded.{name}" for name in _SET.split(", ")),
)


@dataclass(frozen=True)
class Query:
    """What a run wants of one request."""

    keys: tuple[str, ...]
    """Its key, then those of requests whose answers hold all of its."""
    samples: int
    """So many, from the first."""
    limit: int
    """The bound on length."""
    bare: bool
    """Whether rows without the log-probabilities that were asked for will do."""

    def values(self, key: str) -> dict[str, Any]:
        """Return the values of the SQL for one of the keys."""
        limit, bare = self.limit, int(self.bare)
        return {"key": bytes.fromhex(key), "samples": self.samples, "limit": limit, "bare": bare}


@dataclass(frozen=True)
class Held:
    """What the cache holds of one request: the samples, and the tokens that they were billed for."""

    samples: frozenset[int]
    billed_prompt: float
    billed_completion: float
    requests_without_usage: float
    """Requests, or shares of them, whose response had no usage."""
    samples_without_usage: int


def cache_folder() -> Path:
    """Return SPECIALIZE_CACHE, else the platform's folder for caches of the user."""
    import platformdirs

    named = os.environ.get("SPECIALIZE_CACHE")
    return Path(named).expanduser() if named else platformdirs.user_cache_path("specialize")


class Cache:
    """The completions of one SQLite file."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.connection, self.path = connection, path

    def lock_file(self, work: str) -> Path:
        """Return the file whose lock a process holds while it does `work` for this cache."""
        return self.path.with_suffix(f".{work}-lock")

    def complete(self, query: Query) -> bool:
        """Whether every sample is there under the first key."""
        count = f"SELECT count(DISTINCT sample) FROM completions WHERE request_key = :key AND {_FITS}"
        (found,) = self.connection.execute(count, query.values(query.keys[0])).fetchone()
        return bool(found == query.samples)

    def held(self, query: Query) -> Held:
        """Return which of a request's first samples are there."""
        found: dict[int, tuple[float, float]] = {}
        for sample, (prompt, completion) in self._best(query, "billed_prompt, billed_completion"):
            found[sample] = (prompt, completion)
        with_usage = [pair for pair in found.values() if pair[0] >= 0]
        without = [-pair[0] for pair in found.values() if pair[0] < 0]
        billed = sum(pair[0] for pair in with_usage), sum(pair[1] for pair in with_usage)
        return Held(frozenset(found), *billed, sum(without), len(without))

    def read(self, query: Query) -> Iterator[Row]:
        """Yield a request's rows in the order of their samples, one each."""
        for _, columns in self._best(query, _COLUMNS):
            yield decode(*columns)

    def _best(self, query: Query, columns: str) -> list[tuple[int, tuple[Any, ...]]]:
        """Return the columns of the row that fits best, for each sample in order."""
        select = (
            f"SELECT sample, {columns} FROM completions WHERE request_key = :key AND {_FITS}"
            " ORDER BY sample, bare, max_tokens <> :limit, max_tokens"
        )
        found: dict[int, tuple[Any, ...]] = {}
        for key in query.keys:
            if len(found) == query.samples:
                break
            for sample, *values in self.connection.execute(select, query.values(key)):
                found.setdefault(sample, tuple(values))
        return sorted(found.items())

    def add(self, rows: Iterable[Row]) -> int:
        """Keep rows, all or none; on return they survive the death of this process. Return how many were new."""
        now = int(time.time())
        before = self.connection.total_changes
        with self.connection:
            self.connection.executemany(
                _INSERT,
                [encode(row, now) for row in rows],
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
        """Yield all rows, or those of one model, sorted. Raises CacheError for a damaged one."""
        for columns in self._all(model, _COLUMNS):
            yield decode(*columns)

    def salvaged(self, model: str | None = None) -> Iterator[Row]:
        """Yield what can be read of all rows, or of those of one model; what cannot is logged."""
        for columns in self._all(model, _COLUMNS):
            try:
                yield decode(*columns)
            except CacheError as error:
                LOG.warning("left out: %s", error)

    def verified(self) -> Iterator[tuple[Row, str | None, bool]]:
        """Yield each row with the name of a column that disagrees with its content (None: all agree), and whether it
        has a digest. Raises CacheError for damaged content."""
        derived = ("finish_reason", "completion_tokens", "billed_prompt", "billed_completion")
        for *columns, reason, tokens, prompt, completion in self._all(None, f"{_COLUMNS}, {', '.join(derived)}"):
            row = decode(*columns)
            expected = encode(row, 0)[5:9]
            has_digest = columns[-1] is not None
            found = (reason, tokens, prompt, completion)
            wrong = [name for name, a, b in zip(derived, expected, found, strict=True) if a != b]
            # Older versions derived these columns otherwise, and wrote no digest.
            yield row, wrong[0] if wrong and has_digest else None, has_digest

    def _all(self, model: str | None, columns: str) -> Iterator[tuple[Any, ...]]:
        query = (
            f"SELECT {columns} FROM completions WHERE model = :model OR :model IS NULL"
            " ORDER BY request_key, sample, max_tokens, bare"
        )
        with closing(self.connection.execute(query, {"model": model})) as cursor:
            yield from cursor


@contextmanager
def open_cache(folder: Path, paid: bool = True) -> Iterator[Cache]:
    """Open the cache in `folder`, made where there is none. SQLite's errors end in one line.

    `paid`: its rows cost money, so each is written through to the disk before it counts, and a power cut loses none.
    """
    path = folder / FILE
    hint = "Move it away and refill: python -m specialize.teacher cache import results/completions/*.parquet"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=BUSY_S, check_same_thread=False)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {'FULL' if paid else 'NORMAL'}")
            connection.executescript(_TABLES)
            if "digest" not in (column[1] for column in connection.execute("PRAGMA table_info(completions)")):
                connection.execute("ALTER TABLE completions ADD COLUMN digest BLOB")  # a cache from before digests
            yield Cache(connection, path)
    except sqlite3.OperationalError as error:
        raise CacheError(f"{path}: {error}. Is the disk full, or the folder not writable?") from None
    except (sqlite3.DatabaseError, FileExistsError, SystemError) as error:
        raise CacheError(f"{path}: expected a cache of completions, got: {error}. {hint}") from None
