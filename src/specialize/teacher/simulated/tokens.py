"""Text → tokens in the manner of GPT's: a blank goes with the word after it, and some words and numbers fall in two.

The cuts differ from those of T5 and of a learned byte-pair vocabulary on purpose: aligning tokens is what the student's
side has to do. A text has exactly one tokenisation, and pieces that meet before a blank, a newline or a mark tokenise
as their joined text does.
"""

import re
from functools import lru_cache
from zlib import crc32

END = "<|endoftext|>"
"""The model's token for `nothing follows`; it is never part of a text."""

_PIECE = re.compile(r"(?P<number> ?\d+)|(?P<word> ?[^\W\d_]+)|(?P<mark> ?[^\w\s]+| ?_+)|\n|\s")
_LONG_WORD = 6
"""Letters from which on a word may be cut."""
_GROUP = 3
"""Digits of the longest number token."""


@lru_cache(maxsize=100_000)
def tokenise(text: str) -> tuple[str, ...]:
    """Return the tokens of a text; joined they are the text."""
    return tuple(token for piece in _PIECE.finditer(text) for token in _cut(piece))


def count_tokens(text: str) -> int:
    """Return the number of tokens. By lines, since prompts share most of theirs."""
    lines = text.split("\n")
    return len(lines) - 1 + sum(len(tokenise(line)) for line in lines)


def _cut(piece: re.Match[str]) -> list[str]:
    text = piece[0]
    if piece["number"]:
        return _cut_number(text)
    # A hash of the word, so that it always falls apart at the same place.
    drawn = crc32(text.encode())
    if piece["word"] and len(text.strip()) >= _LONG_WORD and drawn % 3 == 0:
        at = 3 + drawn // 3 % (len(text) - 4)
        return [text[:at], text[at:]]
    return [text]


def _cut_number(text: str) -> list[str]:
    """Cut into groups of three digits from the left; a third of the shorter numbers fall in two."""
    blank, digits = text[: -len(text.strip())], text.strip()
    groups = [digits[at : at + _GROUP] for at in range(0, len(digits), _GROUP)]
    if 1 < len(digits) <= _GROUP and crc32(digits.encode()) % 3 == 0:
        groups = [digits[:1], digits[1:]]
    return [blank + groups[0], *groups[1:]]
