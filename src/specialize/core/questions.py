"""Whether two questions are the same: used by joins, splits and decontamination."""

import re
import unicodedata

from specialize.core.numbers import normalise

_WORD = re.compile(r"[a-z0-9]+")
_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")


def question_words(question: str) -> list[str]:
    """Return the words of a question: in lower case, separated by anything outside `[a-z0-9]`.

    Accents do not count (`crêpes`, `crepes`), nor do thousands separators (`$1,200`, `$1200`).
    """
    if not question.isascii():
        # Decomposed, the accents are characters of their own, which fall away.
        decomposed = unicodedata.normalize("NFKD", normalise(question))
        question = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return _WORD.findall(_THOUSANDS.sub("", question.lower()))


def normalised_question(question: str) -> str:
    """Return the words joined by single blanks; a question without any (another script) in lower case, unchanged."""
    return " ".join(question_words(question)) or question.lower().strip()


def split_key(question: str) -> str:
    """Return the spelling by which validation problems are drawn.

    It stays as it is when `normalised_question` learns to see more questions as equal: no problem changes its split.
    """
    return " ".join(_WORD.findall(question.lower())) or question.lower().strip()
