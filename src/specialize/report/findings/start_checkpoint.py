"""C7: the start checkpoint (paper, Table 2), after equal updates: at the last checkpoint."""

from specialize.report.arms import pairs_of
from specialize.report.findings.verdict import Verdict, all_toward, differing_rates, text_of, toward
from specialize.report.stats.bootstrap import Comparison
from specialize.report.stats.contrasts import Evidence, Term

NO_PAIR = "two students that differ only in the start, one of objective instructions, one of span_corruption"
AHEAD = "an instruction-tuned start that solves clearly more than the raw one, for the raw one to gain more"


def better_start(evidence: Evidence) -> Verdict:
    """C7: an instruction-tuned start ends higher than a raw one of the same size, though the raw one gains more."""
    pairs = pairs_of(evidence.arms, "start", "instructions", "span_corruption")
    seed = evidence.seed()
    ends: list[Comparison] = []
    raw_gains: list[Comparison] = []
    before: list[Comparison] = []
    for tuned, raw in pairs if seed else ():
        assert seed
        label = f"{tuned.name} against {raw.name}"
        end = evidence.between(tuned, raw, evidence.last, seed, label)
        head = evidence.contrast(label, [Term(1.0, tuned, evidence.start, seed), Term(-1.0, raw, evidence.start, seed)])
        gain = evidence.contrast(
            f"{raw.name} against {tuned.name}",
            [
                Term(1.0, raw, evidence.last, seed), Term(-1.0, raw, evidence.start, seed),
                Term(-1.0, tuned, evidence.last, seed), Term(1.0, tuned, evidence.start, seed),
            ],
        )  # fmt: skip
        ends += [end] if end else []
        before += [head] if head else []
        # Where both starts are equally accurate, the gains differ as the ends do: that would test the same thing twice.
        raw_gains += [gain] if gain and head and toward(head, 1) == "yes" else []
    parts = []
    if ends:
        parts.append(all_toward("the instruction-tuned start ends higher", ends, 1))
    if raw_gains:
        parts.append(all_toward("the raw start gains more", raw_gains, 1))
    return Verdict(
        name="C7",
        claim="An instruction-tuned start ends higher than a raw one, though the raw one gains more.",
        source="Table 2",
        paper="15.2 against 14.2 (250M), 21.8/16.2 (760M), 23.8/20.6 (3B); gain at 3B: T5 +19.9, FlanT5 +10.3",
        parts=tuple(parts),
        lacking=NO_PAIR if not parts else "" if raw_gains else AHEAD,
        notes=(
            *differing_rates(pairs),
            *(f"Before the training {text_of(each)}." for each in before),
        ),
    )
