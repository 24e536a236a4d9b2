"""Where an answer has ended, though the model writes on: it has begun a question of its own.

A model without instruction tuning often continues a prompt of worked questions with the next question. That begins
with the mark that our prompts have (`Q:`), or with `Question:`, behind a blank. It ends the answer once the answer is
stated: behind an answer marker, or, where the prompt asks for the answer alone, behind any text at all. So no reading
of the judge changes: it takes what follows for another question too (core/judging/own_text.py). What is not certain
ends nothing: a question that is restated before the answer, further sentences, a repetition.
"""

import re
from collections.abc import Sequence

_STATED = re.compile(r"answer is\b[\s:]*[^\s:]|####\s*\S|\\boxed\{", re.IGNORECASE)
_SOMETHING = re.compile(r"\S")
_QUESTION = re.compile(r"\s+(?:Q|Question)\s?:")


def asks_for_the_answer_alone(prompt: str) -> bool:
    """Whether a prompt of `core.prompt_formats` is answer-only."""
    return prompt.endswith("A:")


def end_of_answer(text: str, is_answer_only: bool) -> int | None:
    """Return where the answer ends because a new question begins; None: nowhere yet."""
    stated = (_SOMETHING if is_answer_only else _STATED).search(text)
    question = _QUESTION.search(text, stated.end()) if stated else None
    return question.start() if question else None


def marking_tokens(vocabulary: dict[str, int]) -> frozenset[int]:
    """Return the tokens with which the mark of a question may be complete: only behind them a text is looked at."""
    return frozenset(token for text, token in vocabulary.items() if ":" in text)


def first_end(ids: Sequence[int], ends: frozenset[int]) -> int | None:
    """Return the place of the first end token."""
    return next((place for place, token in enumerate(ids) if token in ends), None)
