"""The parquet files of completions: one per shard, zstd, rows in the order of problem, teacher, sample."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from specialize.core.errors import RecordError
from specialize.core.files import replacing
from specialize.teacher.api.responses import Answer

SCHEMA = pa.schema(
    [
        pa.field("problem_id", pa.string(), nullable=False),
        pa.field("teacher", pa.string(), nullable=False),
        pa.field("sample", pa.int32(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("finish_reason", pa.string()),
        pa.field("request_key", pa.string()),
        pa.field("tokens", pa.list_(pa.binary())),
        pa.field("token_logprobs", pa.list_(pa.float32())),
        pa.field("top_tokens", pa.list_(pa.list_(pa.binary()))),
        pa.field("top_logprobs", pa.list_(pa.list_(pa.float32()))),
        pa.field("prompt_tokens", pa.int32()),
        pa.field("completion_tokens", pa.int32()),
    ]
)
"""One row per completion. The first five are records.completions.Completion; the others are null where the source gave
none.

tokens                   the bytes of each token; together they are the text in UTF-8
token_logprobs           natural logarithm of each token's probability, null where the server did not tell it
top_tokens, top_logprobs the alternatives of each token, as many as the server sent, by descending log-probability
request_key, …           what was asked (teacher.requests) and what it took, for a cache to be refilled
"""
ROWS_PER_GROUP = 1000
"""Rows in memory at a time."""
_WRITTEN = {"compression": "zstd", "compression_level": 9}
FACTS = b"specialize"
"""Key of the settings in a file's metadata."""


def completion_row(problem_id: str, teacher: str, sample: int, answer: Answer) -> dict[str, Any]:
    """Return a row of the table."""
    return {"problem_id": problem_id, "teacher": teacher, "sample": sample, **answer.columns()}


def write_completions(path: Path, rows: Iterable[Mapping[str, Any]], facts: Mapping[str, Any] | None = None) -> None:
    """Write rows in the order given, ROWS_PER_GROUP in memory at a time; same rows, same bytes; atomically.

    `facts` (settings that a cache needs to take the rows back) go into the file's metadata.
    """
    schema = SCHEMA if facts is None else SCHEMA.with_metadata({FACTS: json.dumps(facts, sort_keys=True)})
    walk = iter(rows)
    with replacing(path) as temporary, pq.ParquetWriter(temporary, schema, **_WRITTEN) as writer:
        while group := list(islice(walk, ROWS_PER_GROUP)):
            writer.write_table(pa.Table.from_pylist(group, schema=schema))


def remove_others(written: Sequence[Path]) -> None:
    """Remove from the folder what a run with more shards, or of another mode, left there: nobody would miss it, and the
    folder is shared as a whole."""
    for folder in {path.parent for path in written}:
        for pattern in ("part-*.parquet", "sampling.json", "import.json"):
            for path in folder.glob(pattern):
                if path not in written:
                    path.unlink()


def read_completions(path: Path) -> tuple[dict[str, Any], Iterator[dict[str, Any]]]:
    """Return the facts of a file of completions (empty: none) and its rows, some in memory at a time.

    Raises RecordError where it is no such file.
    """
    try:
        file = pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise RecordError(str(path), "(whole file)", "a Parquet file of completions", str(error)) from None
    if file.schema_arrow.names != SCHEMA.names:
        raise RecordError(str(path), "(columns)", ", ".join(SCHEMA.names), file.schema_arrow.names)
    facts = json.loads((file.schema_arrow.metadata or {}).get(FACTS, b"{}"))
    return facts, (row for batch in file.iter_batches(ROWS_PER_GROUP) for row in batch.to_pylist())
