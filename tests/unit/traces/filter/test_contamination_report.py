"""What training questions and traces share with each evaluation set."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specialize.core.questions import question_words
from specialize.records.funnel import Contamination
from specialize.records.problems import Problem
from specialize.records.traces import Trace
from specialize.traces.filter.contamination import EvaluationQuestions
from specialize.traces.filter.contamination_report import EXAMPLES, contamination_of

LONG = "Natalia sold clips to 48 of her friends in April, and half as many in May."


def problems(name, *questions):
    return [
        Problem(id=f"{name}/{i}", dataset=name, question=question, answer="1", kind="number")
        for i, question in enumerate(questions)
    ]


def traces(asked, rationale="1 + 0 = 1."):
    return [
        Trace(problem_id=each.id, teacher="t", sample=0, question=each.question, rationale=rationale, answer="1")
        for each in asked
    ]


def test_each_evaluation_question_counts_for_its_strongest_overlap():
    asked = problems("d", LONG, "What is 3 plus 4?", f"Today {LONG}", "How many hens?")
    against = {
        "e": problems("e", LONG, "WHAT is 3 plus 4", f"{LONG} And in June?", "How many cows are there in it?"),
        "f": problems("f", "Who is there?"),
    }
    found = contamination_of(asked, traces(asked[3:]), against, ngram=10)
    assert found.sets["e"].asked == {"exact": 1, "normalised": 1, "ngram": 1}
    assert found.sets["e"].kept == {"exact": 0, "normalised": 0, "ngram": 0}
    assert found.sets["f"].asked == {"exact": 0, "normalised": 0, "ngram": 0}
    assert (found.training_questions, found.traces, found.sets["e"].questions) == (4, 1, 4)
    pair = next(each for each in found.sets["e"].examples if each.kind == "ngram")
    assert (pair.problem_id, pair.evaluation_id, pair.stage) == ("d/0", "e/2", "asked")
    assert pair.shared == "natalia sold clips to 48 of her friends in april"
    assert Contamination.model_validate(json.loads(found.model_dump_json())) == found


def test_reasoning_that_spells_an_evaluation_question_is_counted():
    asked = problems("d", "How many hens?")
    found = contamination_of(asked, traces(asked, f"As they say: {LONG} So 72."), {"e": problems("e", LONG)}, ngram=0)
    assert (found.ngram, found.sets["e"].rationales, found.sets["e"].asked["ngram"]) == (10, 1, 0)


def test_few_examples_are_kept():
    asked = problems("d", *(f"{LONG} {i}" for i in range(9)))
    found = contamination_of(asked, traces(asked), {"e": problems("e", *(f"{LONG} {i}" for i in range(9)))}, ngram=10)
    assert found.sets["e"].asked["exact"] == found.sets["e"].kept["exact"] == 9
    assert len(found.sets["e"].examples) == 2 * EXAMPLES


WORDS = st.lists(st.sampled_from(["a", "b", "c", "7"]), min_size=1, max_size=10).map(" ".join)


@settings(max_examples=50)
@given(st.lists(WORDS, min_size=1, max_size=5), st.lists(WORDS, min_size=1, max_size=5), st.integers(3, 5))
def test_it_finds_what_the_filter_finds(asked, evaluated, ngram):
    training, evaluation = problems("d", *asked), problems("e", *evaluated)
    found = contamination_of(training, [], {"e": evaluation}, ngram).sets["e"]
    by_filter = EvaluationQuestions(evaluation, ngram)
    assert bool(sum(found.asked.values())) == any(by_filter.overlap_with(question) for question in asked)
    for pair in found.examples:
        assert " ".join(question_words(pair.question)).find(pair.shared) >= 0
        assert " ".join(question_words(pair.evaluation_question)).find(pair.shared) >= 0


@pytest.mark.parametrize("ngram", [0, 10])
def test_nothing_to_compare_with(ngram):
    assert contamination_of(problems("d", LONG), [], {}, ngram).sets == {}
