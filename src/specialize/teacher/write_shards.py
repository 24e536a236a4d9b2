"""From the cache to the files of completions, shard by shard, with a summary."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from specialize.core.errors import SpecializeError
from specialize.core.files import sha256_file
from specialize.records.completions import SamplingSettings, SamplingSummary
from specialize.records.problems import Problem
from specialize.teacher.api.requests import Request
from specialize.teacher.cache.store import Cache
from specialize.teacher.completions import completion_row, write_completions
from specialize.teacher.plan import Plan
from specialize.teacher.sampling_counts import SamplingCounts


def write_shards(plan: Plan, cache: Cache, paths: Sequence[Path]) -> SamplingSummary:
    """Write one file per shard of the plan and return the summary. Every completion must be in the cache."""
    params = plan.params
    settings = SamplingSettings(**params.model_dump(include=set(SamplingSettings.model_fields)))
    summary = SamplingCounts(params, plan.count)
    for path, block in zip(paths, plan.shards(), strict=True):
        write_completions(path, _rows(block, plan, cache, summary), settings)
        cache.mark_file(sha256_file(path))
    summary.log_warnings()
    return summary.record()


def _rows(
    block: Iterator[tuple[Problem, Request]], plan: Plan, cache: Cache, summary: SamplingCounts
) -> Iterator[dict[str, Any]]:
    params = plan.params
    for problem, request in block:
        count = 0
        summary.begin(problem)
        for row in plan.rows(cache, request):
            answer = row.answer()
            summary.add(row, answer)
            columns = completion_row(problem.id, params.model, row.sample, answer)
            yield {**columns, "request_key": request.key}
            count += 1
        if count != params.samples:
            raise SpecializeError(
                f"{problem.id}: expected {params.samples} completions in the cache, got {count}. "
                "Was the cache pruned meanwhile? Run the same command again"
            )
