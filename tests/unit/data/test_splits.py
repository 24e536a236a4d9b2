"""Splits: exact counts, nothing in two splits, nothing that moves when a source grows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specialize.core.errors import ParamsError
from specialize.core.questions import normalised_question
from specialize.data.splits import draw_validation, shared_questions
from specialize.records.problems import Problem


def problems(questions: list[str], dataset: str = "d") -> list[Problem]:
    return [
        Problem(id=f"{dataset}/{i}", dataset=dataset, question=q, answer="1", kind="number")
        for i, q in enumerate(questions)
    ]


# Few different words, so that repeats are common; case and punctuation are no difference.
QUESTIONS = st.lists(
    st.sampled_from([f"{word}{end}" for word in "abcdefghijkl" for end in ("", "?", " ")] + ["A!", "B-"]), max_size=25
)
DISTINCT = st.lists(st.integers(0, 10_000), unique=True, max_size=60).map(
    lambda numbers: [f"How many is {n}?" for n in numbers]
)


@given(DISTINCT, st.data())
def test_count_is_exact_and_every_problem_is_in_one_split(questions: list[str], data: st.DataObject) -> None:
    count = data.draw(st.integers(0, len(questions)))
    everything = problems(questions)
    validation, test = draw_validation(everything, count, seed=3)
    assert len(validation) == count
    assert sorted([*validation, *test], key=everything.index) == everything
    assert [everything.index(p) for p in validation] == sorted(everything.index(p) for p in validation)


@given(QUESTIONS, QUESTIONS, st.integers(0, 25), st.integers(0, 3))
def test_growth_moves_nothing_and_equal_questions_stay_together(
    old: list[str], new: list[str], count: int, seed: int
) -> None:
    if not old:
        return
    try:
        before, _ = draw_validation(problems(old), count, seed, drawn_from=len(old))
    except ParamsError:
        return
    validation, test = draw_validation(problems(old + new), count, seed, drawn_from=len(old))
    assert len(before) == count
    assert [p for p in validation if int(p.id[2:]) < len(old)] == before
    assert not {normalised_question(p.question) for p in validation} & {normalised_question(p.question) for p in test}
    chosen = {normalised_question(p.question) for p in before}
    assert all(normalised_question(p.question) in chosen for p in validation)


@given(QUESTIONS, st.integers(0, 25))
@settings(max_examples=200)
def test_exact_count_whenever_some_groups_add_up_to_it(questions: list[str], count: int) -> None:
    sizes: dict[str, int] = {}
    for question in questions:
        sizes[normalised_question(question)] = sizes.get(normalised_question(question), 0) + 1
    sums = {0}
    for size in sizes.values():
        sums |= {total + size for total in sums}
    if count in sums:
        assert len(draw_validation(problems(questions), count, seed=0)[0]) == count
    else:
        with pytest.raises(ParamsError, match=f"cannot draw {count} validation problems"):
            draw_validation(problems(questions), count, seed=0)


@given(DISTINCT, st.data())
def test_excluded_questions_are_never_validation(questions: list[str], data: st.DataObject) -> None:
    excluded = {normalised_question(q) for q in questions if data.draw(st.booleans())}
    count = data.draw(st.integers(0, len(questions) - len(excluded)))
    validation, _ = draw_validation(problems(questions), count, 1, excluded=excluded)
    assert len(validation) == count
    assert not {normalised_question(p.question) for p in validation} & excluded


def test_seed_decides() -> None:
    everything = problems([f"q {i}" for i in range(100)])
    draws = [tuple(p.id for p in draw_validation(everything, 20, seed)[0]) for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]


def test_reordering_the_source_draws_the_same_questions() -> None:
    questions = [f"q {i}" for i in range(50)]
    one, other = draw_validation(problems(questions), 10, 1)[0], draw_validation(problems(questions[::-1]), 10, 1)[0]
    assert {p.question for p in one} == {p.question for p in other}


def test_too_few_candidates_says_how_many_there_are() -> None:
    everything = problems(["a", "b", "c", "d"])
    with pytest.raises(
        ParamsError, match="cannot draw 3 validation problems from 2 problems with 2 questions of the first 3 rows"
    ):
        draw_validation(everything, 3, 1, drawn_from=3, excluded={"a"})


def test_normalised() -> None:
    assert normalised_question("  How MANY\u2028“cats”—20? ") == "how many cats 20"
    assert normalised_question("多少？") != normalised_question("几个？")


def test_shared_questions_counts_datasets_not_rows() -> None:
    sets = {
        "m": problems(["Twice?", "twice", "Both?", "m"]),
        "a": problems(["both", "a"]),
        "s": problems(["s", "BOTH!"]),
    }
    assert shared_questions(sets) == {"both"}
