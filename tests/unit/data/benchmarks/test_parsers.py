"""Rows → problems, one upstream format after the other. Rows are written for these tests."""

from typing import Any

import pytest

from specialize.core.errors import RecordError
from specialize.data import exemplars
from specialize.data.benchmarks import asdiv, bbh, gsm8k, multiarith, svamp
from specialize.data.fields import joined


def at(*rows: Any) -> list[tuple[str, Any]]:
    return [(f"file:{number}", row) for number, row in enumerate(rows, start=1)]


def test_gsm8k_row() -> None:
    answer = "He sells 70,000 / 2 = <<70000/2=35000>>35,000 now.\nThen <<.5*2=1>>1 more.\n#### -35,001"
    (problem,) = gsm8k.problems(at({"question": "А  shop …\u2028how many? ", "answer": answer}), "test")
    assert problem.model_dump() == {
        "id": "gsm8k/test/0",
        "dataset": "gsm8k",
        "task": None,
        "question": "А  shop …\u2028how many?",  # a Cyrillic А, a double blank, a line separator: as upstream has them
        "answer": "-35001",
        "kind": "number",
        "choices": None,
        "rationale": "He sells 70,000 / 2 = 35,000 now.\nThen 1 more.",
        "instruction": None,
        "template": None,
    }


def test_gsm8k_without_annotation_or_reasoning() -> None:
    plain, bare = gsm8k.problems(
        at({"question": "q", "answer": "So 2.\n#### 2"}, {"question": "r", "answer": "#### 3"}), "train"
    )
    assert (plain.rationale, bare.rationale, bare.id) == ("So 2.", None, "gsm8k/train/1")


@pytest.mark.parametrize("solutions", [[39.0], 39.0, 39, "39", "39.0", " 39 "])
def test_multiarith_solution_in_every_form(solutions: object) -> None:
    (problem,) = multiarith.problems(at({"sQuestion": " How many? ", "lSolutions": solutions, "iIndex": 5}), "test")
    assert (problem.id, problem.question, problem.answer, problem.kind) == ("multiarith/0", "How many?", "39", "number")


def test_multiarith_keeps_repeats() -> None:
    assert [p.id for p in multiarith.problems(at(*[{"sQuestion": "q", "lSolutions": [1]}] * 2), "test")] == [
        "multiarith/0",
        "multiarith/1",
    ]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("A pack costs 7 dollars", "A pack costs 7 dollars. How much?"),
        ("A pack costs 7 dollars.", "A pack costs 7 dollars. How much?"),
        ("If a pack costs 7 dollars,", "If a pack costs 7 dollars, How much?"),
        ('She said "seven."', 'She said "seven." How much?'),
        ("", "How much?"),
    ],
)
def test_body_and_question(body: str, text: str) -> None:
    assert joined(body, "How much?") == text


def test_svamp_answer_wins_over_equation() -> None:
    row = {"ID": "chal-680", "Body": "He had 4", "Question": "Now?", "Equation": "( 4.0 - 2.0 )", "Answer": 1.0}
    (problem,) = svamp.problems(at(row), "test")
    assert (problem.id, problem.question, problem.answer) == ("svamp/chal-680", "He had 4. Now?", "1")


def test_svamp_copy_with_text_answers_and_without_ids() -> None:
    row = {"Body": "He had 0.1", "Question": "Now?", "Answer": "0.10", "question_concat": "…"}
    (problem,) = svamp.problems(at(row), "test")
    assert (problem.id, problem.answer) == ("svamp/0", "0.1")


@pytest.mark.parametrize(
    ("written", "answer", "kind"),
    [
        ("9 (apples)", "9", "number"),
        ("14  (seats)", "14", "number"),
        ("1.80 (sq. ft)", "1.8", "number"),
        ("9", "9", "number"),
        ("5/2", "2.5", "number"),
        ("25/3", "25/3", "number"),
        ("-(1/3)", "-1/3", "number"),
        ("11; 12; 13", "11; 12; 13", "numbers"),
        ("8 (ft); 128 (sq. ft)", "8; 128", "numbers"),
        ("5:6", "5:6", "text"),
        ("3:30 p.m.", "3:30 p.m.", "text"),
        ("9:03:36 a.m.", "9:03:36 a.m.", "text"),
        ("Yes", "Yes", "text"),
        ("6th", "6th", "text"),
        ("February 3rd", "February 3rd", "text"),
        ("The 60th caller.", "The 60th caller.", "text"),
        ("Vendor 2", "Vendor 2", "text"),
        ("12; many", "12; many", "text"),
    ],
)
def test_asdiv_answers(written: str, answer: str, kind: str) -> None:
    assert asdiv.gold(written) == (answer, kind)


def test_asdiv_copy_with_number_and_without_id() -> None:
    (problem,) = asdiv.problems(at({"Body": "He has 4,", "Question": "how many?", "Answer": 4.0}), "test")
    assert (problem.id, problem.question, problem.answer) == ("asdiv/0", "He has 4, how many?", "4")


@pytest.mark.parametrize("target", ["(A)", "-12", "] ]", "Monsters, Inc", "yes", "True"])
def test_bbh_targets_stay_texts(target: str) -> None:
    (problem,) = bbh.problems(at({"input": "Which?\nOptions:\n(A) this", "target": target}), "navigate")
    assert (problem.answer, problem.kind, problem.task, problem.id) == (target, "text", "navigate", "bbh/navigate/0")


def test_exemplars_row() -> None:
    (problem,) = exemplars.problems(at({"question": "q", "rationale": "r", "answer": "$1,000"}), "svamp")
    assert (problem.id, problem.dataset, problem.answer) == ("exemplars/0", "svamp", "1000")


BAD_ROWS = [
    (lambda r: gsm8k.problems(r, "train"), {"question": "q"}, "answer", "only question"),
    (
        lambda r: gsm8k.problems(r, "train"),
        {"question": "q", "answer": "2 #### 2 #### 3"},
        "answer",
        "exactly one '####'",
    ),
    (lambda r: gsm8k.problems(r, "train"), {"question": "q", "answer": "so 2"}, "answer", "exactly one '####'"),
    (lambda r: gsm8k.problems(r, "train"), {"question": "q", "answer": "#### two"}, "answer", "one number"),
    (lambda r: gsm8k.problems(r, "train"), {"question": "q", "answer": "<<1+1=2 2\n#### 2"}, "answer", "annotations"),
    (lambda r: gsm8k.problems(r, "train"), {"question": " ", "answer": "#### 2"}, "question", "not empty"),
    (lambda r: gsm8k.problems(r, "train"), {"question": 5, "answer": "#### 2"}, "question", "a text, got 5"),
    (lambda r: gsm8k.problems(r, "train"), {"question": "\ud800", "answer": "#### 2"}, "question", "UTF-8"),
    (lambda r: gsm8k.problems(r, "train"), ["q", "a"], "(whole row)", "a mapping"),
    (
        lambda r: multiarith.problems(r, "test"),
        {"sQuestion": "q", "lSolutions": []},
        "lSolutions",
        "a list of one number",
    ),
    (
        lambda r: multiarith.problems(r, "test"),
        {"sQuestion": "q", "lSolutions": [1, 2]},
        "lSolutions",
        "a list of one number",
    ),
    (
        lambda r: multiarith.problems(r, "test"),
        {"sQuestion": "q", "lSolutions": [True]},
        "lSolutions",
        "one number, got True",
    ),
    (lambda r: multiarith.problems(r, "test"), {"sQuestion": None, "lSolutions": [1]}, "sQuestion", "a text, got None"),
    (
        lambda r: svamp.problems(r, "test"),
        {"ID": "c", "Body": "b", "Question": "q", "Answer": float("nan")},
        "Answer",
        "one number, got nan",
    ),
    (
        lambda r: svamp.problems(r, "test"),
        {"ID": "c", "Body": "b", "Question": "q", "Answer": "many"},
        "Answer",
        "one number",
    ),
    (lambda r: svamp.problems(r, "test"), {"ID": [], "Body": "b", "Question": "q", "Answer": 1}, "ID", "an id"),
    (
        lambda r: svamp.problems(r, "test"),
        {"ID": "c", "Question": "q", "Answer": 1},
        "Body",
        "only ID, Question, Answer",
    ),
    (
        lambda r: asdiv.problems(r, "test"),
        {"ID": "n", "Body": "b", "Question": "", "Answer": "1"},
        "Question",
        "not empty",
    ),
    (
        lambda r: asdiv.problems(r, "test"),
        {"ID": "n", "Body": "b", "Question": "q", "Answer": " "},
        "Answer",
        "not empty",
    ),
    (lambda r: bbh.problems(r, "t"), {"input": "q", "target": 4}, "target", "a text, got 4"),
    (lambda r: exemplars.problems(r, "d"), {"question": "q", "answer": "1"}, "rationale", "only question, answer"),
]


@pytest.mark.parametrize(("parse", "row", "field", "message"), BAD_ROWS)
def test_malformed_row_names_place_field_and_what_is_wrong(parse: Any, row: object, field: str, message: str) -> None:
    with pytest.raises(RecordError) as caught:
        parse(at(row))
    assert str(caught.value).startswith(f"file:1: field '{field}': expected ")
    assert message in str(caught.value)


def test_bbh_prompt() -> None:
    prompt = "canary\n-----\nDo it.\n\nWith care.\n\nQ: One?\nTwo?\nA: Let's think step by step.\nWell.\nSo the answer is hard. So the answer is a. b.\n\nQ: x\nA: Let's think step by step. Hm. So the answer is (B).\n"
    first, second = bbh.prompt_exemplars(prompt, "navigate", "f")
    assert first.instruction == "Do it.\n\nWith care."
    assert (first.question, first.rationale, first.answer) == ("One?\nTwo?", "Well.\nSo the answer is hard.", "a. b")
    assert (second.id, second.rationale, second.answer) == ("bbh/navigate/exemplars/1", "Hm.", "(B)")


@pytest.mark.parametrize(
    ("prompt", "where"),
    [
        ("no header\n\nQ: x", "f:2"),
        ("canary\n-----\nDescription only", "f:3"),
        ("canary\n-----\nD.\n\nQ: x\nA: Let's think step by step.\nHm. So the answer is 1.\n\nQ: y\nA: 3", "f:9"),
    ],
)
def test_malformed_bbh_prompt_names_the_line(prompt: str, where: str) -> None:
    with pytest.raises(RecordError, match=rf"^{where}: "):
        bbh.prompt_exemplars(prompt, "t", "f")
