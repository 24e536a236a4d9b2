"""What becomes of a reasoning block: the choice, and the places of its characters."""

from collections.abc import Callable

import pytest

from specialize.core.params.traces import FilterParams, Reasoning
from specialize.core.prompt_formats import target
from specialize.traces.chain import chain_spans, plain_chain_spans
from specialize.traces.filter.candidates import Candidate, agrees
from specialize.traces.filter.steps import filter_completions, keep_shortest, steps_of
from specialize.traces.rationale import OURS, target_origins, tidied_chain

THOUGHT = "Okay, 48 / 2 = 24.\nThen 48 + 24 = 72."
SPOKEN = "In all 48 + 24 = 72 clips."


def chain(text: str, reasoning: Reasoning) -> str:
    return tidied_chain(text, chain_spans(text, True, reasoning))[0]


@pytest.mark.parametrize(
    "block",
    [
        "<think>\n{}\n</think>\n\n",
        "{}\n</think>\n",
        "<thinking>{}</thinking>",
        "[THINK]{}[/THINK]",
        "<|begin_of_thought|>{}<|end_of_thought|>\n",
        "<reasoning>\n{}\n</reasoning>",
    ],
)
def test_the_three_choices(block: str) -> None:
    text = f"{block.format(THOUGHT)}{SPOKEN}\nThe answer is 72."
    assert chain(text, "drop") == SPOKEN
    assert chain(text, "as_rationale") == THOUGHT
    assert chain(text, "keep") == f"{THOUGHT}\n{SPOKEN}"


@pytest.mark.parametrize("answer", ["The answer is 72.", "\\boxed{72}", "**Answer:** 72"])
def test_an_answer_alone_behind_the_block(answer: str) -> None:
    """DeepSeek's way: the whole reasoning is in the block."""
    text = f"<think>\n{THOUGHT}\n</think>\n\n{answer}"
    assert {chain(text, one) for one in ("drop", "keep", "as_rationale")} == {THOUGHT}


def test_without_a_block_all_are_the_same() -> None:
    text = f"{SPOKEN}\nThe answer is 72."
    assert {chain(text, one) for one in ("drop", "keep", "as_rationale")} == {SPOKEN}
    assert chain("The answer is 72.", "keep") == ""


@pytest.mark.parametrize(
    ("inner", "kept"),
    [
        (f"{THOUGHT} So the answer is 72.", THOUGHT),
        (f"{THOUGHT}\n**Final Answer**\n\\boxed{{72}}", THOUGHT),
        ("The answer is 70? No: 48 + 24 = 72, and I have checked each of the steps again.", None),
        ("The task:\nQuestion: How many?\n48 / 2 = 24 and 48 + 24 = 72", None),
        (f"Is the answer is 72? {'Let me check. ' * 20}Yes.", None),
    ],
)
def test_only_the_answer_at_the_end_of_a_block_is_left_out(inner: str, kept: str | None) -> None:
    text = f"<think>{inner}</think>The answer is 72"
    assert chain(text, "as_rationale") == tidied_chain(inner, [(0, len(inner))])[0] if kept is None else kept


def test_an_open_block_is_no_chain(candidate: Callable[..., Candidate]) -> None:
    one = candidate(f"<think>\n{THOUGHT} The answer is 72", FilterParams(reasoning="keep"))
    assert one.answer is None


def test_a_restated_question_cuts_nothing(candidate: Callable[..., Candidate]) -> None:
    """One in three reasoning blocks restates `Question:`; the marker within the block ends nothing either."""
    text = f"<think>\nOkay.\nQuestion: How many?\nMaybe the answer is 24? {THOUGHT}\n</think>\n\n\\boxed{{72}}"
    one = candidate(text, FilterParams(reasoning="as_rationale"))
    assert one.correct and agrees(one) and one.rationale.startswith("Okay.") and one.rationale.endswith("= 72.")


@pytest.mark.parametrize("reasoning", ["drop", "keep", "as_rationale"])
@pytest.mark.parametrize("spoken", [f"{SPOKEN}\n", ""])
def test_characters_know_their_place(reasoning: Reasoning, spoken: str) -> None:
    text = f"<think>\n{THOUGHT}\n</think>\n\n{spoken}The answer is 72"
    rationale = chain(text, reasoning)
    if not rationale:
        return
    goal = target("zero_shot_chain_of_thought", rationale, "72")
    places = target_origins(text, goal)
    assert places is not None and len(places) == len(goal)
    assert all(
        place == OURS or text[place] == letter or letter == "\n" for place, letter in zip(places, goal, strict=True)
    )
    known = sum(place != OURS for place in places)
    follows = reasoning != "as_rationale" or not spoken
    assert known >= len(goal) - 2 if follows else known >= len(rationale)
    assert plain_chain_spans(text)


def test_the_shortest_chains_may_be_kept(candidate: Callable[..., Candidate]) -> None:
    texts = [f"{'Well. ' * n}48 + 24 = 72. The answer is 72" for n in (3, 1, 2)]
    candidates = [candidate(text) for text in texts]
    assert keep_shortest(candidates, 2) == candidates[1:]
    params = FilterParams(per_question=1, prefer="shortest", duplicates="keep")
    quota = next(step for step in steps_of(params, {}) if step.name == "over quota")
    assert quota.keep(candidates) == [candidates[1]] and "shorter" in quota.why
    problem = candidates[0].problem
    completions = [one.completion.model_copy(update={"sample": n}) for n, one in enumerate(candidates)]
    assert [trace.sample for trace in filter_completions(completions, [problem], [], params).traces] == [1]
