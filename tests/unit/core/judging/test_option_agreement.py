"""Every option of real multiple-choice sets, named in many wordings: the judge finds the one that is meant.

Options of CommonsenseQA (words) and AQuA (numbers, units, formulas), each question in each wording with the label or
the text of an option drawn by seed.
"""

import json
import random
from pathlib import Path

import pytest

from specialize.core.answers import judge
from specialize.core.judging.plain import folded

BY_LABEL = [
    "{L}", " {L}.", " ({L}) {t}", "{L}) {t}", "{L}: {t}", "**{L}**", "**{L}. {t}**", "[{L}]", "“{L}”", "`{L}`", "({l})",
    "Option {L}", "Answer choice {L}", "Answer: {L}. {t}", "Answer\n{L}", "Final answer: \\boxed{{{L}}}", "$\\text{{{L}}}$",
    "The answer is {l}", "The answer is **({L}) {t}**", "the best answer is {L}, because the others make less sense.",
    "Therefore, among A through E, the answer is {L}.", "Therefore, among A through E, the answer is most likely {L}, {t}.",
    "{L} is the correct answer.", "I would say {L}.", "It's probably {L}.", "The answer would be ({L}).",
    "<think>Could be ({O}).</think>The answer is {L}.", "{O} is wrong. {L} is right.", "Not ({O}), but ({L}).",
    "({O}) {o} does not fit. Therefore, among A through E, the answer is {L}.", "Hence, {L}",
    "The answer is {L} Q: Another one? Answer Choices: (A) x (B) y A: The answer is {O}",
    "{L}\n\nQ: Another one? Answer Choices: (A) x (B) y\nA: {O}", "{L}.\n\nExplanation: {o} is not what is asked.",
]  # fmt: skip
BY_TEXT = [
    "{t}", "{t}.", "The answer is {t}.", "Therefore, among A through E, the answer is {t}.", "Answer: {t}", "**{t}**",
    "\\boxed{{\\text{{{t}}}}}", "The answer is “{t}”.", "It is {t}.", "<answer>{t}</answer>", "<think>{o}?</think>{t}",
    "It must be {t}, I think.", "The answer is {t}\n\nQ: And now? Options: (A) x\nA: {o}",
]  # fmt: skip


@pytest.fixture(scope="module", params=["CommonsenseQA", "AQuA"])
def options(request: pytest.FixtureRequest, shared_data: Path) -> list[dict[str, str]]:
    """The options of every second question of AQuA, every tenth of CommonsenseQA; label → text."""
    if request.param == "AQuA":
        path = shared_data / "reasoning/AQuA/test.json"
        return [{each[0]: each[2:] for each in row["options"]} for row in _rows(path)][::2]
    path = shared_data / "reasoning/CommonsenseQA/dev_rand_split.jsonl"
    return [{each["label"]: each["text"] for each in row["question"]["choices"]} for row in _rows(path)][::10]


@pytest.mark.parametrize("has_choices", [True, False])
def test_every_option_by_its_label(options: list[dict[str, str]], has_choices: bool) -> None:
    asked, missed = _asked(options, BY_LABEL, has_choices)
    assert (asked, missed) == (len(options) * len(BY_LABEL), [])


def test_every_option_by_its_text(options: list[dict[str, str]]) -> None:
    asked, missed = _asked(options, BY_TEXT, has_choices=True)
    assert (asked, missed) == (len(options) * len(BY_TEXT), [])


def _asked(options: list[dict[str, str]], wordings: list[str], has_choices: bool) -> tuple[int, list[str]]:
    """Return how many texts were judged, and those with a wrong verdict on the option meant, or on another one."""
    draw = random.Random(0)
    asked, missed = 0, []
    for wording in wordings:
        for choices in options:
            meant, other = draw.sample(list(choices), 2)
            asked += 1
            text = wording.format(L=meant, l=meant.lower(), t=choices[meant], O=other, o=choices[other])
            known = choices if has_choices else None
            is_other = judge(text, other, "choice", known).flexible.correct
            is_same = folded(choices[meant]) == folded(choices[other])
            if not judge(text, meant, "choice", known).flexible.correct or (is_other and not is_same):
                missed.append(f"{text!r} for {meant}")
    return asked, missed


def _rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
