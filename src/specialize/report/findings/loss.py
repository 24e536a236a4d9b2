"""C11, Q3: distribution matching against sample matching, after equal updates: at the last checkpoint."""

import numpy as np
import pandas

from specialize.core.statistics.paired import mean_interval
from specialize.report.arms import Arm, pairs_of
from specialize.report.findings.verdict import (
    Answer,
    Part,
    Verdict,
    all_of,
    all_toward,
    differing_rates,
    present,
    text_of,
)
from specialize.report.stats.bootstrap import Comparison
from specialize.report.stats.contrasts import CONFIDENCE, Evidence, teams_of

MARGIN = 0.05
"""Accuracies are similar where the whole interval of their difference is within this of zero."""
SCALES = {"teacher_kl": "divergence from the teacher", "sample_nll": "loss on the teacher's text"}
TARGETS = (
    "The two learn from different targets: the texts passed the filters, the distributions are the teacher's before "
    "any filter, at the temperature of traces.alignment's targets."
)
OWN_SCALE = (
    "Which loss on the teacher's text is lower is not asked: sample matching minimises that very number, so the answer "
    "is nearly fixed in advance. The curves show it."
)
NO_PAIR = "two students that differ only in the loss, one sample, one distribution"


def lower_loss(evidence: Evidence) -> Verdict:
    """C11: distribution matching comes nearer to the teacher's distribution, at similar accuracy.

    The paper's two curves are each on its own scale, so they cannot be set one against the other.
    """
    pairs = _pairs(evidence)
    parts = []
    losses = present([_late_loss(evidence, *pair, "teacher_kl") for pair in pairs])
    if losses:
        says = f"late in training its {SCALES['teacher_kl']} is lower (nats; n: logged steps)"
        parts.append(all_toward(says, losses, -1, "nats"))
    ends = _ends(evidence, pairs)
    if ends:
        parts.append(_within_margin("accuracy on the seed dataset is similar, within five points", ends))
    return Verdict(
        name="C11",
        claim="Distribution matching comes nearer to the teacher's distribution, at similar accuracy.",
        source="Fig. 3B, §4.4",
        paper="falls faster and lower, each on its own scale; accuracy about equal; no numbers",
        parts=tuple(parts),
        lacking=NO_PAIR
        if not pairs
        else "" if losses else "training curves with the divergence from the teacher (teacher_kl)",
        notes=(*differing_rates(pairs), *([TARGETS, OWN_SCALE] if pairs else [])),
    )  # fmt: skip


def better_objective(evidence: Evidence) -> Verdict:
    """Q3: distribution matching ends higher after equal updates."""
    pairs = _pairs(evidence)
    ends = _ends(evidence, pairs)
    out = [evidence.between(*pair, evidence.last, evidence.out()) for pair in pairs]
    parts = []
    if ends:
        parts.append(all_toward("it ends higher on the seed dataset", ends, 1))
    if known := present(out):
        parts.append(all_toward("and out of distribution", known, 1))
    return Verdict(
        name="Q3",
        claim="Distribution matching beats sample matching after equal updates on equal data.",
        source="open: no ablation in the paper",
        paper="not studied",
        parts=tuple(parts),
        lacking="" if parts else NO_PAIR,
        notes=(
            "Both at the last checkpoint: equal updates over equal batches; one update of either makes the same passes "
            "through the student, so equal compute too, up to the loss itself (seconds are in no artifact).",
            TARGETS,
        )
        if parts
        else (),
    )


def _pairs(evidence: Evidence) -> list[tuple[Arm, Arm]]:
    return pairs_of(evidence.arms, "loss", "distribution", "sample")


def _ends(evidence: Evidence, pairs: list[tuple[Arm, Arm]]) -> list[Comparison]:
    found = [evidence.between(*pair, evidence.last, evidence.seed()) for pair in pairs]
    return present(found)


def _within_margin(says: str, ends: list[Comparison]) -> Part:
    return Part(says, all_of(_is_small(each) for each in ends), "; ".join(text_of(each) for each in ends), tuple(ends))


def _is_small(difference: Comparison) -> Answer:
    if difference.low > -MARGIN and difference.high < MARGIN:
        return "yes"
    return "no" if difference.low > MARGIN or difference.high < -MARGIN else "open"


def _late_loss(evidence: Evidence, first: Arm, second: Arm, column: str) -> Comparison | None:
    """Return first − second of a column's mean over the last third of the curve, paired by logged step and by seed: the
    same seed gives the same batches."""
    losses = _late_losses(evidence, column)
    rows = []
    for one, other in teams_of([first, second]):
        if one not in losses or other not in losses:
            return None
        rows.append((losses[one] - losses[other]).dropna().to_numpy())
    shortest = min(len(row) for row in rows)
    if shortest < 2:
        return None
    part = np.array([row[-shortest:] for row in rows])
    found = mean_interval([part], None, CONFIDENCE)
    label = f"{first.name} against {second.name}"
    return Comparison(label, found.value, found.low, found.high, n=shortest, seeds=len(rows), p=found.p)


def _late_losses(evidence: Evidence, column: str) -> pandas.DataFrame:
    """Return a column of the training curves by step and student, of each student the last third of its steps."""
    logged = evidence.study.curves.reindex(columns=["student", "step", column]).replace("", None)
    logged = logged.astype({"step": float, column: float})
    late = 3 * logged["step"] > 2 * logged.groupby("student")["step"].transform("last")
    return logged[late].dropna().groupby(["step", "student"])[column].last().unstack()
