"""Which questions of a benchmark are variants of one story, so that their answers are no independent observations."""

import re

from specialize.core.questions import normalised_question

_SENTENCE = re.compile(r"(?<=[.?!])\s+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def question_family(question: str) -> str:
    """Return a key that variants of one story share: all sentences but the last, in lower case, numbers masked.

    A body asked about twice, or told again with other numbers, is one family: SVAMP's 1,000 problems are 650 families,
    MultiArith's 600 (20 of them plain repeats) are 365. Of a question of one sentence the whole counts.
    """
    told = _SENTENCE.split(question.strip())
    body = " ".join(told[:-1]) or question
    return normalised_question(_NUMBER.sub(" 0 ", body))
