"""Numbers and names as text."""

from collections.abc import Sequence

from specialize.records.scores import Score
from specialize.report.stats.estimate import Estimate

FORMATS = {
    "in_context_chain_of_thought": "in-context chain of thought",
    "in_context_answer_only": "in-context answer-only",
    "zero_shot_chain_of_thought": "zero-shot chain of thought",
    "zero_shot_answer_only": "zero-shot answer-only",
    "answer_only": "answer-only",
    "chain_of_thought": "chain of thought",
    "trained_chain_of_thought": "chain of thought as trained",
}
NBSP = "\u00a0"
"""Keeps `%` on the line of its number."""
CRITERIA = {"seed": "seed dataset", "out_of_distribution": "out-of-distribution mean"}


def percent(share: float) -> str:
    """Return a share of 1 as `12.3`, in %."""
    return f"{100 * share:.1f}"


def rounded(share: float) -> str:
    """Return a share of 1 as `12`, in %, or as `0.6` below one percent."""
    value = 100 * share
    return f"{value:.1f}" if 0 < value < 0.95 else f"{value:.0f}"


def rounded_span(estimate: Estimate) -> str:
    """Return the interval in %, as `1–34` or `0–0.4`."""
    return f"{rounded(estimate.low)}–{rounded(estimate.high)}"


def points(change: float) -> str:
    """Return percentage points with their sign: `+12.3`, `−4.1`, `0.0`."""
    text = f"{change:+.1f}".replace("-", "−")
    return "0.0" if text[1:] == "0.0" else text


def span(estimate: Estimate) -> str:
    """Return the interval in %, as `1.2–3.4`."""
    return f"{percent(estimate.low)}–{percent(estimate.high)}"


def describe(estimate: Estimate, interval: str) -> str:
    """Return `0 of 40 (0.0 %, 95 % interval 0.0–8.8)`; a mean has no count: `12.3 % (n 540, 95 % interval …)`.

    interval: its name; empty: the interval is left out.
    """
    shown = f", {interval} {span(estimate)}" if interval else ""
    if estimate.is_share:
        return f"{estimate.correct:,} of {estimate.n:,} ({percent(estimate.accuracy)}{NBSP}%{shown})"
    return f"{percent(estimate.accuracy)}{NBSP}% (n {estimate.n:,}{shown})"


def interval_name(scores: Sequence[Score]) -> str:
    """Return `95 % interval`: the confidence of the scores' intervals."""
    values = {score.plan.get("confidence") for score in scores}
    levels = sorted(100 * value for value in values if isinstance(value, int | float))
    return f"{' / '.join(f'{level:.6g}' for level in levels)}{NBSP}% interval" if levels else "interval"


def size(parameters: int) -> str:
    """Return a parameter count in three digits: `28.4k`, `250M`, `11.1B`."""
    for limit, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        # 999,950 is a thousand thousands when it is rounded: the next unit begins a little early.
        if parameters >= 0.9995 * limit:
            return f"{parameters / limit:.3g}{unit}"
    return str(parameters)


def joined(names: Sequence[str]) -> str:
    """Return `a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
