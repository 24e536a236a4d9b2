"""C9, C10: how accuracy moves late in the training."""

from math import atanh, sqrt, tanh
from statistics import NormalDist, stdev

import pandas
from scipy.stats import pearsonr

from specialize.report.arms import Arm
from specialize.report.findings.verdict import Answer, Part, Verdict, all_toward, text_of
from specialize.report.stats.bootstrap import Comparison
from specialize.report.stats.contrasts import CONFIDENCE, Evidence, Term
from specialize.report.stats.learning_curves import dynamics_table

FEWEST = 8
"""Independent changes between checkpoints, over all students, below which their correlation is not reported."""
WEAK = 0.5
"""Correlation below which the two share less than a quarter of their variance."""

LEVEL = 0.05
"""A student has stopped improving where the whole interval of the change lies below this."""

TOO_FEW = (
    f"at least {FEWEST} independent changes between late checkpoints, so several seeds of a size, with validation "
    "problems of both"
)
ANNEALED = (
    "The learning rate falls to 0 over the whole training (schedule: linear), so what moves late is moved by small "
    "steps; the paper's hardly falls."
)
NOISE = "Much of the change between two checkpoints is noise from the finite set of problems, which looks independent."


def independent_fluctuation(evidence: Evidence) -> Verdict:
    """C9: late in training, accuracy on the seed dataset and out of distribution fluctuate independently."""
    changes, free = _late_changes(evidence)
    parts = []
    enough = free >= FEWEST and stdev(x for x, _ in changes) > 0 and stdev(y for _, y in changes) > 0
    if enough:
        r, low, high = correlation(changes, free)
        answer: Answer = "no" if low > 0 else "yes" if high < WEAK else "open"
        shown = f"correlation of their changes {r:+.2f} ({low:+.2f} to {high:+.2f}; n {free} changes)"
        parts.append(Part("their changes between checkpoints are at most weakly correlated", answer, shown))
    return Verdict(
        name="C9",
        claim="Late in training, accuracy in and out of distribution fluctuate independently.",
        source="Fig. 3A, §4.3",
        paper="seen in two curves after about one epoch; no number",
        parts=tuple(parts),
        lacking="" if enough else TOO_FEW,
        notes=(NOISE, *_annealed(evidence)) if enough else (),
    )


def correlation(pairs: list[tuple[float, float]], free: int) -> tuple[float, float, float]:
    """Return Pearson's r with its interval by Fisher's transformation.

    free: how many pairs are independent: each mean that was subtracted costs one, so that n pairs about one common mean
    have n − 1, and the standard error is the usual 1 / √(n − 3).
    """
    r = float(pearsonr([x for x, _ in pairs], [y for _, y in pairs]).statistic)
    if abs(r) >= 1:
        return round(r, 6), round(r, 6), round(r, 6)
    reach = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) / sqrt(free - 2)
    return round(r, 6), round(tanh(atanh(r) - reach), 6), round(tanh(atanh(r) + reach), 6)


def largest_stops_first(evidence: Evidence) -> Verdict:
    """C10: the largest student stops improving before the smallest does."""
    seed, ladder = evidence.seed(), evidence.ladders[0]
    small, large = ladder[0], ladder[-1]
    late: Comparison | None = None
    more: Comparison | None = None
    level: Comparison | None = None
    if (
        seed
        and len(ladder) > 1
        and all(evidence.late(name) < evidence.before_decay(name) for name in small.names + large.names)
    ):
        end = evidence.before_decay
        late = evidence.change(small, evidence.late, end, seed, f"{small.name}, {_when(evidence, small)}")
        level = evidence.change(large, evidence.late, end, seed, f"{large.name}, {_when(evidence, large)}")
        terms = [
            Term(1.0, small, end, seed), Term(-1.0, small, evidence.late, seed),
            Term(-1.0, large, end, seed), Term(1.0, large, evidence.late, seed),
        ]  # fmt: skip
        more = evidence.contrast(f"{small.name} against {large.name}, {_when(evidence, small)}", terms)
    parts = []
    if late and more and level:
        parts.append(all_toward("late in the training the smallest still gains", [late], 1))
        parts.append(all_toward("and more than the largest", [more], 1))
        parts.append(Part("which gains less than five points", _is_level(level), text_of(level), (level,)))
    return Verdict(
        name="C10",
        claim="The largest student stops improving before the smallest does.",
        source="Fig. 3A1, 3A2",
        paper="3B is level from about 90K data points on, Base still gains in its third epoch",
        parts=tuple(parts),
        lacking=""
        if parts
        else "students of two sizes, with a checkpoint at two thirds of the training and a later one "
        "before the rate falls to 0",
        notes=_annealed(evidence) if parts else (),
    )


def _when(evidence: Evidence, arm: Arm) -> str:
    student = arm.names[0]
    return f"steps {evidence.late(student)} to {evidence.before_decay(student)}"


def _is_level(change: Comparison) -> Answer:
    return "yes" if change.high < LEVEL else "no" if change.low > LEVEL else "open"


def _annealed(evidence: Evidence) -> tuple[str, ...]:
    schedules = {
        evidence.study.training_params(name).get("schedule") for arm in evidence.ladders[0] for name in arm.names
    }
    return (ANNEALED,) if "linear" in schedules else ()


def _late_changes(evidence: Evidence) -> tuple[list[tuple[float, float]], int]:
    """Return (change of seed, change out of distribution), in points, between successive checkpoints of the second half
    of the training but for a final decay of the rate, minus the mean of the size's students at that step; and how many
    of these are independent.

    What all students of a size do at one step (a common curve, the schedule) is no fluctuation: it would correlate the
    two wherever both are learned. A size with one student has none left.
    """
    found: list[tuple[float, float]] = []
    free = 0
    for arm in evidence.ladders[0]:
        moves = []
        for student in arm.replicates():
            table = dynamics_table(evidence, student).set_index("step")[["seed", "out_of_distribution"]]
            late = (table.index >= table.index.max() / 2) & (table.index <= evidence.before_decay(arm.names[0]))
            moves.append(table[late].dropna().diff().dropna())
        by_step = pandas.concat(moves).groupby(level="step")
        residuals = pandas.concat(moves) - by_step.transform("mean")
        several = by_step["seed"].transform("size") > 1
        found += residuals[several].itertuples(index=False, name=None)
        free += sum(size - 1 for size in by_step.size())
    return found, free
