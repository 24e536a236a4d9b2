"""C8: which validation set selects the checkpoint (paper, Table 3)."""

from specialize.report.findings.verdict import Verdict, all_toward
from specialize.report.stats.contrasts import Evidence

BY_SEED, BY_OUT = "seed", "out_of_distribution"


def selection_tradeoff(evidence: Evidence) -> Verdict:
    """C8: selecting by out-of-distribution validation loses accuracy on the seed dataset, gains it on the others."""
    students = [student for arm in evidence.ladders[0] for student in arm.names]
    chosen = {student: evidence.study.selected[student].by for student in students}
    both = [student for student, by in chosen.items() if by.get(BY_SEED) is not None and by.get(BY_OUT) is not None]
    apart = [student for student in both if chosen[student][BY_SEED] != chosen[student][BY_OUT]]
    lacking = ""
    if not both:
        lacking = "validation problems of the seed dataset and out of distribution"
    elif not apart:
        lacking = (
            f"a student whose two choices differ: here both choose the same checkpoint ({len(both)} of {len(both)})"
        )
    parts = []
    for says, measure, sign in (
        ("it costs accuracy on the seed dataset", evidence.seed(), -1),
        ("it gains accuracy out of distribution", evidence.out(), 1),
    ):
        by_seed, by_out = evidence.chosen_by(BY_SEED), evidence.chosen_by(BY_OUT)
        found = evidence.mean_change(evidence.ladders[0], by_seed, by_out, measure) if apart else None
        if found:
            parts.append(all_toward(says, [found], sign))
    return Verdict(
        name="C8",
        claim="Out-of-distribution validation picks better checkpoints there, worse on the seed set.",
        source="Table 3 (validation); here test problems, on which no choice is best by construction",
        paper="costs 2.0–2.6 points of GSM8K, gains 0.3–1.8 on the others' mean",
        parts=tuple(parts),
        lacking=lacking,
        notes=(f"The two choices differ for {len(apart)} of {len(both)} students.",) if both else (),
    )
