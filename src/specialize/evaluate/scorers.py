"""Readings of an answer: what counts as right.

Maths: `strict` and `flexible` of `core.answers`. Generic tasks: two scorers side by side, because the paper's headline
"BBH chain of thought falls to zero" may owe something to its scorer:

- `exact`: exact match, as BIG-Bench-Hard reports it: what stands behind the last answer marker (the whole text where
  there is none) equals the target. Case, blanks, commas, quotes, markup and a final stop do not count; a number is
  compared as a number; where the target is an option, `(A)`, the first option named there, also without its brackets.
  Upstream publishes no scorer; this is how its extractor is commonly written.
- `substring`: the rule of the paper's released code: the target occurs anywhere behind the first lower-case
  "the answer is" (chain of thought), or anywhere in the text (answer-only). So `valid` matches `invalid`, and a
  student that writes "The answer is" is always wrong in chain of thought.
  https://github.com/FranxYao/FlanT5-CoT-Specialization (src/test_bbh.py)
"""

import re

from specialize.core.answers import Reading, judge, same_answer, stated_texts
from specialize.core.judging.choices import label
from specialize.core.numbers import parse_number
from specialize.records.problems import Problem

_OPTION = re.compile(r"\(([A-Z])\)")
_SHORT = 40
"""In a longer text without any option in brackets, a bare letter names none."""


def readings_of(text: str, problem: Problem, format: str, is_generic: bool) -> dict[str, Reading]:
    """Return reading → what it found in `text`."""
    if is_generic:
        return {"exact": exact(text, problem.answer), "substring": substring(text, problem.answer, format)}
    judgement = judge(text, problem.answer, problem.kind, problem.choices)
    return {"strict": judgement.strict, "flexible": judgement.flexible}


def exact(text: str, target: str) -> Reading:
    """Exact match behind the marker; of a multiple-choice answer the first option named there."""
    stated = stated_texts(text)
    if not stated:
        return Reading(None, False)
    if option := _OPTION.fullmatch(target):
        is_readable = _OPTION.search(stated[0]) or len(stated[0]) <= _SHORT
        named = label(stated[0], None, is_marked=True) if is_readable else None
        return Reading(f"({named})" if named else stated[0], named == option[1])
    number = parse_number(target)
    for answer in stated:
        if same_answer(answer, target) or (number is not None and parse_number(answer) == number):
            return Reading(answer, True)
    return Reading(stated[0], False)


def substring(text: str, target: str, format: str) -> Reading:
    """The rule of the paper's released code."""
    if format in ("chain_of_thought", "trained_chain_of_thought"):
        _, marker, tail = text.partition("the answer is")
        return Reading(tail.strip() or None, bool(marker) and target in tail)
    return Reading(text or None, target in text)
