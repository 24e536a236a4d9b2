"""C1, C2, C5: what is won."""

from specialize.report.arms import Arm
from specialize.report.evidence import Evidence, Term
from specialize.report.marks import Measure
from specialize.report.paired import Comparison
from specialize.report.verdict import Part, Verdict, all_of, all_toward, told, toward

TEN_POINTS = 0.10


def gains(evidence: Evidence) -> Verdict:
    """C1: every size gains on the seed dataset and out of distribution."""
    ladder = evidence.ladders[0]
    found = [_gain(evidence, arm, measure) for arm in ladder for measure in evidence.maths()]
    known = [each for each in found if each]
    return Verdict(
        name="C1",
        claim="Every size gains on the seed dataset and on the other maths sets.",
        source="Table 1",
        paper="15 of 16 cells gain; SVAMP at 11B falls (−4.1)",
        parts=(all_toward("every size gains on every maths set", known, 1),) if known else (),
        lacking="" if known else NO_PAIRS,
    )


def size_of_gain(evidence: Evidence) -> Verdict:
    """C2: the gain is about ten points on average over the maths sets."""
    ladder, maths = evidence.ladders[0], evidence.maths()
    found = [_mean_gain(evidence, arm, maths) for arm in ladder]
    known = [each for each in found if each]
    # A contrast with ten points, so that `toward` tells of the gain's distance from it.
    above = [
        Comparison(
            each.label, each.value - TEN_POINTS, each.low - TEN_POINTS, each.high - TEN_POINTS, each.n, each.seeds
        )
        for each in known
    ]
    answer = all_of(toward(each, 1) for each in above)
    part = Part(
        "at every size the mean gain reaches ten points", answer, "; ".join(told(each) for each in known), tuple(known)
    )
    return Verdict(
        name="C2",
        claim="The gain, averaged over the maths sets, is ten points or more.",
        source="abstract; Table 1",
        paper="+15.0 (250M), +16.5 (760M), +10.3 (3B), +4.8 (11B); mean +11.7",
        parts=(part,) if known else (),
        lacking="" if known else NO_PAIRS,
    )


def beats_larger(evidence: Evidence) -> Verdict:
    """C5: a specialised student beats larger models that others distilled."""
    ladder, seed = evidence.ladders[0], evidence.seed()
    notes: list[str] = []
    if seed and len(ladder) > 1:
        small, large = ladder[0], ladder[-1]
        terms = [Term(1.0, small, evidence.front, seed), Term(-1.0, large, evidence.start, seed)]
        shown = evidence.contrast(f"{small.name} specialised against {large.name} at its start", terms)
        if shown:
            notes.append(f"Within this run, {seed.title}: {told(shown)}.")
    return Verdict(
        name="C5",
        claim="A small specialised student beats larger distilled or general models.",
        source="Table 1",
        paper="GSM8K: 3B 22.4 against T5-11B 21.9 (Magister) and GPT-6B 21.0 (Shridhar)",
        lacking="the answers of other groups' models to these problems",
        notes=tuple(notes),
    )


NO_PAIRS = "a student scored on test problems at its start and at a later checkpoint"


def _gain(evidence: Evidence, arm: Arm, measure: Measure) -> Comparison | None:
    return evidence.change(arm, evidence.start, evidence.front, measure)


def _mean_gain(evidence: Evidence, arm: Arm, maths: list[Measure]) -> Comparison | None:
    if not maths:
        return None
    names = tuple(name for measure in maths for name in measure.benchmarks)
    every = Measure("maths mean", names, maths[0].format, maths[0].reading)
    return evidence.change(arm, evidence.start, evidence.front, every, arm.name)
