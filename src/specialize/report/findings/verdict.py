"""Verdicts: the parts of a finding, each answered by the intervals of contrasts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

from specialize.core.statistics.paired import holm
from specialize.report.arms import Arm, differing_details
from specialize.report.formatting import NBSP, joined, percent, points
from specialize.report.stats.bootstrap import Comparison

LEVEL = 0.05
Answer = Literal["yes", "no", "open"]
Unit = Literal["points", "percent", "nats"]
Item = TypeVar("Item")
Word = Literal["holds", "by construction", "does not hold", "unclear", "not tested here"]
WORDS: dict[Answer, Word] = {"yes": "holds", "no": "does not hold", "open": "unclear"}


@dataclass(frozen=True)
class Part:
    """One statement of a finding, the run's answer and its numbers."""

    says: str
    answer: Answer
    told: str
    """The numbers in one line."""
    comparisons: tuple[Comparison, ...] = ()
    """In full."""
    unit: Unit = "points"
    """Of the comparisons: a difference of accuracies, an accuracy, or a difference of losses (nats a target token)."""


@dataclass(frozen=True)
class Verdict:
    """A finding of the paper, tested on this run."""

    name: str
    """`C1` … `C15`, or `Q1` … for a question that the paper leaves open."""
    claim: str
    """The finding in one sentence."""
    source: str
    """Where the paper says so."""
    paper: str
    """The paper's number."""
    parts: tuple[Part, ...] = ()
    lacking: str = ""
    """Which arm or file is needed to test it, or its untested parts."""
    notes: tuple[str, ...] = field(default=())
    by_construction: str = ""
    """Why the run could hardly have found otherwise; empty where it could."""

    @property
    def word(self) -> Word:
        """`holds` where every part does, `does not hold` where one clearly does not; `by construction` where it holds
        and could not have done otherwise."""
        if not self.parts:
            return "not tested here"
        word = WORDS[all_of(part.answer for part in self.parts)]
        return "by construction" if word == "holds" and self.by_construction else word


def toward(comparison: Comparison, sign: int) -> Answer:
    """Return whether the contrast is clearly above zero (`sign` 1) or below it (−1): its interval holds no zero."""
    low, high = (comparison.low, comparison.high) if sign > 0 else (-comparison.high, -comparison.low)
    return "yes" if low > 0 else "no" if high < 0 else "open"


def all_of(answers: Iterable[Answer]) -> Answer:
    """Combine the answers of several contrasts: one clear no is a no, all yes are a yes."""
    found = set(answers)
    return "no" if "no" in found else "open" if "open" in found else "yes"


def toward_each(comparisons: Sequence[Comparison], sign: int) -> list[Answer]:
    """Return `toward` of each, where a *no* must also be clear after Holm's correction for their number.

    That all go one way needs no correction: each must pass its own test. That one goes the other way does: of twenty
    equals one would at a level of 5 %.
    """
    adjusted = holm([_against(each, sign) for each in comparisons])
    answers = [toward(each, sign) for each in comparisons]
    return [
        "open" if answer == "no" and len(comparisons) > 1 and p >= LEVEL / 2 else answer
        for answer, p in zip(answers, adjusted, strict=True)
    ]


def _against(comparison: Comparison, sign: int) -> float:
    """Return the one-sided p of a contrast on the other side of zero."""
    if comparison.p is None:
        return 1.0
    return comparison.p / 2 if sign * comparison.value < 0 else 1 - comparison.p / 2


def all_toward(says: str, comparisons: Sequence[Comparison], sign: int, unit: Unit = "points") -> Part:
    """Return the part that holds where all contrasts clearly have this sign; it fails where one has the other, also
    after Holm's correction for their number."""
    answers = toward_each(comparisons, sign)
    answer = all_of(answers)
    if len(comparisons) == 1:
        return Part(says, answer, text_of(comparisons[0], unit), tuple(comparisons), unit)
    weakest = min(comparisons, key=lambda each: sign * each.value)
    strongest = max(comparisons, key=lambda each: sign * each.value)
    counted = f"{answers.count('yes')} of {len(answers)} clearly"
    if answers.count("no"):
        counted += f", {answers.count('no')} clearly the other way"
    between = (
        f"from {text_of(weakest, unit)} to {text_of(strongest, unit)}"
        if weakest != strongest
        else text_of(weakest, unit)
    )
    return Part(says, answer, f"{counted}; {between}", tuple(comparisons), unit)


def with_holm(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return the verdicts with each comparison's p adjusted for the family of all comparisons that the report makes."""
    family = [
        each.p for verdict in verdicts for part in verdict.parts for each in part.comparisons if each.p is not None
    ]
    adjusted = iter(holm(family))

    def of_part(part: Part) -> Part:
        comparisons = tuple(
            each if each.p is None else replace(each, p_holm=round(next(adjusted), 6)) for each in part.comparisons
        )
        return replace(part, comparisons=comparisons)

    return [replace(verdict, parts=tuple(of_part(part) for part in verdict.parts)) for verdict in verdicts]


def present(items: Iterable[Item | None]) -> list[Item]:
    """Return the items that are there: contrasts that could be measured."""
    return [item for item in items if item is not None]


def differing_rates(pairs: Iterable[tuple[Arm, Arm]]) -> tuple[str, ...]:
    """Return a note for each pair of arms that learn at different rates."""
    return tuple(
        f"{first.name} and {second.name} differ in {joined([name.replace('_', ' ') for name in names])} too."
        for first, second in pairs
        if (names := differing_details(first, second))
    )


def text_of(comparison: Comparison, unit: Unit = "points") -> str:
    """Return `xs, svamp: +1.2 (−3.0 to +5.4; n 300, p .041)`."""
    replicates = f" × {comparison.seeds} seeds" if comparison.seeds > 1 else ""
    chance = "" if comparison.p is None else f", p{NBSP}{_p(comparison.p)}"
    value, low, high = (in_unit(unit, each) for each in (comparison.value, comparison.low, comparison.high))
    return f"{comparison.label}: {value} ({low} to {high}; n{NBSP}{comparison.n:,}{replicates}{chance})"


def in_unit(unit: Unit, value: float) -> str:
    """Return a number of a comparison in its unit: `+1.2` points, `3.4` %, `−0.012` nats."""
    if unit == "nats":
        return f"{value:+.3f}".replace("-", "−")
    return points(100 * value) if unit == "points" else percent(max(value, 0.0))


def _p(p: float) -> str:
    return "<.001" if p < 0.001 else f"{p:.3f}".lstrip("0")
