"""The paper's alignment (§ 3.2, Fig. 1C): dynamic programming over edit distances.

    f(i, j) = c(sᵢ, tⱼ) + min{ f(i−1, j−1), f(i−1, j), f(i, j−1) }

c is the edit distance of the two tokens, the teacher's without blanks, the student's without `▁`. On the way back ties
prefer the diagonal, then the teacher's, then the student's step (the authors' notebook, after talcs/simpledtw). Where a
student token meets one teacher token and the strings are equal, blank for `▁`, it takes that token's distribution.

Faster than the authors' with the same output: each distance of two distinct tokens is computed once, in C, and a row of
f is a running minimum: f(i, j) = C(j) + min over k ≤ j of { min(f(i−1, k−1), f(i−1, k)) − C(k−1) }, C being the sums of
the row's costs. All in whole numbers, so nothing is rounded.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from specialize.traces.alignment.byte_groups import Groups
from specialize.traces.alignment.token_spans import StudentTokens, TeacherTokens
from specialize.traces.alignment.vocabulary import META, NONE, StudentVocabulary

FAR = 1 << 29
CELLS_AT_ONCE = 200_000
MOST_CELLS = 25_000_000
"""Of one completion, 5,000 tokens of teacher and student: its table takes half a GB. The tokens of a longer one get no
distribution."""
DIAGONAL, TEACHER, STUDENT = 0, 1, 2


def bare_distances(teacher: Sequence[str], student: Sequence[str]) -> np.ndarray:
    """Return the edit distances without blanks and marks of blanks: [teacher, student]."""
    bare = [text.replace(" ", "") for text in teacher], [text.replace(META, "") for text in student]
    return cdist(*bare, scorer=Levenshtein.distance, dtype=np.int32)


def warped(costs: np.ndarray) -> np.ndarray:
    """Return the step that leads to each cell of the cheapest paths from the first corner, DIAGONAL, TEACHER (i − 1) or
    STUDENT (j − 1): [batch, n, m]. costs: [batch, n, m]; cells beyond a completion's own are of no account."""
    batch, rows, columns = costs.shape
    sums = np.cumsum(costs, axis=2, dtype=np.int32)
    table = np.full((batch, rows + 1, columns + 1), FAR, dtype=np.int32)
    table[:, 0, 0] = 0
    for i in range(rows):
        above = table[:, i]
        best = np.minimum(above[:, :-1], above[:, 1:])
        best[:, 1:] -= sums[:, i, :-1]
        np.minimum.accumulate(best, axis=1, out=best)
        np.add(best, sums[:, i], out=table[:, i + 1, 1:])
    diagonal, up, left = table[:, :-1, :-1], table[:, :-1, 1:], table[:, 1:, :-1]
    steps = np.where(up <= left, np.uint8(TEACHER), np.uint8(STUDENT))
    steps[(diagonal <= up) & (diagonal <= left)] = DIAGONAL
    return steps


def spans(steps: np.ndarray, rows: int, columns: int) -> list[tuple[int, int]]:
    """Return for each of `columns` student tokens the first and last of `rows` teacher tokens on the path.

    steps: [n, m], as `warped` gives them for one completion.
    """
    codes, width = steps.tobytes(), steps.shape[1]
    i, j = rows - 1, columns - 1
    last = i
    found: list[tuple[int, int]] = []
    while i or j:
        step = codes[i * width + j]
        if step == TEACHER:
            i -= 1
            continue
        found.append((i, last))
        j -= 1
        i -= step == DIAGONAL
        last = i
    found.append((0, last))
    return found[::-1]


def one_to_one_by_dtw(
    vocabulary: StudentVocabulary, student: StudentTokens, teacher: TeacherTokens
) -> tuple[Groups, np.ndarray]:
    """Return a group for every student token of a batch, and which of them may take a distribution.

    Of a completion only the teacher's tokens that reach into the target take part (the authors cut them by hand).
    """
    pieces, codes = np.unique(student.ids, return_inverse=True)
    used, words = np.unique(teacher.tokens, return_inverse=True)
    shown = [vocabulary.shown(int(piece)) for piece in pieces]
    spelled = [teacher.spelled[code].decode("utf-8", "replace") for code in used]
    distances = bare_distances(spelled, shown)
    place = {text: code for code, text in enumerate(shown)}
    same = np.array([place.get(text.replace(" ", META), NONE) for text in spelled], dtype=np.int64)
    count = len(student.ids)
    begin, end, direct = np.zeros(count, np.int64), np.zeros(count, np.int64), np.zeros(count, bool)
    for pairs in _batches(list(_pairs(vocabulary, student, teacher))):
        rows = _padded([words[tokens] for tokens, _ in pairs])
        columns = _padded([codes[own] for _, own in pairs])
        steps = warped(distances[rows[:, :, None], columns[:, None, :]])
        for (tokens, own), one in zip(pairs, steps, strict=True):
            met = np.array(spans(one, len(tokens), len(own))) + tokens[0]
            begin[own], end[own] = met[:, 0], met[:, 1] + 1
    alone = end == begin + 1
    direct[alone] = same[words[begin[alone]]] == codes[alone]
    every = np.arange(count)
    return Groups(every, every, begin, end, direct), direct


def _pairs(
    vocabulary: StudentVocabulary, student: StudentTokens, teacher: TeacherTokens
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield (teacher tokens, student tokens) of each completion, as indices into the batch; none that is too long."""
    bounds = np.concatenate([[0], np.cumsum(teacher.lengths())])
    spells = vocabulary.byte_lengths[student.ids] > 0
    for row in range(len(student.rows) - 1):
        low, high = student.rows[row], student.rows[row + 1]
        own = low + np.flatnonzero(spells[low:high])
        covered = own[student.covers[own]]
        first, last = teacher.rows[row], teacher.rows[row + 1]
        if not len(covered) or first == last:
            continue
        ends = bounds[first + 1 : last + 1] - bounds[first]
        begins = bounds[first:last] - bounds[first]
        tokens = np.arange(
            first + np.searchsorted(ends, student.begins[covered[0]], side="right"),
            first + np.searchsorted(begins, student.ends[covered[-1]], side="left"),
        )
        if 0 < len(tokens) * len(own) <= MOST_CELLS:
            yield tokens, own


def _batches(pairs: list[tuple[np.ndarray, np.ndarray]]) -> Iterator[list[tuple[np.ndarray, np.ndarray]]]:
    """Yield pairs of like length together, as many as fill CELLS_AT_ONCE cells."""
    pairs = sorted(pairs, key=lambda pair: (len(pair[0]), len(pair[1])))
    batch: list[tuple[np.ndarray, np.ndarray]] = []
    widest = 0
    for pair in pairs:
        widest = max(widest, len(pair[1]))
        if batch and (len(batch) + 1) * len(pair[0]) * widest > CELLS_AT_ONCE:
            yield batch
            batch, widest = [], len(pair[1])
        batch.append(pair)
    if batch:
        yield batch


def _padded(rows: list[np.ndarray]) -> np.ndarray:
    padded = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
    for number, row in enumerate(rows):
        padded[number, : len(row)] = row
    return padded
