"""Soft targets of a batch: which student token has how much of the teacher's probability at which position."""

from dataclasses import dataclass

import numpy as np

from specialize.traces.alignment.token_spans import TeacherTokens

MOST = 255
"""Soft entries of one position; the least probable ones beyond go."""
_ID_BITS, _PROB_BITS = 20, 15
_ID_MASK, _PROB_MASK = (1 << _ID_BITS) - 1, (1 << _PROB_BITS) - 1


@dataclass(frozen=True)
class SoftTargets:
    """positions, ids, probs: [entries], sorted by position, falling probability, id; probs float16, rounded so
    that no sum passes 1. teacher_mass: [tokens] the probability that the teacher gave at each soft position."""

    positions: np.ndarray
    ids: np.ndarray
    probs: np.ndarray
    teacher_mass: np.ndarray


def alternatives(teacher: TeacherTokens, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (which of `tokens`, index into `spelled`, probability) of all that the teacher gave for `tokens`: its
    top-k, and the sampled token where it is not among them; token by token."""
    counts = teacher.top_rows[tokens + 1] - teacher.top_rows[tokens]
    which = np.repeat(np.arange(len(tokens)), counts)
    firsts = np.cumsum(counts) - counts
    entry = np.arange(len(which)) + np.repeat(teacher.top_rows[tokens] - firsts, counts)
    spelled, logprobs = teacher.top[entry], teacher.top_logprobs[entry]
    sampled = teacher.tokens[tokens]
    listed = np.zeros(len(tokens), dtype=bool)
    listed[which[spelled == np.repeat(sampled, counts)]] = True
    if not listed.all():
        lacking = np.flatnonzero(~listed)
        place = (firsts + counts)[lacking]
        which = np.insert(which, place, lacking)
        spelled = np.insert(spelled, place, sampled[lacking])
        logprobs = np.insert(logprobs, place, teacher.logprobs[tokens[lacking]])
    # A null is nan, and nan stands for none; a server's rounding may pass 0.
    return which, spelled, np.fmax(np.exp(np.minimum(logprobs, 0.0)), 0.0)


def soft_targets(
    positions: np.ndarray, ids: np.ndarray, probs: np.ndarray, mass_at: np.ndarray, masses: np.ndarray, tokens: int
) -> SoftTargets:
    """Return entries in their order, equal ids of a position summed.

    positions, ids, probs: [entries]; mass_at, masses: positions, and the teacher's probability there; tokens: of the
    batch.
    """
    totals = np.bincount(mass_at, weights=masses, minlength=tokens)
    kept = np.flatnonzero((ids >= 0) & (probs > 0))
    positions, ids, probs = positions[kept], ids[kept], probs[kept]
    first, later = _repeated(positions, ids)
    np.add.at(probs, first, probs[later])
    probs[later] = 0.0
    halves = probs.astype(np.float16)
    mass = np.bincount(positions, weights=halves, minlength=tokens)
    if (over := mass > 1.0).any():  # rounded sums, a server's or ours, may pass 1 by a little
        mass = np.bincount(positions, weights=probs, minlength=tokens)
        probs = probs / np.maximum(mass, 1.0)[positions]
        halves = probs.astype(np.float16)
        # One float16 down, where the next one lies above.
        halves = (halves.view(np.uint16) - ((halves > probs) & over[positions])).astype(np.uint16).view(np.float16)
    key = _keys(positions, ids, halves)
    positions = key >> (_ID_BITS + _PROB_BITS)
    counts = np.bincount(positions, minlength=tokens)
    if counts.max(initial=0) > MOST:
        place = np.arange(len(key)) - (np.cumsum(counts) - counts)[positions]
        key, positions = key[place < MOST], positions[place < MOST]
    halves = (_PROB_MASK - ((key >> _ID_BITS) & _PROB_MASK)).astype(np.uint16).view(np.float16)
    return SoftTargets(positions, key & _ID_MASK, halves, totals)


def _keys(positions: np.ndarray, ids: np.ndarray, halves: np.ndarray) -> np.ndarray:
    """Return entries as sorted numbers that hold position, bits of the probability, id; without those of 0."""
    bits = halves.view(np.uint16).astype(np.int64)
    key = (((positions << _PROB_BITS) | (_PROB_MASK - bits)) << _ID_BITS) | ids
    # Stable, for speed: alternatives come sorted as a rule.
    return np.sort(key[bits > 0], kind="stable")


def _repeated(positions: np.ndarray, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for every entry whose id stood at its position before: where it did first, and the entry itself. The
    entries of a position stand together."""
    first = np.arange(len(ids))
    for apart in range(1, len(ids)):
        near = positions[apart:] == positions[:-apart]
        if not near.any():
            break
        again = np.flatnonzero(near & (ids[apart:] == ids[:-apart])) + apart
        first[again] = again - apart  # the widest distance comes last
    later = np.flatnonzero(first != np.arange(len(ids)))
    return first[later], later
