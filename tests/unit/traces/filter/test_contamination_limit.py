"""A run stops where decontamination takes most traces, and shows pairs of questions."""

import pytest

from specialize.core.errors import SpecializeError
from specialize.core.params.traces import FilterParams
from specialize.records.completions import Completion
from specialize.records.problems import Problem
from specialize.traces.filter.contamination_limit import refuse_contaminated
from specialize.traces.filter.steps import Filtered, filter_completions

TEMPLATE = "A warehouse holds {} boxes and a lorry takes some of them away, how many boxes are left?"


def problem(name: str, number: int) -> Problem:
    return Problem(id=name, dataset="d", question=TEMPLATE.format(number), answer="4", kind="number")


TRAIN = [problem(f"d/train/{number}", number) for number in range(10)]
TEST = [problem("d/test/0", 99), problem("d/test/1", 0)]  # one asks the same as d/train/0


def filtered(params: FilterParams) -> Filtered:
    completions = [
        Completion(problem_id=each.id, teacher="t", sample=0, text="2 + 2 = 4. The answer is 4") for each in TRAIN
    ]
    return filter_completions(completions, TRAIN, TEST, params)


def test_a_templated_domain_stops_and_says_what_to_do() -> None:
    params = FilterParams()
    found = filtered(params)
    with pytest.raises(SpecializeError) as caught:
        refuse_contaminated(found.funnel, found.contaminated, TRAIN, TEST, params)
    said = str(caught.value)
    assert "drops 10 of 10 traces (100 %)" in said and "same question 1, shared words 9" in said
    assert f"d/train/1: {TRAIN[1].question}" in said and f"d/test/0: {TEST[0].question}" in said
    assert "traces.ngram: null" in said and "traces.most_contaminated: 1" in said


@pytest.mark.parametrize(
    "given", [{"most_contaminated": 1}, {"ngram": None}, {"ngram": None, "most_contaminated": 0.1}]
)
def test_it_goes_on_where_that_is_asked_for(given: dict[str, object]) -> None:
    params = FilterParams.model_validate(given)
    found = filtered(params)
    refuse_contaminated(found.funnel, found.contaminated, TRAIN, TEST, params)


def test_the_switch_off_says_what_it_does() -> None:
    funnel = filtered(FilterParams.model_validate({"ngram": None})).funnel
    assert (funnel.steps[-1].dropped, funnel.steps[-1].left) == (0, 9)
    assert funnel.steps[-1].why == "not asked for (traces.ngram: null): whole questions alone are compared"


def test_no_traces_are_no_contamination() -> None:
    params = FilterParams()
    found = filter_completions([], TRAIN, TEST, params)
    refuse_contaminated(found.funnel, found.contaminated, TRAIN, TEST, params)
