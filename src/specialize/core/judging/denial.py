"""Denied answers: `not 50, it's -50` states -50, `it isn't (A)` states nothing."""

import re

_NOT = re.compile(
    r"(?:\bnot|n['’]t|\bnever|\bcannot|\bno\s+longer)\s+"
    r"(?:be\s+|equal(?:s)?\s+(?:to\s+)?|the\s+|option\s+|choice\s+)?[$(*\"'“\[]*\Z",
    re.IGNORECASE,
)
_WRONG = re.compile(
    r"[)\]*\"'”]*(?:(?:,\s*|\s+)(?:(?:and|or|nor)\s+)?[(\[]?[A-Z][)\]]?(?=[\s,])){0,25}+"  # A, B and C are all wrong
    r"\s+(?:\(|(?:(?:is|are|was|were)|would\s+be|can\s+be)\s+(?:all\s+|both\s+)?)"
    r"(?:wrong|incorrect|eliminated|ruled\s+out|not\s+(?:right|correct|the\s+(?:right|correct|best)))\b",
    re.IGNORECASE,
)
_BEFORE = 32


def is_denied(text: str, start: int, end: int | None = None) -> bool:
    """Whether what begins at `start` (and ends at `end`) of the text is said not to be the answer."""
    if _NOT.search(text, max(0, start - _BEFORE), start):
        return True
    return end is not None and _WRONG.match(text, end) is not None
