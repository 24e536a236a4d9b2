"""Whether two questions are the same: used by joins, splits and decontamination."""

import re

_WORD = re.compile(r"[a-z0-9]+")


def question_words(question: str) -> list[str]:
    """Return the words of a question: in lower case, separated by anything outside `[a-z0-9]`."""
    return _WORD.findall(question.lower())


def normalised_question(question: str) -> str:
    """Return the words joined by single blanks; a question without any (another script) in lower case, unchanged."""
    return " ".join(question_words(question)) or question.lower().strip()
