"""What a checkpoint is asked."""

import hashlib
from pathlib import Path

import pytest

from specialize.core.params.evaluate import EvaluateParams
from specialize.core.prompt_formats import generic_source
from specialize.data.benchmarks import bbh
from specialize.evaluate.prompts import Benchmark, fit, generic_renderer, maths_renderer, prompts_of
from specialize.records.problems import Problem

BBH = Path(__file__).parents[4] / "shared" / "data" / "bbh"
PARAMS = EvaluateParams(
    formats=["zero_shot_chain_of_thought", "in_context_answer_only"],
    generic_formats=["answer_only", "chain_of_thought"],
    exemplars=2,
    max_source_tokens=60,
)


def problem(number: int, **fields) -> Problem:
    base = dict(
        id=f"q{number}",
        dataset="d",
        question=f"What is {number}?",
        answer=str(number),
        kind="number",
        rationale="Count.",
    )
    return Problem.model_validate({**base, **fields})


def words(text: str) -> int:
    return len(text.split())


def test_maths_prompts_take_the_same_exemplars_and_only_where_in_context():
    exemplars = [problem(90), problem(91), problem(92)]
    made = prompts_of(Benchmark({"test": [problem(1)], "validation": [problem(2)]}, exemplars, False), PARAMS, words)
    assert [(p.split, p.format) for p in made] == [
        ("test", "zero_shot_chain_of_thought"),
        ("test", "in_context_answer_only"),
        ("validation", "zero_shot_chain_of_thought"),
        ("validation", "in_context_answer_only"),
    ]
    assert made[0].text == "Q: What is 1?\nLet's think step by step"
    assert made[1].text == (
        "Q: What is 90?\nA: The answer is 90\n\nQ: What is 91?\nA: The answer is 91\n\nQ: What is 1?\nA:"
    )


def test_generic_prompts_have_bbh_shape_and_their_own_tasks_exemplars():
    exemplars = [
        problem(7, task="a", instruction="Do a.", answer="(B)", kind="text", rationale="As we see."),
        problem(8, task="b", instruction="Do b.", answer="yes", kind="text", rationale="Of course."),
    ]
    asked = problem(1, task="a", answer="(A)", kind="text", rationale=None)
    answer_only, chain = prompts_of(Benchmark({"test": [asked]}, exemplars, True), PARAMS, words)
    assert answer_only.text == "Do a.\n\nQ: What is 7?\nA: (B)\n\nQ: What is 1?\nA:"
    assert chain.text == (
        "Do a.\n\nQ: What is 7?\nA: Let's think step by step.\nAs we see. So the answer is (B).\n\n"
        "Q: What is 1?\nA: Let's think step by step.\n"
    )


def test_a_generic_task_can_be_asked_as_the_student_was_trained():
    params = PARAMS.model_copy(update={"generic_formats": ["trained_chain_of_thought"]})
    exemplar = problem(7, task="a", instruction="Do a.", answer="(B)", kind="text")
    asked = problem(1, task="a", answer="(A)", kind="text", rationale=None)
    (made,) = prompts_of(Benchmark({"test": [asked]}, [exemplar], True), params, words)
    assert (made.text, made.format) == ("Q: What is 1?\nLet's think step by step", "trained_chain_of_thought")


def test_exemplars_are_left_off_from_the_first_on_until_the_prompt_fits():
    exemplars = [problem(n, question=f"Long {n} " + "word " * 20) for n in (1, 2, 3)]
    render = maths_renderer(problem(9), "in_context_chain_of_thought")
    text, left_off = fit(render, exemplars, 60, words)
    assert left_off == 2 and "Long 3" in text and "Long 2" not in text and words(text) <= 60
    text, left_off = fit(render, exemplars, 3, words)
    assert left_off == 3 and text == maths_renderer(problem(9), "zero_shot_chain_of_thought")(exemplars)
    text, left_off = fit(render, exemplars, 1000, words)
    assert left_off == 0


def test_the_instruction_stays_where_no_exemplar_fits():
    worked = problem(7, task="a", instruction="Do a.", question="long " * 50, kind="text")
    render = generic_renderer(problem(1, task="a"), "answer_only", [worked])
    text, left_off = fit(render, [worked], 10, words)
    assert left_off == 1 and text == "Do a.\n\nQ: What is 1?\nA:"


def test_generic_tasks_can_be_asked_by_their_instruction_alone():
    worked = problem(7, task="a", instruction="Do a.", kind="text")
    params = EvaluateParams(formats=["zero_shot_answer_only"], generic_formats=["answer_only"], generic_exemplars=0)
    made = prompts_of(Benchmark({"test": [problem(1, task="a")]}, [worked], True), params, words)
    assert [prompt.text for prompt in made] == ["Do a.\n\nQ: What is 1?\nA:"]
    assert [prompt.left_off for prompt in made] == [0]


@pytest.mark.skipif(not BBH.is_dir(), reason="../shared/data/bbh is not here")
def test_bbh_is_asked_as_it_was_published():
    """Our chain-of-thought prompts are the published files, by hash, but for their header; sports_understanding has a
    blank where the others begin a line. The answer-only prompts hold none of their reasoning."""
    files = [BBH / "cot-prompts" / f"{task}.txt" for task in bbh.TASKS]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    assert digest == "d1b9ed8527ebd64ef78c4107ad14137367cf7859e4b8f4a4f91b35c5005cf1b9", "commit 9ee07bd4 of upstream"
    worked = bbh.exemplars(BBH)
    for path in files:
        shots = [exemplar for exemplar in worked if exemplar.task == path.stem]
        published = path.read_text(encoding="utf-8").split("-----\n", 1)[1].rstrip("\n")
        made = generic_source("chain_of_thought", "?", shots[0].instruction, shots)
        expected = f"{published}\n\nQ: ?\nA: Let's think step by step.\n"
        if path.stem == "sports_understanding":
            expected = expected.replace("step by step. ", "step by step.\n")
        assert made == expected
        alone = generic_source("answer_only", "?", shots[0].instruction, shots)
        assert "step by step" not in alone and not [shot.id for shot in shots if shot.rationale[:40] in alone]
