"""Every verdict of a run, in the paper's order, and results/report/verdicts.json."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from specialize.report.findings import (
    checkpoint_selection,
    data_formats,
    generic_ability,
    late_training,
    loss,
    maths_gain,
    model_size,
    start_checkpoint,
    topk_and_alignment,
)
from specialize.report.findings.verdict import Verdict, with_holm
from specialize.report.stats.contrasts import Evidence

FINDINGS: tuple[Callable[[Evidence], Verdict], ...] = (
    maths_gain.gains,
    maths_gain.size_of_gain,
    generic_ability.chain_of_thought_lost,
    generic_ability.answer_only_lost,
    maths_gain.beats_larger,
    model_size.log_linear,
    start_checkpoint.better_start,
    checkpoint_selection.selection_tradeoff,
    late_training.independent_fluctuation,
    late_training.largest_stops_first,
    loss.lower_loss,
    data_formats.in_context_only,
    data_formats.zero_shot_only,
    topk_and_alignment.top_k_is_enough,
    topk_and_alignment.alignment_supervises,
    generic_ability.scorer_or_skill,
    generic_ability.format_or_skill,
    loss.better_objective,
)


def verdicts_of(evidence: Evidence) -> list[Verdict]:
    """Return C1 to C15, then the open questions."""
    return with_holm([finding(evidence) for finding in FINDINGS])


def verdicts_json(verdicts: list[Verdict]) -> list[dict[str, Any]]:
    """Return what verdicts.json holds: every number in full, shares of 1 (losses: nats per target token)."""
    return [{"verdict": verdict.word, **asdict(verdict)} for verdict in verdicts]
