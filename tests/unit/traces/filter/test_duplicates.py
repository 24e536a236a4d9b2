"""Which reasonings count as the same."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specialize.core.params.traces import FilterParams
from specialize.records.completions import Completion
from specialize.records.problems import Problem
from specialize.traces.filter.candidates import Candidate, candidates_of
from specialize.traces.filter.duplicates import drop_duplicates, equations, equations_key, words_key


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("He has 2 eggs.", "he has  2 EGGS", True),
        ("First, 1,000 eggs; then $20.", "First 1000 eggs then 20", True),
        ("half-price and ×2: 3×4", "half price and x2: 3 * 4", False),  # the lone x is a word
        ("3 × 4 = 12", "3 x 4=12", True),
        ("12 ÷ 4 = 3", "12/4 = 3", True),
        ("half-price", "half price", True),
        ("5 – 3 = 2", "5 - 3 = 2", True),
        ("5 + 3", "5 - 3", False),
        ("1.5 eggs", "1 5 eggs", False),
        ("0.5", ".5", False),
        ("пять яиц", "шесть яиц", False),
    ],
)
def test_words(one: str, other: str, same: bool) -> None:
    assert (words_key(one) == words_key(other)) is same


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("She sold 48/2 = 24 clips. 48 + 24 = 72.", ["48/2=24", "48+24=72"]),
        ("48 clips / 2 = 24.00 clips, so 48 clips + 24 clips = 72 clips in all", ["48/2=24", "48+24=72"]),
        ("(50 + 100 = 150) and ((2 + 3) * 4 = 20)", ["50+100=150", "(2+3)*4=20"]),
        ("It is 100 - 0.1*100 = 100 - 10 = 90", ["100-0.1*100=100-10=90"]),
        ("$1,000 × 20% = $200", ["1000*20=200"]),
        ("15 tables * 8 settings/table = 120 settings", ["15*8=120"]),
        ("200 beats per minute x 60 minutes per hour = 12,000 beats per hour", ["200*60=12000"]),
        ("900.900 - 5 = 3", ["900.9-5=3"]),
        ("2 + 2 = 4.3 + 3 = 6.", ["2+2=4.3+3=6"]),
        ("x = 4", []),
        ("Add 3 and 4.", []),
        ("2 + 2 =", []),
        ("", []),
    ],
)
def test_equations(text: str, found: list[str]) -> None:
    assert equations(text) == found


def test_equations_key_leaves_order_and_words_out() -> None:
    assert equations_key("First 1 + 1 = 2. Then 3 * 3 = 9.") == equations_key("3 x 3 eggs = 9 eggs, and 1+1 = 2.0")
    assert equations_key("1 + 1 = 2") != equations_key("1 + 1 = 2. 1 + 1 = 2")
    assert equations_key("Add three.") != equations_key("Add four.")
    assert equations_key("Add three.") == equations_key("add THREE")


def test_first_is_kept_and_questions_do_not_meet(candidate: Callable[..., Candidate]) -> None:
    texts = ["A 1.", "a 1", "B 1", "A, 1"]
    candidates = [candidate(f"{text} The answer is 72", sample=i) for i, text in enumerate(texts)]
    candidates.append(candidate("A 1. The answer is 72", number=1))
    kept = drop_duplicates(candidates, words_key)
    assert [(one.problem.id, one.completion.sample) for one in kept] == [
        ("d/train/0", 0),
        ("d/train/0", 2),
        ("d/train/1", 0),
    ]


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["1+1=2", "1 + 1 = 2!", "2 * 1 = 2", "two", "Two."]))))
def test_dropping_is_idempotent_and_keeps_order(drawn: list[tuple[int, str]]) -> None:
    problems = [Problem(id=str(i), dataset="d", question="q", answer="2", kind="number") for i in range(3)]
    completions = [Completion(problem_id=str(p), teacher="t", sample=i, text=x) for i, (p, x) in enumerate(drawn)]
    candidates = candidates_of(completions, problems, FilterParams())
    for key in (words_key, equations_key):
        once = drop_duplicates(candidates, key)
        assert drop_duplicates(once, key) == once
        assert [one for one in candidates if one in once] == once
        assert {(c.problem.id, key(c.rationale)) for c in once} == {
            (c.problem.id, key(c.rationale)) for c in candidates
        }


@given(st.text(alphabet="0123456789+-*/=(). x%$,abc\n", max_size=200))
def test_equations_never_fail_and_hold_an_operation(text: str) -> None:
    for equation in equations(text):
        assert "=" in equation and any(sign in equation for sign in "+-*/")
