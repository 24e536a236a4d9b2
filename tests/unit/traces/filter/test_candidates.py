"""Completions beside their problems: reading, tidying, order."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specialize.core.errors import RecordError
from specialize.core.params.traces import FilterParams
from specialize.records.completions import Completion
from specialize.records.problems import Problem
from specialize.traces.filter.candidates import Candidate, agrees, candidates_of
from specialize.traces.rationale import tidied


@pytest.mark.parametrize(
    ("text", "tidy"),
    [
        ("  a  b \r\n\n\t c\u00a0d \n", "a b\nc d"),
        ("48/2 = <<48/2=24>>24 clips", "48/2 = 24 clips"),
        ("so <<kept as it has\na newline>> here", "so <<kept as it has\na newline>> here"),
        ("a\u2028b", "a b"),
        ("2 + 2 = 4. Therefore,", "2 + 2 = 4."),
        ("2 + 2 = 4\nSo", "2 + 2 = 4"),
        ("2 + 2 = 4. And so", "2 + 2 = 4."),
        ("Hence", ""),
        ("He said so", "He said so"),
        (" \n ", ""),
    ],
)
def test_tidy_rationale(text: str, tidy: str) -> None:
    assert tidied(text)[0] == tidy


@given(st.text(alphabet="ab so,.\n\t<>4\u2028", max_size=60))
def test_tidy_lines_have_no_outer_blanks_and_tidying_keeps_words(text: str) -> None:
    tidy = tidied(text)[0]
    assert all(line and line == " ".join(line.split()) for line in tidy.split("\n")) or not tidy
    if "<" not in text and "so" not in text:
        assert tidy.split() == text.split()


def test_reading_decides(candidate: Callable[..., Candidate]) -> None:
    text = "48 + 24 = 72 clips"
    strict, flexible = (candidate(text, FilterParams(reading=reading)) for reading in ("strict", "flexible"))
    assert (strict.answer, strict.correct) == (None, False)
    assert (flexible.answer, flexible.correct) == ("72", True)


def test_trace_has_gold_answer_and_tidy_rationale(candidate: Callable[..., Candidate]) -> None:
    trace = candidate("It  is 70,000.\nThe answer is $70,000.00.\n\nQuestion: more?", answer="70000").trace()
    assert (trace.rationale, trace.answer, trace.question) == ("It is 70,000.", "70000", "How many?")


@pytest.mark.parametrize(
    ("text", "fields", "agreeing"),
    [
        ("48 + 24 = 72. The answer is 72", {}, True),
        ("total crackers eaten are 24. The answer is 72", {}, False),
        ("Add them up. The answer is 72", {}, False),
        ("It is $1,000.00 in all. The answer is 1000", {"answer": "1000"}, True),
        ("10 - 20 = -10. The answer is -10", {"answer": "-10"}, True),
        ("The answer is 72", {}, True),  # empty: another step's matter
        ("Let's see: 3 of them. The answer is (B)", {"answer": "(B)", "kind": "text"}, True),
        ("6 then 5. The answer is 5; 6", {"answer": "5; 6", "kind": "numbers"}, True),
    ],
)
def test_agrees(candidate: Callable[..., Candidate], text: str, fields: dict[str, str], agreeing: bool) -> None:
    assert agrees(candidate(text, **fields)) is agreeing


def test_order_is_problem_teacher_sample(problem: Callable[..., Problem]) -> None:
    problems = [problem(2), problem(10), problem(1)]
    wanted = [(p.id, teacher, sample) for p in problems for teacher in "ab" for sample in (0, 2, 10)]
    completions = [Completion(problem_id=p, teacher=t, sample=s, text="") for p, t, s in wanted]
    random.Random(0).shuffle(completions)
    ordered = [one.completion for one in candidates_of(completions, problems, FilterParams())]
    assert [(one.problem_id, one.teacher, one.sample) for one in ordered] == wanted


def test_unknown_problem(problem: Callable[..., Problem]) -> None:
    problems: list[Problem] = [problem(0)]
    with pytest.raises(RecordError, match=r"completion t/3: field 'problem_id'.*'d/train/9'"):
        candidates_of([Completion(problem_id="d/train/9", teacher="t", sample=3, text="")], problems, FilterParams())
