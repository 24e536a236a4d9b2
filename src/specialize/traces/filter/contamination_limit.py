"""Stops a run of which decontamination takes most traces, and shows why."""

from collections.abc import Mapping, Sequence

from specialize.core.errors import SpecializeError
from specialize.core.params.traces import FilterParams
from specialize.records.funnel import Funnel
from specialize.records.problems import Problem
from specialize.traces.filter.contamination import Contamination

STEP = "contaminated: "
"""How the names of the funnel's steps begin that drop contaminated questions."""
PAIRS = 3
"""So many pairs of questions are shown."""


def refuse_contaminated(
    funnel: Funnel,
    contaminated: Mapping[str, Contamination],
    problems: Sequence[Problem],
    against: Sequence[Problem],
    params: FilterParams,
) -> None:
    """Raise SpecializeError where decontamination drops more than the share `params.most_contaminated` of the traces
    that reach it; it names pairs of the training `problems` and those `against` which they are held."""
    steps = [step for step in funnel.steps if step.step.startswith(STEP)]
    dropped = sum(step.dropped for step in steps)
    reached = dropped + (steps[-1].left if steps else 0)
    if dropped <= params.most_contaminated * reached:
        return
    counts = ", ".join(f"{step.step.removeprefix(STEP)} {step.dropped:,}" for step in steps if step.dropped)
    asked = {problem.id: problem.question for problem in problems}
    held = {problem.id: problem.question for problem in against}
    pairs = [
        f"  {one}: {asked[one]}\n  {found.problem_id}: {held[found.problem_id]}  ({found.overlap})"
        for one, found in sorted(contaminated.items())[:PAIRS]
    ]
    templated = "Questions from a template share words though they ask for other numbers; "
    off = "with traces.ngram: null only whole questions are compared. "
    raise SpecializeError(
        "\n".join(
            [
                f"decontamination drops {dropped:,} of {reached:,} traces ({100 * dropped / reached:.0f} %), more than "
                f"traces.most_contaminated ({100 * params.most_contaminated:g} %): {counts}. Such as",
                *pairs,
                (templated + off if params.ngram else "")
                + "Questions that stand in training and evaluation have to leave one of the two. "
                "traces.most_contaminated: 1 goes on with what is left",
            ]
        )
    )
