"""C3, C4, Q1, Q2: the loss of generic ability, and how much of it is an artifact of the scorer or the prompt format.

After equal updates: at the last checkpoint, where it is not said to be the first."""

from dataclasses import dataclass

from specialize.report.arms import Arm
from specialize.report.findings.verdict import (
    Answer,
    Part,
    Verdict,
    all_of,
    all_toward,
    present,
    text_of,
    toward,
    toward_each,
)
from specialize.report.formatting import NBSP, joined, percent, points
from specialize.report.stats.accuracies import Measure
from specialize.report.stats.bootstrap import Comparison
from specialize.report.stats.contrasts import Evidence, Term, When

NEAR_ZERO = 0.05
"""Accuracy is near zero where the whole interval lies below. (The paper's 0.3 % would need thousands of problems.)"""
COT, AO, TRAINED = "chain_of_thought", "answer_only", "trained_chain_of_thought"
NO_GENERIC = "generic tasks in {}, scored at the start and at a later checkpoint"


def chain_of_thought_lost(evidence: Evidence) -> Verdict:
    """C3: generic chain-of-thought accuracy falls to zero, already at the first checkpoint."""
    measure = evidence.generic(COT)
    ladder = evidence.ladders[0]
    starts = _levels(evidence, ladder, evidence.start, measure)
    able = [
        arm
        for arm, level in zip(ladder, starts, strict=True)
        if level and level.low > NEAR_ZERO and all(map(evidence.first, arm.names))
    ]
    parts = [
        _near_zero("accuracy is near zero at the last checkpoint", _levels(evidence, able, evidence.last, measure)),
        _near_zero(f"accuracy is near zero {_first(evidence)}", _levels(evidence, able, evidence.first, measure)),
    ]
    known = any(starts)
    lacking = NO_GENERIC.format("chain of thought") if not known else ""
    if known and not able:
        lacking = (
            f"a start that solves clearly more than {percent(NEAR_ZERO)} % of the generic tasks in chain of thought"
        )
    return Verdict(
        name="C3",
        claim="Generic chain-of-thought accuracy falls to zero, from the first checkpoint on.",
        source="Table 1; Fig. 3A",
        paper="BBH 25.9–41.8 → 0.0–0.3 at all sizes, 0 at the first checkpoint",
        parts=tuple(present(parts)),
        lacking=lacking,
        notes=_on_the_way(evidence, measure) if known else (),
    )


def answer_only_lost(evidence: Evidence) -> Verdict:
    """C4: answer-only falls too, gradually, and smaller students keep less."""
    measure, ladder = evidence.generic(AO), evidence.ladders[0]
    falls = [evidence.change(arm, evidence.start, evidence.last, measure, arm.name) for arm in ladder]
    later = [evidence.change(arm, evidence.first, evidence.last, measure, arm.name) for arm in ladder]
    parts = []
    if known := present(falls):
        parts.append(all_toward("it falls at every size", known, -1))
    if known and (after_first := present(later)):
        parts.append(all_toward(f"and it keeps falling from its value {_first(evidence)}", after_first, -1))
    if known and len(ladder) > 1:
        small, large = ladder[0], ladder[-1]
        kept = evidence.between(large, small, evidence.last, measure, f"{large.name} against {small.name}")
        if kept:
            parts.append(all_toward("the largest keeps more than the smallest", [kept], 1))
    return Verdict(
        name="C4",
        claim="Generic answer-only ability falls at every size, gradually; small students keep less.",
        source="Table 1; Fig. 3A",
        paper="BBH −21.1 (250M), −23.8 (760M), −36.7 (3B), −27.8 (11B); 11B keeps 19.6, the others 3.1–6.5",
        parts=tuple(parts),
        lacking="" if known else NO_GENERIC.format("answer-only"),
        notes=_on_the_way(evidence, measure) if known else (),
    )


def scorer_or_skill(evidence: Evidence) -> Verdict:
    """Q1: most of the drop in generic chain of thought is an artifact of the scorer."""
    by_rule, by_match = evidence.generic(COT, "substring"), evidence.generic(COT, "exact")
    found = [_recovered(evidence, arm, by_rule, by_match) for arm in evidence.ladders[0]]
    known = present(found)
    return Verdict(
        name="Q1",
        claim="Most of the drop in generic chain of thought is an artifact of the scorer.",
        source="open: the released scorer expects a lower-case “the answer is”",
        paper="not studied",
        parts=(_half_part("exact match recovers more than half of the drop measured by the substring rule", known),)
        if known
        else (),
        lacking="" if known else f"a clear drop by the substring rule, on {NO_GENERIC.format('chain of thought')}",
        notes=_readings(evidence),
    )


def format_or_skill(evidence: Evidence) -> Verdict:
    """Q2: asked in the format that it is trained in, a student keeps most of its generic ability.

    Each format is measured against the start's own accuracy in it. What a start never had in a format cannot come back:
    asked whether the trained format makes up half of what the usual one loses, a start of little ability there says no
    whatever training does.
    """
    trained = evidence.generic(TRAINED)
    able = [
        arm
        for arm in evidence.ladders[0]
        if (level := evidence.accuracy(arm, evidence.start, trained)) and level.low > NEAR_ZERO
    ]
    kept, shown = [], []
    for arm in able:
        before, after = (evidence.accuracy(arm, when, trained) for when in (evidence.start, evidence.last))
        if before is None or after is None or trained is None:
            continue
        terms = [Term(1.0, arm, evidence.last, trained), Term(-0.5, arm, evidence.start, trained)]
        if beyond := evidence.contrast(f"{arm.name}: kept, minus half of the start's", terms):
            kept.append(beyond)
            shown.append(f"{arm.name}: {percent(before.value)} → {percent(after.value)}")
    says = "more than half of the start's accuracy in the trained format is kept"
    answers = toward_each(kept, 1)
    return Verdict(
        name="Q2",
        claim="Asked in the format it is trained in, a student keeps most of its generic ability.",
        source="open: generic tasks are prompted in a format that is not in the training data",
        paper="not studied",
        parts=(Part(says, all_of(answers), "; ".join(shown), tuple(kept)),) if kept else (),
        lacking=""
        if kept
        else f"a start that solves clearly more than {percent(NEAR_ZERO)} % of the generic tasks when asked as in "
        "training (trained_chain_of_thought among evaluate.generic_formats)",
    )


@dataclass(frozen=True)
class Recovered:
    """How much of an arm's drop another reading recovers."""

    fall: Comparison
    beyond_half: Comparison
    """Recovered, minus half of the drop: linear in each problem's answers, so it is paired like any other contrast."""


def _recovered(evidence: Evidence, arm: Arm, lost_by: Measure | None, other: Measure | None) -> Recovered | None:
    """Return what `other` recovers of the drop F = before − after by `lost_by`; None where F is not clearly above 0.

    Another reading recovers F minus its own drop.
    """
    if lost_by is None or other is None:
        return None
    start, last = evidence.start, evidence.last
    fall = evidence.change(arm, last, start, lost_by, arm.name)
    if fall is None or toward(fall, 1) != "yes":
        return None
    terms = [
        Term(0.5, arm, start, lost_by), Term(-0.5, arm, last, lost_by),
        Term(-1.0, arm, start, other), Term(1.0, arm, last, other),
    ]  # fmt: skip
    beyond = evidence.contrast(f"{arm.name}: recovered, minus half of the drop", terms)
    return Recovered(fall, beyond) if beyond else None


def _half_part(says: str, known: list[Recovered]) -> Part:
    given = [each.beyond_half.value + each.fall.value / 2 for each in known]
    shown = [
        f"{each.fall.label}: {points(100 * share)} of {percent(each.fall.value)} points lost"
        for each, share in zip(known, given, strict=True)
    ]
    beyond = tuple(each.beyond_half for each in known)
    return Part(says, all_of(toward(each, 1) for each in beyond), "; ".join(shown), beyond)


def _readings(evidence: Evidence) -> tuple[str, ...]:
    notes = []
    for arm in evidence.ladders[0]:
        by_reading = []
        for reading in ("exact", "substring"):
            measure = evidence.generic(COT, reading)
            before, after = (evidence.accuracy(arm, when, measure) for when in (evidence.start, evidence.last))
            if before and after:
                by_reading.append(
                    f"{reading} {percent(before.value)} → {percent(after.value)} "
                    f"({percent(max(after.low, 0))}–{percent(after.high)}; n{NBSP}{after.n:,})"
                )
        if by_reading:
            notes.append(f"{arm.name}: {', '.join(by_reading)}.")
    return tuple(notes)


def _first(evidence: Evidence) -> str:
    """Return which checkpoint of the main ladder corresponds to the paper's first."""
    steps = sorted({evidence.first(name) for arm in evidence.ladders[0] for name in arm.names})
    return f"at step {joined([str(step) for step in steps])}, the first as late in the training as the paper's"


def _on_the_way(evidence: Evidence, measure: Measure | None) -> tuple[str, ...]:
    """Return the accuracies before training, and at a checkpoint earlier than the paper's first."""
    ladder = evidence.ladders[0]
    names = [name for arm in ladder for name in arm.names]
    moments = [("Before", evidence.start)]
    if any(evidence.earliest(name) < evidence.first(name) for name in names):
        steps = sorted({evidence.earliest(name) for name in names})
        moments.append((f"After {joined([str(step) for step in steps])} updates", evidence.earliest))
    notes = []
    for word, when in moments:
        levels = present(_levels(evidence, ladder, when, measure))
        notes.append(f"{word}: {'; '.join(text_of(level, 'percent') for level in levels)}.")
    return tuple(notes)


def _levels(evidence: Evidence, arms: list[Arm], when: When, measure: Measure | None) -> list[Comparison | None]:
    return [evidence.accuracy(arm, when, measure) for arm in arms]


def _near_zero(says: str, levels: list[Comparison | None]) -> Part | None:
    known = present(levels)
    if not known:
        return None
    shown = "; ".join(text_of(level, "percent") for level in known)
    return Part(says, all_of(_below(level) for level in known), shown, tuple(known), "percent")


def _below(level: Comparison) -> Answer:
    return "yes" if level.high < NEAR_ZERO else "no" if level.low > NEAR_ZERO else "open"
