"""Readings of answers to generic tasks, side by side."""

import pytest

from specialize.evaluate.scorers import exact, readings_of, substring
from specialize.records.problems import Problem


@pytest.mark.parametrize(
    ("text", "target", "right"),
    [
        ("So the answer is (B).", "(B)", True),
        ("So The Answer is (B).", "(B)", True),
        ("(B)", "(B)", True),
        ("(B).", "(B)", True),
        ("the answer is invalid", "valid", False),
        ("So the answer is 10.", "1", False),
        ("So the answer is (b).", "(B)", True),
        ("So the answer is (c).", "(B)", False),
        ("So the answer is (B) because it is.", "(B)", True),
        ("Not (A). So the answer is (B).", "(B)", True),
        ("(A) or (B)", "(B)", False),
        ("(B)\n\nQ: another\nA: (C)", "(B)", True),
        ("", "(B)", False),
        ("So the answer is ] ] >.", "] ] >", True),
    ],
)
def test_exact_match(text, target, right):
    assert exact(text, target).correct is right


@pytest.mark.parametrize(
    ("text", "target", "format", "right"),
    [
        ("So the answer is (B).", "(B)", "chain_of_thought", True),
        ("The answer is (B).", "(B)", "chain_of_thought", False),  # what a specialised student writes
        ("The answer is (B).", "(B)", "trained_chain_of_thought", False),
        ("The answer is (B).", "(B)", "answer_only", True),
        ("the answer is invalid", "valid", "chain_of_thought", True),
        ("the answer is 10", "1", "chain_of_thought", True),
        ("(B)", "(B)", "chain_of_thought", False),
        ("it is (A) or (B)", "(B)", "answer_only", True),
    ],
)
def test_substring_rule_of_the_authors(text, target, format, right):
    assert substring(text, target, format).correct is right


def test_the_readings_are_named_by_the_kind_of_benchmark():
    maths = Problem(id="a", dataset="d", question="q", answer="5", kind="number")
    found = readings_of("I say 5", maths, "zero_shot_chain_of_thought", False)
    assert set(found) == {"strict", "flexible"}
    assert not found["strict"].correct and found["flexible"].correct
    generic = Problem(id="a", dataset="d", question="q", answer="(B)", kind="text", task="t")
    assert set(readings_of("(B)", generic, "answer_only", True)) == {"exact", "substring"}
