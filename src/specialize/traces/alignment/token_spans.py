"""Both sides of an alignment as flat arrays over a batch of completions."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pyarrow as pa

from specialize.traces.alignment.vocabulary import StudentVocabulary
from specialize.traces.rationale import OURS, byte_starts


@dataclass(frozen=True)
class TeacherTokens:
    """The teacher's tokens of a batch.

    rows: [rows + 1] first token of each completion; spelled: distinct token strings; tokens: [tokens] index into
    `spelled`; logprobs: [tokens] natural logarithms, nan where the teacher gave none; top_rows: [tokens + 1] first
    alternative of each token; top, top_logprobs: [alternatives].
    """

    rows: np.ndarray
    spelled: list[bytes]
    tokens: np.ndarray
    logprobs: np.ndarray
    top_rows: np.ndarray
    top: np.ndarray
    top_logprobs: np.ndarray

    def lengths(self) -> np.ndarray:
        """Return the bytes of each token: [tokens]."""
        lengths: np.ndarray = np.fromiter(map(len, self.spelled), dtype=np.int64, count=len(self.spelled))[self.tokens]
        return lengths


@dataclass(frozen=True)
class StudentTokens:
    """The student's tokens of a batch.

    rows: [rows + 1] first token of each target; ids: [tokens]; begins, ends: [tokens] bytes of the completion that a
    token covers, 0 where it covers none; covers: [tokens] whether it does, all of it.
    """

    rows: np.ndarray
    ids: np.ndarray
    begins: np.ndarray
    ends: np.ndarray
    covers: np.ndarray


def teacher_tokens(columns: pa.RecordBatch | pa.Table) -> TeacherTokens:
    """Return the teacher's side of completions that carry tokens (the Parquet columns tokens, token_logprobs,
    top_tokens, top_logprobs)."""
    tokens, logprobs, top, top_logprobs = (
        _joined(columns[name]) for name in ("tokens", "token_logprobs", "top_tokens", "top_logprobs")
    )
    inner, inner_logprobs = top.flatten(), top_logprobs.flatten()
    spelled = pa.concat_arrays([tokens.flatten(), inner.flatten()]).dictionary_encode()
    codes = spelled.indices.to_numpy().astype(np.int64)
    count = len(inner)
    return TeacherTokens(
        rows=_offsets(tokens),
        spelled=spelled.dictionary.to_pylist(),
        tokens=codes[:count],
        logprobs=_numbers(logprobs.flatten()),
        top_rows=_offsets(inner),
        top=codes[count:],
        top_logprobs=_numbers(inner_logprobs.flatten()),
    )


def student_tokens(
    vocabulary: StudentVocabulary,
    ids: Sequence[Sequence[int]],
    offsets: Sequence[Sequence[tuple[int, int]]],
    texts: Sequence[str],
    origins: Sequence[np.ndarray],
) -> StudentTokens:
    """Return the student's side. ids, offsets: as the tokenizer gives them for `texts`, end mark included, offsets in
    characters; origins: of each byte of a text its byte in the completion, or OURS (`origins.byte_origins`)."""
    rows = np.concatenate([[0], np.cumsum([len(one) for one in ids])])
    flat = np.fromiter(chain.from_iterable(ids), dtype=np.int64, count=rows[-1])
    sizes = np.array([len(one) for one in origins])
    base = np.concatenate([[0], np.cumsum(sizes)])
    origin = np.concatenate([*origins, [OURS]]).astype(np.int64)
    row = np.repeat(np.arange(len(ids)), np.diff(rows))
    if vocabulary.is_lossless:
        begins, ends = _spelled_spans(vocabulary, flat, rows, row, base, texts)
    else:
        begins, ends = _offset_spans(vocabulary, flat, offsets, texts, rows, row, base)
    held = np.concatenate([[0], np.cumsum(origin != OURS)])
    covers = (ends >= begins) & (held[ends] - held[begins] == ends - begins) & (vocabulary.byte_lengths[flat] > 0)
    some = covers & (ends > begins)
    # A token of no bytes (a mark of a blank before the first word) stands where the next one begins.
    after = np.minimum(begins, len(origin) - 1)
    return StudentTokens(
        rows=rows,
        ids=flat,
        begins=np.where(some, origin[after], np.maximum(origin[after], 0)),
        ends=np.where(some, origin[np.maximum(ends - 1, 0)] + 1, np.maximum(origin[after], 0)),
        covers=covers & (some | (origin[after] != OURS)),
    )


def _spelled_spans(
    vocabulary: StudentVocabulary,
    ids: np.ndarray,
    rows: np.ndarray,
    row: np.ndarray,
    base: np.ndarray,
    texts: Sequence[str],
) -> tuple[np.ndarray, np.ndarray]:
    """Return the bytes that lossless pieces cover, counted over all texts; (0, -1) where a text is not its pieces."""
    lengths = vocabulary.byte_lengths[ids]
    ends = np.cumsum(lengths)
    before = np.concatenate([[0], ends])[rows]
    # A blank that the tokenizer puts before the text is no byte of it: it is taken off the first token.
    prefix = int(vocabulary.has_prefix)
    ends = ends - before[row] + base[row] - prefix
    begins = np.maximum(ends - lengths, base[row])
    whole = np.diff(before) == np.diff(base) + prefix
    return np.where(whole[row], begins, 0), np.where(whole[row], np.maximum(ends, begins), -1)


def _offset_spans(
    vocabulary: StudentVocabulary,
    ids: np.ndarray,
    offsets: Sequence[Sequence[tuple[int, int]]],
    texts: Sequence[str],
    rows: np.ndarray,
    row: np.ndarray,
    base: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the bytes that pieces cover, counted over all texts, by the tokenizer's offsets: each piece that opens a
    word owns the blanks before it; what several pieces share belongs to the first."""
    begins, ends = _character_spans(vocabulary, ids, offsets, texts, rows)
    # The end mark has offsets (0, 0); an unknown mark has no piece either, but a place.
    marks = (vocabulary.byte_lengths[ids] == 0) & (begins == ends)
    if all(text.isascii() for text in texts):
        begins, ends = begins + base[row], ends + base[row]
    else:
        starts = [byte_starts(text) for text in texts]
        first = np.concatenate([[0], np.cumsum([len(one) for one in starts])])[row]
        joined = np.concatenate(starts)
        begins, ends = joined[first + begins] + base[row], joined[first + ends] + base[row]
    begins, ends = np.where(marks, base[row + 1], begins), np.where(marks, base[row + 1], ends)
    ends = np.where(vocabulary.blank_alone[ids], begins, ends)
    previous = np.maximum.accumulate(np.concatenate([[0], ends[:-1]]))
    previous = np.maximum(previous, base[row])
    begins = np.where(vocabulary.opens_word[ids], previous, np.maximum(begins, previous))
    return begins, np.maximum(ends, begins)


def _character_spans(
    vocabulary: StudentVocabulary,
    ids: np.ndarray,
    offsets: Sequence[Sequence[tuple[int, int]]],
    texts: Sequence[str],
    rows: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the tokenizer's offsets as two arrays, in characters of each text.

    To read them tuple by tuple is a quarter of an alignment's time. So where an ASCII text has as many characters as
    its pieces, but for the `▁` before the first word, the pieces are counted instead: nothing was folded or unknown.
    """
    lengths = vocabulary.byte_lengths[ids]
    behind = np.concatenate([[0], np.cumsum(lengths)])
    before = behind[rows] + 1
    counted = [vocabulary.family == "metaspace" and text.isascii() for text in texts]
    sizes = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    plain = np.array(counted) & (np.diff(before) == sizes + 1)
    shift = np.repeat(before[:-1], np.diff(rows))
    # A `▁` that stands alone is said to be where its word begins.
    begins = np.maximum(behind[:-1] + vocabulary.blank_alone[ids] - shift, 0)
    ends = behind[1:] - shift
    others = np.flatnonzero(~plain)
    if len(others):
        flat = chain.from_iterable(chain.from_iterable(offsets[number] for number in others.tolist()))
        bounds = np.fromiter(flat, dtype=np.int64).reshape(-1, 2)
        place = np.flatnonzero(np.repeat(~plain, np.diff(rows)))
        begins[place], ends[place] = bounds[:, 0], bounds[:, 1]
    return begins, ends


def _joined(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _offsets(lists: pa.ListArray) -> np.ndarray:
    bounds = lists.offsets.to_numpy()
    from_zero: np.ndarray = (bounds - bounds[0]).astype(np.int64)
    return from_zero


def _numbers(values: pa.Array) -> np.ndarray:
    numbers: np.ndarray = values.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return numbers
