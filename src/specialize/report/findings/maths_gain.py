"""C1, C2, C5: the gain in maths accuracy."""

from specialize.report.arms import Arm
from specialize.report.findings.verdict import Answer, Part, Verdict, all_toward, present, text_of
from specialize.report.stats.accuracies import Measure
from specialize.report.stats.bootstrap import Comparison
from specialize.report.stats.contrasts import Evidence, Term

TEN_POINTS = 0.10


def gains(evidence: Evidence) -> Verdict:
    """C1: every size gains on the seed dataset and out of distribution."""
    ladder = evidence.ladders[0]
    found = [_gain(evidence, arm, measure) for arm in ladder for measure in evidence.maths()]
    known = present(found)
    return Verdict(
        name="C1",
        claim="Every size gains on the seed dataset and on the other maths sets.",
        source="Table 1",
        paper="15 of 16 cells gain; SVAMP at 11B falls (−4.1)",
        parts=(all_toward("every size gains on every maths set", known, 1),) if known else (),
        lacking="" if known else NO_PAIRS,
    )


def size_of_gain(evidence: Evidence) -> Verdict:
    """C2: the gain is ten points or more, averaged over the maths sets and the sizes."""
    ladder, maths = evidence.ladders[0], evidence.maths()
    every = Measure("maths mean", tuple(name for each in maths for name in each.datasets), *_read_as(evidence))
    sizes = [evidence.change(arm, evidence.start, evidence.front, every, arm.name) for arm in ladder]
    known = present(sizes)
    mean = evidence.mean_change(ladder, evidence.start, evidence.front, every) if known else None
    parts = []
    if mean:
        shown = [text_of(mean), *(text_of(each) for each in known if len(known) > 1)]
        answer: Answer = "yes" if mean.low >= TEN_POINTS else "no" if mean.high < TEN_POINTS else "open"
        parts.append(Part("the mean gain reaches ten points", answer, "; ".join(shown), (mean, *known)))
    return Verdict(
        name="C2",
        claim="The gain, averaged over the maths sets and the sizes, is ten points or more.",
        source="abstract; Table 1",
        paper="+15.0 (250M), +16.5 (760M), +10.3 (3B), +4.8 (11B); mean +11.7",
        parts=tuple(parts),
        lacking="" if parts else NO_PAIRS,
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
            notes.append(f"Within this run, {seed.title}: {text_of(shown)}.")
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


def _read_as(evidence: Evidence) -> tuple[str, str]:
    return evidence.params.format, evidence.params.reading
