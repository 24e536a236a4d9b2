"""C1, C2, C5: the gain in maths accuracy, after equal updates: at the last checkpoint."""

from specialize.core.statistics.paired import holm
from specialize.report.findings.verdict import LEVEL, Answer, Part, Verdict, all_toward, present, text_of, toward_each
from specialize.report.stats.accuracies import Measure
from specialize.report.stats.bootstrap import Comparison
from specialize.report.stats.contrasts import Evidence, Term

TEN_POINTS = 0.10
ALLOWED = 0.05
"""A fall on one set that C1 bears: the paper's own falls by 4.1 points in one cell of 16."""
ANOTHER_SCALE = (
    "Ten points are the abstract's number, of its models on its benchmarks. On other sets the scale is another: what a "
    "student can gain depends on how hard they are."
)


def gains(evidence: Evidence) -> Verdict:
    """C1: every size gains in the mean over its maths sets, and falls on none.

    A mean over sets for each size, then all sizes: one noisy set does not decide, as it would if each cell had to be
    clear by itself.
    """
    ladder, every = evidence.ladders[0], _every_set(evidence)
    means = present([evidence.change(arm, evidence.start, evidence.last, every, arm.name) for arm in ladder])
    cells = present(
        [evidence.change(arm, evidence.start, evidence.last, each) for arm in ladder for each in evidence.maths()]
    )
    parts = [all_toward("every size gains, in the mean over its maths sets", means, 1)] if means else []
    if means and len(cells) > len(means):
        parts.append(_none_falls(cells))
    return Verdict(
        name="C1",
        claim="Every size gains over the maths sets together, and falls on none of them.",
        source="Table 1",
        paper="15 of 16 cells gain; SVAMP at 11B falls (−4.1)",
        parts=tuple(parts),
        lacking="" if parts else NO_PAIRS,
    )


def _none_falls(cells: list[Comparison]) -> Part:
    """*No* where a cell clearly falls, also after Holm's correction; *yes* where every interval excludes a fall of
    ALLOWED or more."""
    answers = toward_each(cells, 1)
    adjusted = holm([each.p or 0.0 for each in cells])
    clear = sum(p < LEVEL and each.value > 0 for p, each in zip(adjusted, cells, strict=True))
    answer: Answer = "no" if "no" in answers else "yes" if all(each.low > -ALLOWED for each in cells) else "open"
    worst = min(cells, key=lambda each: each.low)
    shown = f"{clear} of {len(cells)} gain clearly after Holm's correction; the least sure: {text_of(worst)}"
    return Part("and no set falls by five points or more at any size", answer, shown, tuple(cells))


def size_of_gain(evidence: Evidence) -> Verdict:
    """C2: the gain is ten points or more, averaged over the maths sets and the sizes."""
    ladder, every = evidence.ladders[0], _every_set(evidence)
    sizes = [evidence.change(arm, evidence.start, evidence.last, every, arm.name) for arm in ladder]
    known = present(sizes)
    mean = evidence.mean_change(ladder, evidence.start, evidence.last, every) if known else None
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
        notes=(ANOTHER_SCALE,) if parts else (),
        parts=tuple(parts),
        lacking="" if parts else NO_PAIRS,
    )


def beats_larger(evidence: Evidence) -> Verdict:
    """C5: a specialised student beats larger models that others distilled."""
    ladder, seed = evidence.ladders[0], evidence.seed()
    notes: list[str] = []
    if seed and len(ladder) > 1:
        small, large = ladder[0], ladder[-1]
        terms = [Term(1.0, small, evidence.last, seed), Term(-1.0, large, evidence.start, seed)]
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


def _every_set(evidence: Evidence) -> Measure:
    names = tuple(name for each in evidence.maths() for name in each.datasets)
    return Measure("maths mean", names, evidence.params.format, evidence.params.reading)
