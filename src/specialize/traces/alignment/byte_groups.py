"""Byte alignment: tokens that cover the same bytes belong together.

A walk over the byte offsets of both sides, O(n + m): a group closes wherever a boundary of the student's tokens meets
one of the teacher's. Where our text lacks bytes of the completion (annotations, folded blanks), a boundary anywhere
in what is lacking will do. As in GOLD (TRL), but on completion bytes, so also for tokenizers that fold blanks.
"""

from dataclasses import dataclass

import numpy as np

from specialize.traces.alignment.token_spans import StudentTokens, TeacherTokens


@dataclass(frozen=True)
class Groups:
    """Student tokens first[g] .. last[g] stand beside teacher tokens begin[g] .. end[g] − 1 (none: begin == end), both
    counted over the batch. exact[g]: both begin and end at the same bytes."""

    first: np.ndarray
    last: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    exact: np.ndarray


def group_by_bytes(student: StudentTokens, teacher: TeacherTokens) -> Groups:
    """Return the groups of a batch, in order; student tokens that cover no bytes are groups of their own."""
    rows = len(student.rows) - 1
    row = np.repeat(np.arange(rows), np.diff(student.rows))
    boundaries, base = _boundaries(teacher)
    begins, ends = student.begins + base[row], student.ends + base[row]
    ends = np.where(student.covers, ends, base[row])
    ends = np.maximum(np.maximum.accumulate(ends), base[row])
    begins = np.where(student.covers, begins, ends)
    passed = np.cumsum(np.bincount(boundaries, minlength=ends.max(initial=0) + 1))
    low = passed[begins] - 1  # the last boundary at or before the begin
    high = np.where(ends > 0, passed[ends - 1], 0)  # the first one at or behind the end
    opens = np.ones(len(row), dtype=bool)
    same_row = row[1:] == row[:-1]
    opens[1:] = ~same_row | ~student.covers[1:] | ~student.covers[:-1] | (boundaries[low[1:]] >= ends[:-1])
    first = np.flatnonzero(opens)
    last = np.append(first[1:], len(row))[: len(first)] - 1
    # Boundary k of row r is the begin of token k − r, since each row has one boundary more than tokens.
    begin = low[first] - row[first]
    end = np.minimum(high[last] - row[last], teacher.rows[row[last] + 1])
    covers = student.covers[first]
    end = np.where(covers, np.maximum(end, begin), begin)
    # A teacher token around an unknown character reaches into the group behind it: it stays with the one before.
    taken = np.maximum.accumulate(np.append(0, end))[:-1]
    end = np.where(begin < taken, taken, end)
    begin = np.where(begin < taken, taken, begin)
    exact = covers & (boundaries[low[first]] == begins[first])
    exact &= boundaries[np.minimum(high[last], len(boundaries) - 1)] == ends[last]
    return Groups(first, last, begin, end, exact & (end > begin))


def _boundaries(teacher: TeacherTokens) -> tuple[np.ndarray, np.ndarray]:
    """Return the bytes at which teacher tokens begin or end, counted over the batch, and the first byte of each row."""
    rows = len(teacher.rows) - 1
    counts = np.diff(teacher.rows)
    ends = np.concatenate([[0], np.cumsum(teacher.lengths())])
    sizes = ends[teacher.rows[1:]] - ends[teacher.rows[:-1]]
    base = np.concatenate([[0], np.cumsum(sizes + 1)])[:rows]
    shift = base - ends[teacher.rows[:-1]]
    row = np.repeat(np.arange(rows), counts + 1)
    place = np.arange(len(row)) - row
    return ends[place] + shift[row], base
