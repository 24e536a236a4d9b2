"""A cache written to files and read back: JSON Lines of its own, or the results' Parquet, which keeps the keys."""

import json
import re
import shutil
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from specialize.core.errors import RecordError
from specialize.core.files import parse_record, read_json, read_rows, replacing, sha256_file
from specialize.core.log import get_logger
from specialize.records.completions import SamplingSettings
from specialize.records.provenance import Provenance
from specialize.teacher.api.finish_reason import FILTERED, REFUSED
from specialize.teacher.api.responses import raw_text
from specialize.teacher.api.usage import LARGEST
from specialize.teacher.cache.recorded_folder import is_recorded
from specialize.teacher.cache.row import Row
from specialize.teacher.cache.store import Cache
from specialize.teacher.completions import read_completions

LOG = get_logger("teacher")
ROWS_AT_ONCE = 1000
SCORED = "scored.parquet"
"""Name of the scored answers of an on-policy round."""
_FIELDS = ("key", "sample", "max_tokens", "model", "choice", "response", "choices", "bare")
_KEY = re.compile("[0-9a-f]{64}")


def export(rows: Iterable[Row], path: Path) -> int:
    """Write rows as JSON Lines, one a line, with what the server sent; return their number."""
    count = 0
    with replacing(path) as temporary, temporary.open("w", encoding="ascii", newline="\n") as stream:
        for row in rows:
            values = {name: getattr(row, name) for name in _FIELDS}
            stream.write(json.dumps(values, separators=(",", ":")) + "\n")
            count += 1
    return count


def refill(cache: Cache, path: Path) -> tuple[int, int]:
    """Add the completions of a file; return how many it holds and how many of them were new."""
    rows = _of_parquet(path) if path.suffix == ".parquet" else _of_lines(path)
    total = new = 0
    while group := list(islice(rows, ROWS_AT_ONCE)):
        total += len(group)
        new += cache.add(group)
    cache.mark_file(sha256_file(path))
    return total, new


def refill_results(cache: Cache, folder: Path) -> tuple[int, int]:
    """Add the completions of every results file that this cache has neither written nor read; return as `refill`.

    Snakemake and DVC remove results before they make them anew: whatever of them was pulled, and paid for elsewhere,
    must be in the cache by then.
    """
    total = new = 0
    recorded: bool | None = None
    for path in sorted([*folder.glob("part-*.parquet"), *folder.glob(SCORED)]):
        try:
            was_sampled = read_completions(path)[0] is not None
        except RecordError as error:
            LOG.warning("not taken back to the cache: %s", error)  # nothing of it can be had, and a run must go on
            continue
        if was_sampled and not cache.has_file(digest := sha256_file(path)):
            if (named := _named_digest(path)) is not None and named != digest:
                _set_aside(cache, path, digest, "it is not the file that its provenance.json names")
                continue
            recorded = is_recorded(folder) if recorded is None else recorded
            if recorded is False:
                _set_aside(cache, path, digest, f"{folder} is not what dvc.lock records")
                continue
            counts = refill(cache, path)
            total, new = total + counts[0], new + counts[1]
    return total, new


def _set_aside(cache: Cache, path: Path, digest: str, why: str) -> None:
    """Keep a copy of a file that is not believed: the run that comes removes it, and it may be worth money."""
    kept = cache.path.parent / "not-taken" / f"{digest[:16]}.parquet"
    if not kept.exists():
        with replacing(kept) as temporary:
            shutil.copyfile(path, temporary)
    hint = f"If it is yours: python -m specialize.teacher cache import {kept}"
    LOG.warning("not taken back to the cache: %s: %s. %s", path, why, hint)


def _named_digest(path: Path) -> str | None:
    """Return the SHA-256 that the provenance beside a file gives for it; None where there is none."""
    provenance = path.with_name("provenance.json")
    if not provenance.exists():
        return None
    outputs = parse_record(str(provenance), read_json(provenance), Provenance).outputs
    return next((state.sha256 for name, state in outputs.items() if Path(name).name == path.name), "none")


def _of_lines(path: Path) -> Iterator[Row]:
    for where, value in read_rows(path):
        if not isinstance(value, dict) or set(value) != set(_FIELDS):
            raise RecordError(where, "(whole line)", f"an object with {', '.join(_FIELDS)}", value)
        yield _checked(where, Row(**value))


def _of_parquet(path: Path) -> Iterator[Row]:
    """Yield the rows that carry a request key. What a server sent beyond the columns is not in them."""
    settings, rows = read_completions(path)
    if settings is None:
        hint = "Imported completions bear no keys: they cost nothing to import again"
        raise RecordError(str(path), "request_key", "completions that were sampled", "a file without settings", hint)
    number = 0
    try:
        for number, row in enumerate(rows):
            if row["teacher"] != settings.model:
                raise RecordError(f"{path}, row {number}", "teacher", settings.model, row["teacher"])
            if row["request_key"] is not None:
                yield _checked(f"{path}, row {number}", _row(row, settings))
    except (pa.ArrowException, OSError, ValueError, TypeError) as error:
        raise RecordError(f"{path}, row {number}", "(whole row)", "a completion", str(error)) from None


def _row(row: dict[str, Any], settings: SamplingSettings) -> Row:
    if settings.scored:  # as scoring_plan keeps them: one row a text, whatever the rollout's own sample
        row = row | {"sample": 0, "finish_reason": "stop", "completion_tokens": settings.max_tokens}
    usage = {name: row[name] for name in ("prompt_tokens", "completion_tokens") if row[name] is not None}
    choice = {"text": row["text"], "finish_reason": row["finish_reason"], "logprobs": _logprobs(row)}
    # Under `refuse` no row without the log-probabilities asked for gets into the results.
    bare = bool(settings.top_k) and row["tokens"] is None and settings.without_logprobs == "allow"
    # A refused question came with no response, and cost nothing.
    response = {} if row["finish_reason"] in (REFUSED, FILTERED) and not usage else {"usage": usage}
    return Row(
        row["request_key"],
        row["sample"],
        settings.max_tokens,
        settings.model,
        choice,
        response,
        bare=bare and bool(row["text"]),
    )


def _checked(where: str, row: Row) -> Row:
    """Return the row, whose parts are of the types that the cache relies on. Raises SpecializeError."""
    if not (isinstance(row.key, str) and _KEY.fullmatch(row.key)):
        raise RecordError(where, "key", "64 hexadecimal digits", row.key)
    for name, least in (("sample", 0), ("max_tokens", 1), ("choices", 1)):
        value = getattr(row, name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value < LARGEST:
            raise RecordError(where, name, f"an integer from {least} to {LARGEST - 1}", value)
    kinds: dict[str, type] = {"model": str, "choice": dict, "response": dict, "bare": bool}
    for name, kind in kinds.items():
        if not isinstance(value := getattr(row, name), kind):
            raise RecordError(where, name, f"a value of type {kind.__name__}", value)
    raw_text(row.choice)
    return row


def _logprobs(row: dict[str, Any]) -> dict[str, Any] | None:
    """Return the tokens of a row in the shape of the chat API, which keeps bytes."""
    if row["tokens"] is None:
        return None
    columns = zip(row["tokens"], row["token_logprobs"], row["top_tokens"], row["top_logprobs"], strict=True)
    return {
        "content": [
            {
                **_spelt(token, logprob),
                "top_logprobs": [_spelt(*pair) for pair in zip(top_tokens, top_logprobs, strict=True)],
            }
            for token, logprob, top_tokens, top_logprobs in columns
        ]
    }


def _spelt(token: bytes, logprob: float | None) -> dict[str, Any]:
    return {"token": token.decode("utf-8", "replace"), "bytes": list(token), "logprob": logprob}
