"""The exact shapes of the four formats: prompts are part of the science, so every blank counts."""

import hashlib
from dataclasses import dataclass

import pytest

from specialize.core.prompt_formats import (
    FORMATS,
    Format,
    exemplar,
    is_chain_of_thought,
    is_in_context,
    prompt,
    source,
    target,
)
from specialize.records.prompt_style import PAPER, PromptTemplate


@dataclass(frozen=True)
class Solved:
    question: str
    rationale: str | None
    answer: str
    template: PromptTemplate | None = None


TWO = Solved("1 + 1?", "One and one make two.", "2")
THREE = Solved("1 + 2?", None, "3")


@pytest.mark.parametrize(
    ("format", "asked", "written"),
    [
        ("zero_shot_answer_only", "Q: 1 + 1?\nA:", "The answer is 2"),
        ("in_context_answer_only", "Q: 1 + 1?\nA:", "The answer is 2"),
        (
            "zero_shot_chain_of_thought",
            "Q: 1 + 1?\nLet's think step by step",
            "One and one make two.\nThe answer is 2",
        ),
        (
            "in_context_chain_of_thought",
            "Q: 1 + 1?\nLet's think step by step",
            "One and one make two.\nThe answer is 2",
        ),
    ],
)
def test_prompt_and_target(format: Format, asked: str, written: str) -> None:
    assert prompt(format, TWO.question) == source(format, TWO.question) == asked
    assert target(format, TWO.rationale, TWO.answer) == written


def test_in_context_chain_of_thought() -> None:
    assert source("in_context_chain_of_thought", "2 + 2?", [TWO, TWO]) == (
        "Q: 1 + 1?\nLet's think step by step\nOne and one make two.\nThe answer is 2\n\n"
        "Q: 1 + 1?\nLet's think step by step\nOne and one make two.\nThe answer is 2\n\n"
        "Q: 2 + 2?\nLet's think step by step"
    )


def test_in_context_answer_only() -> None:
    assert source("in_context_answer_only", "2 + 2?", [TWO, THREE]) == (
        "Q: 1 + 1?\nA: The answer is 2\n\nQ: 1 + 2?\nA: The answer is 3\n\nQ: 2 + 2?\nA:"
    )


@pytest.mark.parametrize("rationale", [None, ""])
def test_without_a_rationale_the_target_is_the_answer_alone(rationale: str | None) -> None:
    assert target("zero_shot_chain_of_thought", rationale, "3") == "The answer is 3"


@pytest.mark.parametrize("format", FORMATS)
def test_an_exemplar_is_prompt_and_target_and_a_blank_line(format: Format) -> None:
    between = "\n" if is_chain_of_thought(format) else " "
    written = target(format, TWO.rationale, TWO.answer)
    assert exemplar(format, TWO) == f"{prompt(format, TWO.question)}{between}{written}\n\n"


def test_the_names_say_what_the_formats_are() -> None:
    assert [(is_in_context(name), is_chain_of_thought(name)) for name in FORMATS] == [
        (True, True),
        (True, False),
        (False, True),
        (False, False),
    ]


def test_the_papers_formats_by_digest() -> None:
    """Templates are data now; the paper's four formats stay byte for byte what they were before."""
    texts = [f"{source(format, '2 + 2?', [TWO])}\0{target(format, 'So.', '4')}" for format in FORMATS]
    digest = hashlib.sha256("\0".join(texts).encode()).hexdigest()
    assert digest == "6ed1520aded2737a1db0744edb65db818ec992b3272cbc07a87b330583b9cb42"
    assert texts == [
        f"{source(format, '2 + 2?', [TWO], PAPER)}\0{target(format, 'So.', '4', PAPER)}" for format in FORMATS
    ]


def test_a_template_of_a_dataset() -> None:
    words = PromptTemplate(
        answer_only="Puzzle: {question}", chain_of_thought="Solve {question}", answer="#### {answer}"
    )
    worked = Solved("{answer} of 1 + 1?", "One and one make two.", "2", words)
    assert source("in_context_chain_of_thought", "{question}", [worked], words) == (
        "Solve {answer} of 1 + 1?\nOne and one make two.\n#### 2\n\nSolve {question}"
    )
    assert source("zero_shot_answer_only", "2?", (), words) == "Puzzle: 2?"
    assert target("zero_shot_answer_only", "So.", "2", words) == "#### 2"
