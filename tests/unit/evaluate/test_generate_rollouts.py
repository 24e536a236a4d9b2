"""The answers of an on-policy round: which questions, and what of an answer can be scored."""

import pytest

from specialize.core.params.evaluation.rollouts import RolloutRun
from specialize.evaluate.generate import Generated
from specialize.evaluate.generate_rollouts import _rollout, choose_questions
from specialize.records.problems import Problem

PROBLEMS = [
    Problem(id=f"d/train/{n}", dataset="d", question=f"What is {n}?", answer="1", kind="number") for n in range(40)
]


def run(**changes) -> RolloutRun:
    given = {"name": "op", "of": "s", "tokenizer": "words", "batch_size": 8, "batch_tokens": None}
    return RolloutRun(**given | {"max_source_tokens": 64, "max_new_tokens": 8} | changes)


def test_only_known_questions_are_asked_by_seed_and_more_of_them_are_further_ones():
    known = {problem.id for problem in PROBLEMS[::2]}
    everything = choose_questions(PROBLEMS, known, run())
    assert [problem.id for problem in everything] == [problem.id for problem in PROBLEMS[::2]]
    few, more = ({p.id for p in choose_questions(PROBLEMS, known, run(questions=count))} for count in (5, 12))
    assert len(few) == 5 and few < more < known
    assert {p.id for p in choose_questions(PROBLEMS, known, run(questions=5, seed=2))} != few


@pytest.mark.parametrize(
    ("text", "reason", "kept", "ended"),
    [
        ("Ada has 3.\nThe answer is 3", "stop", "Ada has 3.\nThe answer is 3", "stop"),
        ("Ada has 3. \ufffd\ufffd 4", "stop", "Ada has 3.", "length"),
        ("\ufffdAda", "length", None, None),
        ("", "stop", None, None),
    ],
)
def test_an_answer_is_cut_before_what_is_no_text(text, reason, kept, ended):
    made = _rollout(PROBLEMS[0], "s", 1, Generated(text, 5, reason))
    assert (made and (made.text, made.finish_reason, made.sample)) == (kept and (kept, ended, 1))
