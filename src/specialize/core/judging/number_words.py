"""Numbers in English words, as an answer is sometimes stated: `twenty-five`, `one hundred and two`, `two and a half`,
`three quarters`."""

import re
from fractions import Fraction

_SMALL = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_LARGE = {"thousand": 10**3, "million": 10**6, "billion": 10**9}
_PARTS = {
    "half": 2, "halve": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10,
}  # fmt: skip
_WORD = re.compile(r"[a-z]+", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s-]*(?:and\s+)?")
_NEGATIVE = re.compile(r"(?:negative|minus)\s+", re.IGNORECASE)
_MOST_WORDS = 20


def number_at_start(text: str) -> Fraction | None:
    """Return the number that the words at the start of `text` spell, None where they spell none."""
    negative = _NEGATIVE.match(text)
    total = group = found = 0
    place = negative.end() if negative else 0
    value: Fraction | None = None
    while found < _MOST_WORDS and (word := _WORD.match(text, place)):
        name = word[0].lower()
        if name in _SMALL:
            group += _SMALL[name]
        elif name == "hundred" and found:
            group *= 100
        elif name in _LARGE and found:
            total, group = total + group * _LARGE[name], 0
        else:
            value = _with_part(name, text[word.end() :], Fraction(total + group) if found else None)
            break
        found += 1
        between = _BETWEEN.match(text, word.end())
        place = between.end() if between else word.end()
    if value is None and found:
        value = Fraction(total + group)
    return -value if negative and value is not None else value


def _with_part(name: str, rest: str, before: Fraction | None) -> Fraction | None:
    """Return `before` with the part that a word names: `[two] thirds`, `[two and] a half`, `half`; None without one."""
    is_counted = name == "a" or (before is None and name == "half")
    if name == "a":
        word = _WORD.search(rest[:20])
        name = word[0].lower() if word else ""
    part = _PARTS.get(name.removesuffix("s"))
    if part is None:
        return None
    if is_counted:
        return (before or Fraction(0)) + Fraction(1, part)
    return None if before is None else before / part
