"""Before a teacher is paid: would the filter keep a completion that is right?"""

from collections.abc import Sequence

from specialize.core.errors import SpecializeError
from specialize.core.params.traces import FilterParams
from specialize.core.prompt_formats import target
from specialize.records.completions import Completion
from specialize.records.problems import Problem
from specialize.traces.filter.contamination_limit import refuse_contaminated
from specialize.traces.filter.steps import filter_completions

ASKED = 200
"""So many train problems are tried, evenly spaced."""


def try_gold_completions(problems: Sequence[Problem], against: Sequence[Problem], params: FilterParams) -> int:
    """Return how many of some train `problems` keep a trace, were the teacher to write the gold solution.

    Raises SpecializeError where none does, or where decontamination against the evaluation problems drops too many.
    """
    step = max(1, len(problems) // ASKED)
    tried = problems[::step][:ASKED]
    completions = [
        Completion(problem_id=each.id, teacher="gold", sample=0, text=_solution(each), finish_reason="stop")
        for each in tried
    ]
    filtered = filter_completions(completions, tried, against, params)
    refuse_contaminated(filtered.funnel, filtered.contaminated, tried, against, params)
    if not filtered.traces:
        drops = ", ".join(f"{row.step} {row.dropped} ({row.why})" for row in filtered.funnel.steps if row.dropped)
        raise SpecializeError(
            f"traces: no completion would be kept: of {len(tried)} gold solutions the filter drops all: {drops}. "
            f"Such as {tried[0].id}: {_solution(tried[0])!r}"
        )
    return len(filtered.traces)


def _solution(problem: Problem) -> str:
    reasoning = problem.rationale or f"Step by step this comes to {problem.answer}"
    return target("zero_shot_chain_of_thought", reasoning, problem.answer, problem.template)
