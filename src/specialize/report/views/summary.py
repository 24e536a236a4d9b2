"""The report in three sentences: what was gained, what it cost, and which of the paper's findings hold."""

from collections import Counter
from collections.abc import Sequence

from specialize.report.findings.verdict import LEVEL
from specialize.report.findings.verdict import Verdict as Finding
from specialize.report.formatting import FORMATS, describe, interval_name, joined, size
from specialize.report.stats.changes import change_in
from specialize.report.stats.contrasts import Evidence
from specialize.report.stats.estimate import Change, Verdict
from specialize.report.views.main_table import Column

OUTCOMES: dict[Verdict, str] = {
    "gain": "clearly gained",
    "loss": "clearly lost",
    "unclear": "changed by less than the intervals resolve",
}


def summary_of(evidence: Evidence, columns: Sequence[Column], verdicts: Sequence[Finding]) -> list[str]:
    """Return three sentences: on the seed dataset, on generic tasks in the format of the params, on the verdicts."""
    params = evidence.params
    gain = next((column for column in columns if column.role == "seed"), None)
    cost = next(
        (
            column
            for column in columns
            if column.role == "generic" and column.measure.format == params.generic_format
        ),
        None,
    )  # fmt: skip
    if gain is None:
        first = "No test problems of the seed dataset were scored in this format, so the gain is unknown."
    else:
        first = f"On the test problems of {gain.title} {_change_in_words(evidence, gain)}"
    if cost is None:
        second = "No generic tasks were scored in this format, so the cost is unknown."
    else:
        measure = cost.measure
        what = f"{joined(measure.datasets)}, {FORMATS[measure.format]}, {measure.reading} match"
        second = f"On generic tasks ({what}) {_change_in_words(evidence, cost)}"
    return [first, second, counted_verdicts(verdicts)]


def _change_in_words(evidence: Evidence, column: Column) -> str:
    ladder = evidence.ladders[0]
    largest = ladder[-1]
    change = change_in(evidence, largest, column.measure)
    name = f"the {'student' if len(ladder) == 1 else 'largest student'} ({largest.name}, "
    name += f"{size(largest.parameters)} parameters"
    name += f", mean of {len(largest.seeds)} seeds)" if len(largest.seeds) > 1 else ")"
    # The interval of one run is of these problems only: another seed may differ by more. No headline.
    interval = interval_name(evidence.study.scores) if len(largest.seeds) > 1 else ""
    if change.before is None or change.after is None:
        return f"{name} was not scored both before and after."
    before, after = describe(change.before, interval), describe(change.after, interval)
    text = f"{name} went from {before} to {after}: {_verdict(change)}"
    if len(ladder) == 1:
        return text + "."
    changes = [change_in(evidence, arm, column.measure) for arm in ladder]
    return f"{text}; {_counted([change.verdict for change in changes if change.verdict])}."


def _counted(verdicts: Sequence[Verdict]) -> str:
    """Return `of 3 sizes 2 clearly gained and 1 clearly lost`, or `all 3 sizes clearly gained`."""
    counts = Counter(verdicts)
    if len(counts) == 1:
        return f"all {len(verdicts)} sizes {OUTCOMES[verdicts[0]]}"
    parts = [f"{counts[verdict]} {words}" for verdict, words in OUTCOMES.items() if counts[verdict]]
    return f"of {len(verdicts)} sizes {joined(parts)}"


def _verdict(change: Change) -> str:
    if change.before and change.after and change.before.correct == change.after.correct == 0:
        return "it solves none, before or after"
    if change.verdict in (None, "unclear"):
        return "no clear change"
    return f"a clear {change.verdict}"


def family_line(verdicts: Sequence[Finding]) -> str:
    """Return how many of the report's comparisons are clear, and how many after Holm's correction for all of them."""
    found = [each for verdict in verdicts for part in verdict.parts for each in part.comparisons if each.p is not None]
    alone = sum(each.p is not None and each.p < LEVEL for each in found)
    together = sum(each.p_holm is not None and each.p_holm < LEVEL for each in found)
    return (
        f"Of {len(found)} comparisons in these verdicts {alone} have p below {LEVEL} by themselves, {together} after "
        "Holm's correction for all of them."
    )


def counted_verdicts(verdicts: Sequence[Finding]) -> str:
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
