"""C6: accuracy against the logarithm of the parameters, after equal updates: at the last checkpoint."""

from math import log10

from specialize.report.arms import STARTS, Arm
from specialize.report.findings.verdict import Answer, Part, Verdict, all_toward, text_of
from specialize.report.stats.bootstrap import Comparison, bend_weights, line_through, slope_weights
from specialize.report.stats.contrasts import Evidence, Term, When

FITS = 0.9
"""R² from which a line counts as a fit (paper's own curves: .88 to .98)."""


def log_linear(evidence: Evidence) -> Verdict:
    """C6: after specialisation accuracy rises linearly in log parameters. Where a raw start was tested: flat before."""
    parts: list[Part] = []
    notes: list[str] = []
    ladders = [ladder for ladder in evidence.ladders if len(ladder) > 2]
    # One ladder for each start: the first is the one with the formats and loss of the main table.
    for start in dict.fromkeys(ladder[0].start for ladder in ladders):
        ladder = next(each for each in ladders if each[0].start == start)
        name = STARTS.get(start, start)
        slopes = [slope_of(evidence, ladder, when, f"{name}, {word}") for when, word in _moments(evidence)]
        if slopes[1] is None:
            continue
        parts.append(all_toward(f"{name}: after training accuracy rises with size", [slopes[1]], 1))
        parts.append(_fit(evidence, ladder, name))
        if slopes[0]:
            notes.append(f"Points per tenfold parameters, {text_of(slopes[0])}.")
        if start == "span_corruption" and slopes[0]:
            terms = [*_terms(evidence, ladder, evidence.last, 1), *_terms(evidence, ladder, evidence.start, -1)]
            steeper = evidence.contrast(f"{name}, after against before", terms)
            if steeper:
                parts.append(all_toward(f"{name}: the curve is flatter before training", [steeper], 1))
    tested = {ladder[0].start for ladder in ladders}
    lacking = [STARTS[start] for start in ("instructions", "span_corruption") if start not in tested]
    return Verdict(
        name="C6",
        claim="After specialisation accuracy is linear in the logarithm of the parameters.",
        source="Fig. 2; Table 2",
        paper="FlanT5: 8.3 points per decade before (R² .98), 7.8 after (.95); T5: −1.0 before, 6.0 after (.98)",
        parts=tuple(parts),
        lacking=f"students of three sizes from a start that is {' or '.join(lacking)}" if lacking else "",
        notes=tuple(notes),
    )


def slope_of(evidence: Evidence, ladder: list[Arm], when: When, label: str) -> Comparison | None:
    """Return the slope of accuracy on the seed dataset per tenfold parameters."""
    terms = _terms(evidence, ladder, when, 1)
    return evidence.contrast(label, terms) if terms else None


def _moments(evidence: Evidence) -> list[tuple[When, str]]:
    return [(evidence.start, "before"), (evidence.last, "after")]


def _terms(evidence: Evidence, ladder: list[Arm], when: When, sign: int) -> list[Term]:
    seed = evidence.seed()
    if seed is None:
        return []
    weights = slope_weights([log10(arm.parameters) for arm in ladder])
    return [Term(sign * weight, arm, when, seed) for arm, weight in zip(ladder, weights, strict=True)]


def _fit(evidence: Evidence, ladder: list[Arm], name: str) -> Part:
    """R² over three points says little, so the curvature is tested as a contrast over problems too."""
    seed = evidence.seed()
    levels = [evidence.accuracy(arm, evidence.last, seed) for arm in ladder]
    known = [(log10(arm.parameters), level) for arm, level in zip(ladder, levels, strict=True) if level]
    slope, _, fitted = line_through([x for x, _ in known], [level.value for _, level in known])
    weights = bend_weights([log10(arm.parameters) for arm in ladder])
    terms = [Term(weight, arm, evidence.last, seed) for arm, weight in zip(ladder, weights, strict=True) if seed]
    bend = evidence.contrast("middle above the line through the ends", terms)
    bends = bend is not None and not bend.low <= 0 <= bend.high
    fits = fitted >= FITS and slope > 0
    answer: Answer = "yes" if fits and not bends else "no" if bends and not fits else "open"
    fit = f"R² {fitted:.2f} over {len(known)} sizes, {100 * slope:.1f} points per tenfold parameters"
    return Part(
        f"{name}: a straight line fits", answer, f"{fit}; {text_of(bend)}" if bend else fit,
        (bend,) if bend else (),
    )  # fmt: skip
