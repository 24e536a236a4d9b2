"""The steps in order, each with its count."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specialize.core.params.traces import FilterParams
from specialize.records.completions import Completion
from specialize.records.problems import Problem
from specialize.traces.filter.funnel import funnel_lines
from specialize.traces.filter.steps import filter_completions

STEPS = [
    "truncated",
    "no answer",
    "wrong answer",
    "disagreeing",
    "empty rationale",
    "duplicate",
    "over quota",
    "contaminated: same question",
    "contaminated: same words",
    "contaminated: shared words",
]
QUESTIONS = [
    "How many clips?",
    "A question that has more than ten words in a row, of which none is rare.",
    "Is it the same question?",
    "Is it the same, but for marks?",
]
PROBLEMS = [
    Problem(id=f"d/train/{i}", dataset="d", question=q, answer="4", kind="number") for i, q in enumerate(QUESTIONS)
]
AGAINST = [
    Problem(id=f"e/test/{i}", dataset="e", question=q, answer="1", kind="number")
    for i, q in enumerate([QUESTIONS[2], "is it THE same but for marks", f"Here: {QUESTIONS[1]} How many?"])
]
GOOD = "2 + 2 = 4. The answer is 4"


def completion(
    text: str, number: int = 0, sample: int = 0, teacher: str = "t", finish: str | None = None
) -> Completion:
    return Completion(problem_id=f"d/train/{number}", teacher=teacher, sample=sample, text=text, finish_reason=finish)


def dropped_by(completions: list[Completion], **params: object) -> dict[str, int]:
    filtered = filter_completions(completions, PROBLEMS, AGAINST, FilterParams.model_validate(params))
    assert [row.step for row in filtered.funnel.steps] == STEPS
    return {row.step: row.dropped for row in filtered.funnel.steps if row.dropped}


@pytest.mark.parametrize(
    ("one", "step"),
    [
        (completion(GOOD, finish="length"), "truncated"),
        (completion("2 + 2 = 4"), "no answer"),
        (completion("2 + 3 = 5. The answer is 5"), "wrong answer"),
        (completion("2 + 3 = 5. The answer is 4"), "disagreeing"),
        (completion("The answer is 4"), "empty rationale"),
        (completion(GOOD, number=2), "contaminated: same question"),
        (completion(GOOD, number=3), "contaminated: same words"),
        (completion(GOOD, number=1), "contaminated: shared words"),
        (completion(GOOD, finish="stop"), None),
    ],
)
def test_each_step_drops_its_own(one: Completion, step: str | None) -> None:
    assert dropped_by([one]) == ({step: 1} if step else {})


def test_duplicates_and_quota() -> None:
    texts = [GOOD, f"So {GOOD}", "1 + 3 = 4. The answer is 4", GOOD]
    completions = [completion(text, sample=i) for i, text in enumerate(texts)]
    assert dropped_by(completions) == {"duplicate": 1}
    assert dropped_by(completions, duplicates="equations") == {"duplicate": 2}
    assert dropped_by(completions, duplicates="keep") == {}
    assert dropped_by(completions, per_question=2) == {"duplicate": 1, "over quota": 1}
    traces = filter_completions(completions, PROBLEMS, AGAINST, FilterParams(per_question=2)).traces
    assert [trace.sample for trace in traces] == [0, 1]


def test_params_of_the_paper_keep_what_ends_in_the_right_number() -> None:
    texts = ["It is 4", "Seven. The answer is 4", "2 + 3 = 5. The answer is 4", "2 + 3 = 5. The answer is 4", "It is 5"]
    completions = [completion(text, sample=i) for i, text in enumerate(texts)]
    assert dropped_by(completions, reading="flexible", agreeing=False, duplicates="keep") == {"wrong answer": 1}


def test_run_on_after_the_answer_is_cut() -> None:
    texts = [f"{GOOD}\n\nQuestion: and 3 + 3?\nThe answer is 6"]
    filtered = filter_completions([completion(text) for text in texts], PROBLEMS, AGAINST, FilterParams())
    assert [trace.rationale for trace in filtered.traces] == ["2 + 2 = 4."]


def test_table_ends_with_the_result() -> None:
    completions = [completion(GOOD), completion("no", teacher="u"), completion(GOOD, number=2)]
    funnel = filter_completions(completions, PROBLEMS, AGAINST, FilterParams()).funnel
    lines = funnel_lines(funnel)
    assert lines[-1] == "kept 1 of 3 (33.3 %), 1 of 4 questions"
    assert lines[-3:-1] == ["t: kept 1 of 2 (50.0 %)", "u: kept 0 of 1 (0.0 %)"]
    assert funnel.questions == {"asked": 4, "with a completion": 2, "with a trace": 1}


def test_no_completions() -> None:
    filtered = filter_completions([], PROBLEMS, AGAINST, FilterParams())
    assert filtered.traces == []
    assert funnel_lines(filtered.funnel)[-1] == "kept 0 of 0 (0.0 %), 0 of 4 questions"


TEXTS = [
    GOOD,
    "2+2=4! the answer is 4.",
    "1 + 3 = 4. The answer is 4",
    "The answer is 4",
    "5. The answer is 4",
    "5",
    "",
]
DRAWN = st.lists(
    st.tuples(
        st.sampled_from(TEXTS), st.integers(0, 3), st.sampled_from("tu"), st.sampled_from([None, "stop", "length"])
    )
)
PARAMS = st.fixed_dictionaries(
    {
        "reading": st.sampled_from(["strict", "flexible"]),
        "agreeing": st.booleans(),
        "duplicates": st.sampled_from(["keep", "text", "equations"]),
        "per_question": st.sampled_from([None, 1, 2]),
    }
)


@settings(deadline=None)
@given(DRAWN, PARAMS, st.randoms(use_true_random=False))
def test_counts_add_up_and_order_of_input_does_not_count(drawn: list, params: dict, shuffler) -> None:
    completions = [completion(text, n, i, teacher, finish) for i, (text, n, teacher, finish) in enumerate(drawn)]
    filtered = filter_completions(completions, PROBLEMS, AGAINST, FilterParams.model_validate(params))
    funnel = filtered.funnel
    for steps, total in [
        (funnel.steps, len(drawn)),
        *((steps, sum(c.teacher == teacher for c in completions)) for teacher, steps in funnel.by_teacher.items()),
    ]:
        left = total
        for row in steps:
            assert (row.dropped + row.left, row.dropped >= 0) == (left, True)
            left = row.left
    for index, row in enumerate(funnel.steps):
        parts = [steps[index] for steps in funnel.by_teacher.values()]
        assert (sum(part.dropped for part in parts), sum(part.left for part in parts)) == (row.dropped, row.left)
    assert funnel.steps[-1].left == len(filtered.traces)
    keys = [(trace.problem_id, trace.teacher, trace.sample) for trace in filtered.traces]
    assert keys == sorted(keys)
    assert {trace.problem_id for trace in filtered.traces} <= {"d/train/0"}
    shuffler.shuffle(completions)
    assert filter_completions(completions, PROBLEMS, AGAINST, FilterParams.model_validate(params)) == filtered
