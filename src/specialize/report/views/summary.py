"""Which of the paper's findings hold, in one sentence."""

from collections import Counter
from collections.abc import Sequence

from specialize.report.findings.verdict import Verdict
from specialize.report.formatting import joined


def counted_verdicts(verdicts: Sequence[Verdict]) -> str:
    """Return how many of the paper's findings hold in this run, as a sentence."""
    of_paper = [verdict for verdict in verdicts if verdict.name.startswith("C")]
    counts = Counter(verdict.word for verdict in of_paper)
    words = [
        (counts["holds"], "hold here"), (counts["does not hold"], "do not"),
        (counts["unclear"], "are unclear"), (counts["not tested here"], "are not tested by this run"),
    ]  # fmt: skip
    counts_in_words = [f"{count} {word}" for count, word in words if count]
    return f"Of the paper's {len(of_paper)} findings {joined(counts_in_words)}."
