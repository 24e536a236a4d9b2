"""Writing aligned traces, a row group at a time."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from specialize.core.files import replacing
from specialize.records.aligned import LISTS, aligned_schema
from specialize.records.completions import KEYS

ROWS_AT_ONCE = 2048


@dataclass(frozen=True)
class AlignedTarget:
    """One trace in a student's tokens; the arrays are the columns of records.aligned."""

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


def write_aligned(path: Path, vocabulary: int, rows: Iterable[tuple[str, str, int, AlignedTarget]]) -> None:
    """Write (problem_id, teacher, sample, target) rows as they come, a row group at a time; atomically."""
    columns = aligned_schema(vocabulary)
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
    arrays = [pa.array([row[place] for row in rows], columns.field(name).type) for place, name in enumerate(KEYS)]
    for field in map(columns.field, LISTS):
        values = [getattr(row[-1], field.name) for row in rows]
        offsets = np.concatenate([[0], np.cumsum([len(value) for value in values])]).astype(np.int32)
        flat = pa.array(np.concatenate(values), field.type.value_type)
        arrays.append(pa.ListArray.from_arrays(pa.array(offsets), flat, type=field.type))
    return pa.Table.from_arrays(arrays, schema=columns)
