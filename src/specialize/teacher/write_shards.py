"""From the cache to the files of completions, shard by shard, with a summary."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from specialize.core.errors import SpecializeError
from specialize.core.files import sha256_file
from specialize.core.log import get_logger
from specialize.records.completions import SamplingSettings, SamplingSummary
from specialize.records.problems import Problem
from specialize.teacher.api.requests import Request
from specialize.teacher.api.responses import Answer
from specialize.teacher.cache.store import Cache
from specialize.teacher.completions import completion_row, write_completions
from specialize.teacher.plan import Plan

LOG = get_logger("teacher")


class Summary:
    """Counts over a run's completions; the same whether they were sampled now or came from the cache."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.reasons: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.states: Counter[str] = Counter()

    def add(self, answer: Answer) -> None:
        """Count one completion."""
        self.reasons[answer.finish_reason or "not told"] += 1
        self.states[answer.state] += 1
        tokens = answer.tokens or ()
        self.counts["tokens"] += len(tokens)
        self.counts["tokens_with_logprob"] += sum(token.logprob is not None for token in tokens)
        self.counts["alternatives"] += sum(len(token.top) for token in tokens)

    def record(self) -> SamplingSummary:
        """Return the counts as results/completions/sampling.json holds them."""
        total = self.states.total()
        return SamplingSummary(
            teacher=self.plan.params.model,
            problems=self.plan.count,
            completions=total,
            completions_without_tokens=total - self.states["kept"],
            finish_reasons=dict(self.reasons),
            tokens=self.counts["tokens"],
            tokens_with_logprob=self.counts["tokens_with_logprob"],
            alternatives=self.counts["alternatives"],
        )

    def log_missing_tokens(self) -> None:
        """Log why completions have no tokens, where log-probabilities were asked for."""
        if self.plan.params.top_k:
            for state, count in sorted(self.states.items()):
                if state != "kept":
                    LOG.warning("%s completions keep their text alone: tokens %s", f"{count:,}", state)


def write_shards(plan: Plan, cache: Cache, paths: Sequence[Path]) -> SamplingSummary:
    """Write one file per shard of the plan and return the summary. Every completion must be in the cache."""
    params = plan.params
    settings = SamplingSettings(**params.model_dump(include=set(SamplingSettings.model_fields)))
    summary = Summary(plan)
    for path, block in zip(paths, plan.shards(), strict=True):
        write_completions(path, _rows(block, plan, cache, summary), settings)
        cache.know(sha256_file(path))
    summary.log_missing_tokens()
    return summary.record()


def _rows(
    block: Iterator[tuple[Problem, Request]], plan: Plan, cache: Cache, summary: Summary
) -> Iterator[dict[str, Any]]:
    params = plan.params
    for problem, request in block:
        count = 0
        for row in cache.read(request.key, params.samples, params.max_tokens, plan.bare):
            answer = row.answer()
            summary.add(answer)
            columns = completion_row(problem.id, params.model, row.sample, answer)
            yield {**columns, "request_key": request.key}
            count += 1
        if count != params.samples:
            raise SpecializeError(
                f"{problem.id}: expected {params.samples} completions in the cache, got {count}. "
                "Was the cache pruned meanwhile? Run the same command again"
            )
