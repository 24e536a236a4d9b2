"""Readings of an answer: what counts as right.

Maths: `strict` and `flexible` of `core.answers`. Generic tasks: two scorers side by side, because the paper's headline
"BBH chain of thought falls to zero" may owe something to its scorer:

- `exact`: exact match, as BIG-Bench-Hard reports it: what stands behind the last "the answer is" (in any case; the
  whole text where it is not said), without a final stop, equals the target; where the target is an option, `(A)`, the
  first option named there. Upstream publishes no scorer; this is how its extractor is commonly written.
- `substring`: the rule of the paper's released code: the target occurs anywhere behind the first lower-case
  "the answer is" (chain of thought), or anywhere in the text (answer-only). So `valid` matches `invalid`, and a
  student that writes "The answer is" is always wrong in chain of thought.
  https://github.com/FranxYao/FlanT5-CoT-Specialization (src/test_bbh.py)
"""

import re

from specialize.core.answers import Reading, judge, marked_tail, own_text
from specialize.core.numbers import normalise
from specialize.records.problems import Problem

_OPTION = re.compile(r"\([A-Z]\)")


def readings_of(text: str, problem: Problem, format: str, is_generic: bool) -> dict[str, Reading]:
    """Return reading → what it found in `text`."""
    if is_generic:
        return {"exact": exact(text, problem.answer), "substring": substring(text, problem.answer, format)}
    judgement = judge(text, problem.answer, problem.kind)
    return {"strict": judgement.strict, "flexible": judgement.flexible}


def exact(text: str, target: str) -> Reading:
    """Exact match behind the marker; of a multiple-choice answer the first option named there."""
    tail = marked_tail(text)
    answer = normalise(own_text(text) if tail is None else tail).strip().removesuffix(".").strip()
    if _OPTION.fullmatch(target) and (option := _OPTION.search(answer)):
        answer = option[0]
    return Reading(answer or None, answer == normalise(target).strip())


def substring(text: str, target: str, format: str) -> Reading:
    """The rule of the paper's released code."""
    if format in ("chain_of_thought", "trained_chain_of_thought"):
        _, marker, tail = text.partition("the answer is")
        return Reading(tail.strip() or None, bool(marker) and target in tail)
    return Reading(text or None, target in text)
