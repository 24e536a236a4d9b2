"""The choice of a checkpoint: validation alone decides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specialize.core.errors import SpecializeError
from specialize.core.params.evaluate import EvaluateParams
from specialize.evaluate.select import select, selection_line
from specialize.records.scores import Candidate, Score, ScoreRow

PARAMS = EvaluateParams(formats=["zero_shot_chain_of_thought"], generic_formats=["answer_only"])


def score(step, benchmark, role, validation, test=0.5, student="s") -> Score:
    rows = [
        ScoreRow(
            split=split,
            format="zero_shot_chain_of_thought",
            reading="flexible",
            n=10,
            correct=int(value * 10),
            accuracy=value,
            low=0,
            high=1,
        )
        for split, value in (("validation", validation), ("test", test))
    ]
    return Score(
        benchmark=benchmark,
        role=role,
        student=student,
        step=step,
        checkpoint="c",
        scorer="1",
        prompts={},
        plan={},
        rows=rows,
    )


def test_the_two_criteria_may_disagree_and_the_start_is_no_candidate():
    scores = [
        score(0, "g", "seed", 0.9), score(0, "m", "out_of_distribution", 0.9),
        score(5, "g", "seed", 0.6), score(5, "m", "out_of_distribution", 0.2), score(5, "a", "out_of_distribution", 0.2),
        score(9, "g", "seed", 0.5), score(9, "m", "out_of_distribution", 0.1), score(9, "a", "out_of_distribution", 0.5),
    ]  # fmt: skip
    chosen = select(scores, PARAMS)
    assert chosen.by == {"seed": 5, "out_of_distribution": 9}
    assert selection_line(chosen) == "s: selected step 5 by seed, step 9 by out-of-distribution"
    assert chosen.candidates[1] == Candidate(step=9, seed=0.5, out_of_distribution=0.3)


def test_of_equals_the_earliest_wins():
    assert select([score(step, "g", "seed", 0.4) for step in (3, 6, 9)], PARAMS).by["seed"] == 3


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3), st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_test_accuracy_chooses_nothing(first, second):
    validation = [0.3, 0.7, 0.5]
    a, b = (
        select(
            [score(i + 1, "g", "seed", v, test=t) for i, (v, t) in enumerate(zip(validation, tests, strict=True))],
            PARAMS,
        )
        for tests in (first, second)
    )
    assert a == b and a.by["seed"] == 2


def test_without_validation_nothing_is_chosen():
    chosen = select([score(3, "bbh", "generic", 0.5)], PARAMS)
    assert chosen.by == {"seed": None, "out_of_distribution": None}
    assert "no checkpoint (no validation problems) by seed" in selection_line(chosen)


def test_scores_of_two_students_are_refused():
    with pytest.raises(SpecializeError, match="one student"):
        select([score(1, "g", "seed", 1), score(1, "g", "seed", 1, student="other")], PARAMS)
