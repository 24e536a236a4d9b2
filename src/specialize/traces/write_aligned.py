"""Aligned traces: results/traces/aligned/{tokenizer}/part-{shard:05d}.parquet, one row per trace of that shard of
completions, in the order of traces.parquet; the train phase's targets, for both losses.

    problem_id, teacher, sample   string, string, int32: the trace
    ids             list<uint16> (list<int32> for a vocabulary above 65,536): student tokens of the chain-of-thought
                    target `{rationale}\\nThe answer is {answer}`, the end mark last
    counts          list<uint8>: soft entries of each id, as long as `ids`; 0: one-hot on the id
    soft_ids        list as `ids`: student tokens of all soft entries, flat over the row, `sum(counts)` of them; within
                    one position sorted by falling probability, then id
    soft_probs      list<float16>: their probabilities, raw: what they lack to 1 per position lies outside the
                    teacher's top-k or has no student token
    chunk_starts    list<uint16>: with `groups: chunk`, else empty: first position of each chunk, rising; no overlaps
    chunk_lengths   list<uint8>: positions of each chunk; all of them have counts 0
    chunk_logprobs  list<float32>: natural logarithm of the teacher's probability of the chunk's text, given what stands
                    before it

Positions whose teacher tokens are unknown (our own answer line, the end mark, completions without log-probabilities)
have counts 0 and stand in no chunk. At k = 5 a position takes at most 2 + 1 + 5 × (2 + 2) = 23 bytes, its share of a
chunk included: a position is soft or in a chunk, never both.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from specialize.core.files import parse_record, replacing
from specialize.records.coverage import Coverage

SMALL_VOCABULARY = 65_536
ROWS_AT_ONCE = 2048


@dataclass(frozen=True)
class AlignedTarget:
    """One trace in a student's tokens; the arrays are the columns above."""

    ids: np.ndarray
    """[tokens]"""
    counts: np.ndarray
    """[tokens] uint8"""
    soft_ids: np.ndarray
    """[entries]"""
    soft_probs: np.ndarray
    """[entries] float16"""
    chunk_starts: np.ndarray
    """[chunks] uint16"""
    chunk_lengths: np.ndarray
    """[chunks] uint8"""
    chunk_logprobs: np.ndarray
    """[chunks] float32"""


def schema(vocabulary: int) -> pa.Schema:
    """Return the columns for a tokenizer of `vocabulary` ids."""
    token = pa.uint16() if vocabulary <= SMALL_VOCABULARY else pa.int32()
    lists = {
        "ids": token, "counts": pa.uint8(), "soft_ids": token, "soft_probs": pa.float16(),
        "chunk_starts": pa.uint16(), "chunk_lengths": pa.uint8(), "chunk_logprobs": pa.float32(),
    }  # fmt: skip
    keys = [("problem_id", pa.string()), ("teacher", pa.string()), ("sample", pa.int32())]
    return pa.schema(
        [pa.field(name, kind, nullable=False) for name, kind in keys]
        + [
            pa.field(name, pa.list_(pa.field("item", kind, nullable=False)), nullable=False)
            for name, kind in lists.items()
        ]
    )


def write_aligned(path: Path, vocabulary: int, rows: Iterable[tuple[str, str, int, AlignedTarget]]) -> None:
    """Write (problem_id, teacher, sample, target) rows as they come, a row group at a time; atomically."""
    columns = schema(vocabulary)
    with replacing(path) as temporary, pq.ParquetWriter(temporary, columns, compression="zstd") as writer:
        waiting: list[tuple[str, str, int, AlignedTarget]] = []
        for row in rows:
            waiting.append(row)
            if len(waiting) == ROWS_AT_ONCE:
                writer.write_table(_table(waiting, columns))
                waiting = []
        if waiting:
            writer.write_table(_table(waiting, columns))


def _table(rows: list[tuple[str, str, int, AlignedTarget]], columns: pa.Schema) -> pa.Table:
    arrays = [pa.array([row[place] for row in rows], columns.field(place).type) for place in range(3)]
    for field in list(columns)[3:]:
        values = [getattr(row[3], field.name) for row in rows]
        offsets = np.concatenate([[0], np.cumsum([len(value) for value in values])]).astype(np.int32)
        flat = pa.array(np.concatenate(values), field.type.value_type)
        arrays.append(pa.ListArray.from_arrays(pa.array(offsets), flat, type=field.type))
    return pa.Table.from_arrays(arrays, schema=columns)


def read_coverage(row: dict[str, object], where: str) -> Coverage:
    """Return the counts of a written coverage. Raises RecordError."""
    return parse_record(where, {name: value for name, value in row.items() if name != "shares"}, Coverage)
