"""The traces in the student's tokens, with what the teacher's distribution puts on each (records.aligned).

Columns stay in Arrow's memory, a few bytes a token; Python sees one example at a time. Both losses read the same ids.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from specialize.core.encoding import Encoding
from specialize.core.errors import RecordError
from specialize.core.machine.library_errors import reading_file
from specialize.core.prompt_formats import target
from specialize.records.aligned import LISTS
from specialize.records.completions import KEYS
from specialize.records.traces import Trace

ROWS_AT_ONCE = 1000
REMEDY = "Make the aligned traces again: snakemake, or `python -m specialize.traces targets`"


class Target(NamedTuple):
    """What the student learns to write, token by token."""

    ids: np.ndarray
    """[T] token ids, the end token last."""
    soft_ids: np.ndarray
    """[T, K] tokens that the teacher gave a probability; K is the most that one position here has."""
    soft_probs: np.ndarray
    """[T, K] float16; 0 where there is none. A row of zeros: one-hot on the id."""
    chunks: np.ndarray
    """[T] 1 + number of the chunk that a token is in; 0: in none."""
    chunk_logprobs: np.ndarray
    """[C] float32, the teacher's log-probability of each chunk's text."""
    learned: np.ndarray | None = None
    """[T] whether a token has a loss; None: all have."""


class Targets:
    """Aligned traces by number, in the order of the traces."""

    def __init__(self, table: pa.Table, where: str, only_known: bool = False) -> None:
        """only_known: tokens without a distribution have no loss, since they are not the teacher's."""
        self.where, self.only_known = where, only_known
        columns = {name: table.column(name).combine_chunks() for name in LISTS}
        self.offsets = {name: column.offsets.to_numpy() for name, column in columns.items()}
        self.values = {name: column.values.to_numpy() for name, column in columns.items()}
        self._refuse_uneven()
        self.soft_tokens = int((self.values["counts"] > 0).sum())
        """Target tokens with a distribution."""
        self.chunks = len(self.values["chunk_starts"])

    def __len__(self) -> int:
        return len(self.offsets["ids"]) - 1

    def __getitem__(self, trace: int) -> Target:
        ids, counts, soft_ids, soft_probs, starts, lengths, logprobs = (self._row(name, trace) for name in LISTS)
        filled_TK = np.arange(counts.max(initial=0)) < counts[:, None]
        ids_TK = np.zeros(filled_TK.shape, dtype=np.int64)
        probs_TK = np.zeros(filled_TK.shape, dtype=np.float16)
        ids_TK[filled_TK], probs_TK[filled_TK] = soft_ids, soft_probs
        chunks_T = np.zeros(len(ids), dtype=np.int64)
        for number, (start, length) in enumerate(zip(starts.tolist(), lengths.tolist(), strict=True), start=1):
            chunks_T[start : start + length] = number
        learned = (counts > 0) | (chunks_T > 0) if self.only_known else None
        return Target(ids.astype(np.int64), ids_TK, probs_TK, chunks_T, logprobs, learned)

    def lengths(self) -> list[int]:
        """Return the tokens of each target, the end mark included."""
        return [int(length) for length in np.diff(self.offsets["ids"])]

    def refuse_other_tokens(self, traces: Sequence[Trace], encoding: Encoding) -> None:
        """Raise RecordError unless the ids are what the encoding makes of the traces' chain-of-thought targets."""
        for low in range(0, len(traces), ROWS_AT_ONCE):
            some = traces[low : low + ROWS_AT_ONCE]
            texts = [
                target("zero_shot_chain_of_thought", trace.rationale, trace.answer, trace.template) for trace in some
            ]
            for number, (text, expected) in enumerate(zip(texts, encoding.target_ids(texts), strict=True)):
                found = self._row("ids", low + number).tolist()
                if found != expected:
                    at = _first_difference(found, expected)
                    what = f"from token {at} on {expected[at : at + 5]}, as the tokenizer encodes {text!r}"
                    where = f"{self.where} row {low + number}"
                    raise RecordError(where, "ids", what, found[at : at + 5], REMEDY)

    def _row(self, name: str, trace: int) -> np.ndarray:
        low, high = self.offsets[name][trace : trace + 2]
        row: np.ndarray = self.values[name][low:high]
        return row

    def _refuse_uneven(self) -> None:
        sums = np.concatenate([[0], np.cumsum(self.values["counts"], dtype=np.int64)])[self.offsets["counts"]]
        for left, right, expected in (
            ("counts", self.offsets["ids"], "one count a token"),
            ("soft_ids", sums, "as many entries as 'counts' says"),
            ("soft_probs", sums, "as many entries as 'counts' says"),
            ("chunk_lengths", self.offsets["chunk_starts"], "one length a chunk"),
            ("chunk_logprobs", self.offsets["chunk_starts"], "one log-probability a chunk"),
        ):
            uneven = np.flatnonzero(np.diff(self.offsets[left]) != np.diff(right))
            if len(uneven):
                row = int(uneven[0])
                raise RecordError(f"{self.where} row {row}", left, expected, np.diff(self.offsets[left])[row], REMEDY)


def read_targets(aligned: Sequence[Path], traces: Sequence[Trace], only_known: bool = False) -> Targets:
    """Read the aligned traces, all shards; RecordError unless they are those of `traces`. only_known: see Targets."""
    with reading_file(", ".join(str(path) for path in aligned), "a Parquet file of aligned traces", REMEDY):
        tables = [parquet.read_table(path, columns=[*KEYS, *LISTS], memory_map=True) for path in aligned]
        table = pa.concat_tables(tables)
    where = str(aligned[0]) + (f" … ({len(aligned)} files)" if len(aligned) > 1 else "")
    found = zip(*(table.column(name).to_pylist() for name in KEYS), strict=True)
    place = {key: row for row, key in enumerate(found)}
    rows = [place.get((trace.problem_id, trace.teacher, trace.sample), -1) for trace in traces]
    if -1 in rows or len(rows) != len(table):
        lacking = [(t.problem_id, t.teacher, t.sample) for t, row in zip(traces, rows, strict=True) if row < 0][:1]
        found_rows = f"{len(table)} rows" + (f", none for {lacking[0]}" if lacking else "")
        raise RecordError(where, ", ".join(KEYS), f"one row for each of the {len(rows)} traces", found_rows, REMEDY)
    return Targets(table if rows == list(range(len(rows))) else table.take(rows), where, only_known)


def _first_difference(left: Sequence[object], right: Sequence[object]) -> int:
    differing = (place for place, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1])
    return next(differing, min(len(left), len(right)))
