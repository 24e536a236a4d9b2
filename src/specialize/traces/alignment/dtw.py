"""The paper's alignment (§ 3.2, Fig. 1C): dynamic programming over edit distances.

    f(i, j) = c(sᵢ, tⱼ) + min{ f(i−1, j−1), f(i−1, j), f(i, j−1) }

c is the edit distance of the two tokens, the teacher's without blanks, the student's without `▁`. On the way back ties
prefer the diagonal, then the teacher's, then the student's step (the authors' notebook, after talcs/simpledtw). Where a
student token meets one teacher token and the strings are equal, blank for `▁`, it takes that token's distribution.

Faster than the authors' with the same output: each distance of two distinct tokens is computed once, in C, and a row of
f is a running minimum: f(i, j) = C(j) + min over k ≤ j of { min(f(i−1, k−1), f(i−1, k)) − C(k−1) }, C being the sums of
the row's costs. All in whole numbers, so nothing is rounded.
"""

from collections.abc import Sequence

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from specialize.traces.alignment.groups import Groups
from specialize.traces.alignment.tokens import StudentTokens, TeacherTokens
from specialize.traces.alignment.vocabulary import META, StudentVocabulary

FAR = 1 << 40


def edit_distances(teacher: Sequence[str], student: Sequence[str]) -> np.ndarray:
    """Return the edit distance of every teacher string to every student string: [teacher, student]."""
    return cdist(teacher, student, scorer=Levenshtein.distance, dtype=np.int32).astype(np.int64)


def warped(costs: np.ndarray) -> tuple[list[tuple[int, int]], int]:
    """Return the cheapest path through a cost matrix [n, m] from corner to corner, and its cost."""
    rows, columns = costs.shape
    sums = np.cumsum(costs, axis=1)
    before = sums - costs
    table = np.full((rows + 1, columns + 1), FAR, dtype=np.int64)
    table[0, 0] = 0
    for i in range(rows):
        above = table[i]
        best = np.minimum.accumulate(np.minimum(above[:-1], above[1:]) - before[i])
        np.add(best, sums[i], out=table[i + 1, 1:])
    values = table.tolist()
    i, j = rows - 1, columns - 1
    path = [(i, j)]
    while i > 0 or j > 0:
        diagonal, up, left = values[i][j], values[i][j + 1], values[i + 1][j]
        if diagonal <= up and diagonal <= left:
            i, j = i - 1, j - 1
        elif up <= left:
            i -= 1
        else:
            j -= 1
        path.append((i, j))
    return path[::-1], values[rows][columns]


def match(
    teacher: Sequence[str], student: Sequence[str], distances: np.ndarray | None = None
) -> tuple[list[tuple[int, int]], list[bool]]:
    """Return for each student string the first and last teacher string that it meets, and whether it may take the
    distribution of the only one it meets: the two are equal, blank for `▁`.

    distances: [teacher, student], as `bare_distances` gives them where left out.
    """
    path, _ = warped(bare_distances(teacher, student) if distances is None else distances)
    met: list[list[int]] = [[] for _ in student]
    for i, j in path:
        met[j].append(i)
    spans = [(found[0], found[-1]) for found in met]
    same = [
        first == last and teacher[first].replace(" ", META) == token
        for (first, last), token in zip(spans, student, strict=True)
    ]
    return spans, same


def bare_distances(teacher: Sequence[str], student: Sequence[str]) -> np.ndarray:
    """Return the edit distances without blanks and marks of blanks: [teacher, student]."""
    return edit_distances([t.replace(" ", "") for t in teacher], [s.replace(META, "") for s in student])


def one_to_one_by_dtw(
    vocabulary: StudentVocabulary, student: StudentTokens, teacher: TeacherTokens
) -> tuple[Groups, np.ndarray]:
    """Return a group for every student token of a batch, and which of them may take a distribution.

    Of a completion only the teacher's tokens that reach into the target take part (the authors cut them by hand).
    """
    pieces, codes = np.unique(student.ids, return_inverse=True)
    shown = [vocabulary.shown(int(piece)) for piece in pieces]
    spelled = [token.decode("utf-8", "replace") for token in teacher.spelled]
    table = bare_distances(spelled, shown)
    count = len(student.ids)
    begin, end, direct = np.zeros(count, np.int64), np.zeros(count, np.int64), np.zeros(count, bool)
    bounds = np.concatenate([[0], np.cumsum(teacher.lengths())])
    for row in range(len(student.rows) - 1):
        low, high = student.rows[row], student.rows[row + 1]
        own = low + np.flatnonzero(vocabulary.byte_lengths[student.ids[low:high]] > 0)
        covered = own[student.covers[own]]
        first, last = teacher.rows[row], teacher.rows[row + 1]
        if not len(covered) or first == last:
            continue
        zero = bounds[first]
        first, last = (
            first + np.searchsorted(bounds[first + 1 : last + 1] - zero, student.begins[covered[0]], side="right"),
            first + np.searchsorted(bounds[first:last] - zero, student.ends[covered[-1]], side="left"),
        )
        words, targets = teacher.tokens[first:last], codes[own]
        spans, same = match(
            [spelled[word] for word in words], [shown[place] for place in targets], table[np.ix_(words, targets)]
        )
        met = np.array(spans) + first
        begin[own], end[own], direct[own] = met[:, 0], met[:, 1] + 1, same
    every = np.arange(count)
    return Groups(every, every, begin, end, direct), direct
