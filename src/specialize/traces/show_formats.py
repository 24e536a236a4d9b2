"""One trace as the student meets it, for a human to read."""

from collections.abc import Sequence
from itertools import islice

from specialize.core.prompt_formats import Format, Worked, is_in_context, source, target
from specialize.records.problems import Problem
from specialize.records.traces import Trace

EXEMPLARS = 2
"""Training draws exemplars per example; here the first other problems with a reasoning stand for them."""


def exemplars_for(trace: Trace, problems: Sequence[Problem], count: int = EXEMPLARS) -> list[Problem]:
    """Return the first problems that have a reasoning and are not the trace's own."""
    others = (p for p in problems if p.rationale and p.id != trace.problem_id and p.question != trace.question)
    return list(islice(others, count))


def shown(trace: Trace, formats: Sequence[Format], exemplars: Sequence[Worked]) -> str:
    """Return source and target of the trace in each format."""
    parts = [f"{trace.problem_id}  {trace.teacher}  sample {trace.sample}"]
    for format in formats:
        before = exemplars if is_in_context(format) else ()
        parts.append(
            f"=== {format}\n--- source\n{source(format, trace.question, before, trace.template)}\n"
            f"--- target\n{target(format, trace.rationale, trace.answer, trace.template)}"
        )
    return "\n\n".join(parts)
