"""The targets of a batch: groups by bytes or by dynamic programming, then what each student token learns."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from specialize.core.params.traces import AlignmentParams
from specialize.traces.alignment.byte_groups import Groups, group_by_bytes
from specialize.traces.alignment.chain_rule import leaves_of, merged
from specialize.traces.alignment.dtw import one_to_one_by_dtw
from specialize.traces.alignment.soft_targets import SoftTargets, alternatives, soft_targets
from specialize.traces.alignment.token_spans import StudentTokens, TeacherTokens
from specialize.traces.alignment.vocabulary import StudentVocabulary


@dataclass(frozen=True)
class Chunks:
    """first, length: [chunks] student tokens of each; logprobs: natural logarithm of its text's probability."""

    first: np.ndarray
    length: np.ndarray
    logprobs: np.ndarray


@dataclass(frozen=True)
class Aligned:
    """What the student tokens of a batch learn; tokens are counted over the batch."""

    student: StudentTokens
    groups: Groups
    soft: SoftTargets
    certain: np.ndarray
    """Tokens that have no soft target, since the teacher's distribution leaves no other choice behind those before."""
    chunks: Chunks


def align(
    vocabulary: StudentVocabulary, student: StudentTokens, teacher: TeacherTokens, params: AlignmentParams
) -> Aligned:
    """Align a batch by the method and for the kind of group that `params` name."""
    if params.method == "dtw":
        exact = np.repeat(vocabulary.paper_ids(teacher.spelled)[:, None], 2, axis=1)
        groups, direct = one_to_one_by_dtw(vocabulary, student, teacher)
        fresh = np.zeros(len(direct), dtype=bool)
    else:
        exact = vocabulary.exact_ids(teacher.spelled)
        groups = group_by_bytes(student, teacher)
        direct, fresh = _direct(student, teacher, groups, exact)
    entries = _direct_entries(teacher, groups, direct, fresh, exact)
    others = np.flatnonzero(~direct & (groups.end > groups.begin))
    certain = others[:0]
    if params.groups == "merge":
        more, certain = _merged_entries(vocabulary, student, teacher, groups, others)
        entries = Entries(*(np.concatenate(parts) for parts in zip(entries, more, strict=True)))
    soft = soft_targets(*entries, len(student.ids))
    chunked = others if params.groups == "chunk" else others[:0]
    likely = _likely(vocabulary, student, groups, chunked)
    return Aligned(student, groups, soft, certain, _chunks(groups, teacher, likely))


class Entries(NamedTuple):
    """positions, ids, probs: [entries]; mass_at, teacher_mass: positions, and the teacher's probability there."""

    positions: np.ndarray
    ids: np.ndarray
    probs: np.ndarray
    mass_at: np.ndarray
    teacher_mass: np.ndarray


def _direct(
    student: StudentTokens, teacher: TeacherTokens, groups: Groups, exact: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return which groups are one student token beside the one teacher token that spells it, and which of those stand
    at the beginning of a text or word."""
    single = (groups.first == groups.last) & (groups.end == groups.begin + 1)
    token = teacher.tokens[np.where(single, groups.begin, 0)] if len(teacher.tokens) else np.zeros(len(single), int)
    own = student.ids[groups.first]
    inside, opening = (exact[token, column] == own for column in (0, 1))
    return single & (inside | opening), single & ~inside


def _direct_entries(
    teacher: TeacherTokens, groups: Groups, direct: np.ndarray, fresh: np.ndarray, exact: np.ndarray
) -> Entries:
    """Entries of the one-to-one positions: alternatives that are exactly one student token there; others are lost."""
    chosen = np.flatnonzero(direct)
    which, spelled, probs = alternatives(teacher, groups.begin[chosen])
    positions = groups.first[chosen][which]
    return Entries(positions, exact[spelled, fresh[chosen][which].astype(np.int64)], probs, positions, probs)


def _merged_entries(
    vocabulary: StudentVocabulary, student: StudentTokens, teacher: TeacherTokens, groups: Groups, chosen: np.ndarray
) -> tuple[Entries, np.ndarray]:
    """Return the entries of groups that are not one-to-one (see `chain_rule`), and their tokens that are certain."""
    certain: list[int] = []
    positions: list[int] = []
    ids: list[int] = []
    probs: list[float] = []
    mass_at: list[int] = []
    teacher_mass: list[float] = []
    sizes = groups.end[chosen] - groups.begin[chosen]
    starts = np.cumsum(sizes) - sizes
    tokens = np.arange(sizes.sum()) + np.repeat(groups.begin[chosen] - starts, sizes)
    sampled = [teacher.spelled[code] for code in teacher.tokens[tokens]]
    chances, others = [0.0] * len(sampled), [list[tuple[bytes, float]]() for _ in sampled]
    which, spelled, masses = (part.tolist() for part in alternatives(teacher, tokens))
    for place, code, mass in zip(which, spelled, masses, strict=True):
        text = teacher.spelled[code]
        if text == sampled[place]:
            chances[place] += mass
        else:
            others[place].append((text, mass))
    student_ids = student.ids.tolist()
    for start, size, first, last in zip(
        starts.tolist(), sizes.tolist(), groups.first[chosen].tolist(), groups.last[chosen].tolist(), strict=True
    ):
        part = slice(start, start + size)
        leaves = leaves_of(sampled[part], chances[part], others[part])
        total = min(sum(mass for _, mass in leaves), 1.0)
        for place, here in enumerate(merged(vocabulary, leaves, tuple(student_ids[first : last + 1])) or []):
            positions += [first + place] * len(here)
            ids += here.keys()
            probs += here.values()
            if here:
                mass_at.append(first + place)
                teacher_mass.append(total if not place else 1.0)
            elif place and vocabulary.pieces[student_ids[first + place]]:
                certain.append(first + place)
    whole = [np.array(part, dtype=np.int64) for part in (positions, ids, mass_at)]
    entries = Entries(whole[0], whole[1], np.array(probs), whole[2], np.array(teacher_mass))
    return entries, np.array(certain, dtype=np.int64)


def _likely(vocabulary: StudentVocabulary, student: StudentTokens, groups: Groups, chosen: np.ndarray) -> np.ndarray:
    """Return the groups whose likelihood the teacher gives: the same bytes on both sides, and none unknown."""
    unknown = np.concatenate([[0], np.cumsum(student.ids == vocabulary.unknown)])
    lossless = unknown[groups.last[chosen] + 1] == unknown[groups.first[chosen]]
    likely: np.ndarray = chosen[groups.exact[chosen] & lossless & (groups.last[chosen] - groups.first[chosen] < 255)]
    return likely


def _chunks(groups: Groups, teacher: TeacherTokens, chosen: np.ndarray) -> Chunks:
    finite = np.isfinite(teacher.logprobs)  # a sum must not carry an infinity into other completions
    sums = np.concatenate([[0.0], np.cumsum(np.where(finite, teacher.logprobs, 0.0))])
    missing = np.concatenate([[0], np.cumsum(~finite)])
    begin, end = groups.begin[chosen], groups.end[chosen]
    known = missing[end] == missing[begin]
    chosen, logprobs = chosen[known], (sums[end] - sums[begin])[known]
    return Chunks(groups.first[chosen], groups.last[chosen] - groups.first[chosen] + 1, np.minimum(logprobs, 0.0))
