"""Every verdict of a run, in the paper's order, and results/report/verdicts.json."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from specialize.report.evidence import Evidence
from specialize.report.findings import formats, gain, late, objective, price, scaling, selection, start, teacher
from specialize.report.verdict import Verdict

FINDINGS: tuple[Callable[[Evidence], Verdict], ...] = (
    gain.gains,
    gain.size_of_gain,
    price.chain_of_thought_lost,
    price.answer_only_lost,
    gain.beats_larger,
    scaling.log_linear,
    start.better_start,
    selection.choice_costs,
    late.drift_apart,
    late.data_hunger,
    objective.lower_loss,
    formats.in_context_only,
    formats.zero_shot_only,
    teacher.top_k_is_enough,
    teacher.alignment_supervises,
    price.scorer_or_skill,
    price.format_or_skill,
    objective.better_objective,
)


def verdicts_of(evidence: Evidence) -> list[Verdict]:
    """Return C1 to C15, then the open questions."""
    return [finding(evidence) for finding in FINDINGS]


def verdicts_json(verdicts: list[Verdict]) -> list[dict[str, Any]]:
    """Return what verdicts.json holds: every number in full, shares of 1 (losses: nats per target token)."""
    return [{"verdict": verdict.word, **asdict(verdict)} for verdict in verdicts]
