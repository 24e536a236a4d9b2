"""Which of the paper's findings hold, in one sentence."""

from collections import Counter
from collections.abc import Sequence

from specialize.report.findings.verdict import LEVEL, Verdict
from specialize.report.formatting import joined


def family_line(verdicts: Sequence[Verdict]) -> str:
    """Return how many of the report's comparisons are clear, and how many after Holm's correction for all of them."""
    found = [each for verdict in verdicts for part in verdict.parts for each in part.comparisons if each.p is not None]
    alone = sum(each.p is not None and each.p < LEVEL for each in found)
    together = sum(each.p_holm is not None and each.p_holm < LEVEL for each in found)
    return (
        f"Of {len(found)} comparisons in these verdicts {alone} have p below {LEVEL} by themselves, {together} after "
        "Holm's correction for all of them."
    )


def counted_verdicts(verdicts: Sequence[Verdict]) -> str:
    """Return how many of the paper's findings hold in this run, as a sentence."""
    of_paper = [verdict for verdict in verdicts if verdict.name.startswith("C")]
    counts = Counter(verdict.word for verdict in of_paper)
    words = [
        (counts["holds"], "hold here"), (counts["by construction"], "hold by construction"),
        (counts["does not hold"], "do not"),
        (counts["unclear"], "are unclear"), (counts["not tested here"], "are not tested by this run"),
    ]  # fmt: skip
    counts_in_words = [f"{count} {word}" for count, word in words if count]
    return f"Of the paper's {len(of_paper)} findings {joined(counts_in_words)}."
