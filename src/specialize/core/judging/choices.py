"""Answers that are one of a few options: letters of a multiple-choice question, yes/no, true/false.

An option is named by its label, `(C)`, `C.`, `C, melted`, `probably (A)`, `option c`, or by its own text where the
options are known. A denied one, `not (A) but (B)`, is none. Canonical form: `(C)`, `yes`, `no`, `true`, `false`.
"""

import re
from collections.abc import Mapping

from specialize.core.judging.denial import is_denied
from specialize.core.judging.option_texts import named_in, whole
from specialize.core.judging.plain import folded, undressed

_GOLD_LABEL = re.compile(r"\(([A-Za-z])\)|([A-Z])[.)]?|(?:(?:option|choice)\s+)\(?([A-Za-z])\)?", re.ASCII)
# Each begins with a set of characters, and looks back behind it: so the search through a text is quick.
_TRUTH = re.compile(
    r"[YyTtNnFf](?<![\w'’].)(?i:((?<=y)es|(?<=t)rue)|((?<=n)o|(?<=f)alse))(?![\w'’])",
)
_DETERMINES = re.compile(
    r" (?!(?i:it|its|the|this|that|these|those|there|he|she|they|we|you|i|a|an"
    r"|because|since|as|not|but|so|if|yes|no)\b)[^\W\d]"
)
"""Behind `no`: a noun (`no doubt`, `no one`), unlike `no it is not`."""
TRUTHS = ("yes", "no", "true", "false")
_OPPOSITE = {"yes": "no", "true": "false"}
_BRACKETED = re.compile(r"[(\[{]\s?([A-Za-z]|[0-9]{1,2})\s?[)\]}]", re.ASCII)
_BARE = re.compile(r"([A-Z0-9](?<![\w'’(\[.-].)(?:(?<=[0-9])[0-9])?)(?![\w'’/+*^(]|-\w|\.[0-9])", re.ASCII)
_SMALL = re.compile(r"(?:option|choice|letter|answer)?\s*[(\[]?([a-z])[)\].:]*\Z|([a-z])\)", re.ASCII | re.IGNORECASE)
_NAMED = re.compile(r"[OoCcLl](?<!\w.)(?i:(?<=o)ption|(?<=c)hoice|(?<=l)etter)\s+[(\[]?([A-Za-z])\b", re.ASCII)
_STANDS_ALONE = re.compile(
    r"\s*(?:[.,:;)\]!?*\"'’=$0-9-]|\Z|(?:is|are|was|because|since|as|and|or|would|seems|–|—)(?!\w))"
)
_PRONOUN = re.compile(r"\s+(?:was|would|and|or|as)\b")
_CONCLUDES = re.compile(r"\b(?:so|thus|hence|therefore)\b[^.]*\Z", re.IGNORECASE)
_RULED_OUT = re.compile(
    r"\b(?:eliminat(?:e|es|ed|ing)|rul(?:e|es|ed|ing)\s+out|exclud(?:e|es|ed|ing)|rather\s+than|instead\s+of|unlike)\s+"
    r"(?:(?:options?|choices?|both|[(\[]?[A-Z][)\]]?(?:,|\s+and|\s+or)?)\s+){0,8}[(\[]*\Z",
    re.IGNORECASE,
)
_LONE = re.compile(r"([A-Z])\s", re.ASCII)
_MARKUP = " \t\n*_\"'“"
_SHORT = 40
"""A text without a marker that is no longer, in characters, is an answer; a longer one may reason first."""


def gold_label(gold: str, choices: Mapping[str, str] | None = None) -> str | None:
    """Return the label that a gold answer names: `(C)`, `C`, `C)`, or an option's text; None where it names none.

    Without `choices` a lone small letter is no label, nor is a number.
    """
    bare = undressed(gold)
    if choices:
        by_label = {folded(label).strip("()[]"): label for label in choices}
        if (label := by_label.get(folded(bare).strip("()[].:"))) is not None:
            return label
        return whole(bare, choices)
    named = _GOLD_LABEL.fullmatch(bare) or _GOLD_LABEL.fullmatch(gold.strip())
    return (named[1] or named[2] or named[3]).upper() if named else None


def gold_truth(gold: str) -> str | None:
    """Return `yes`, `no`, `true` or `false` where the gold answer is one of them."""
    bare = undressed(gold).lower()
    return bare if bare in TRUTHS else None


def truth(text: str, like: str, is_marked: bool) -> str | None:
    """Return the yes or no (true or false) that a text states, in the words of `like`; None where it states none.

    Behind a marker, the first one; else the first word of the text where it is one, else the last one. `no` before a
    noun (`no doubt`) counts only where nothing better stands; a denied one (`not true`) says the opposite, where
    nothing else is stated.
    """
    words = list(_TRUTH.finditer(text))
    if not words:
        return None
    clear = [word for word in words if word[1] or not _DETERMINES.match(text, word.end())]
    stated = [word for word in clear if not is_denied(text, word.start())]
    found = stated or clear or words
    begins = not text[: found[0].start()].strip(_MARKUP)
    said = found[0 if begins or is_marked else -1]
    positive = "yes" if like in ("yes", "no") else "true"
    is_positive = bool(said[1]) != (not stated and bool(clear))
    return positive if is_positive else _OPPOSITE[positive]


def label(text: str, choices: Mapping[str, str] | None, is_marked: bool) -> str | None:
    """Return the label of the option that a text states (and does not deny): by label, else by the option's own text.

    Behind a marker, the first one; else the one at the start of the text (in a short text, the first), else the last.
    """
    bare = undressed(text)
    if choices and not _is_label(bare, choices) and (same := whole(bare, choices)):
        return same
    is_answer = is_marked or len(bare) <= _SHORT
    named = _labels(bare, choices)
    if named:
        concludes = _CONCLUDES.search(bare, max(0, named[-1][0] - _SHORT), named[-1][0])
        return named[0][1] if is_answer or (named[0][0] <= 1 and not concludes) else named[-1][1]
    if choices and (by_text := named_in(bare, choices, is_first=is_answer)):
        return by_text
    # `A bank`: behind a marker an article would be a small letter.
    lone = _LONE.match(bare) if is_answer else None
    return _known(lone[1], choices) if lone else None


def _known(name: str, choices: Mapping[str, str] | None) -> str | None:
    """Return the label that `name` spells; without `choices`, a letter in upper case."""
    if choices is None:
        return name.upper() if name.isalpha() else None
    return next((label for label in choices if label.strip("() ").upper() == name.upper()), None)


def _is_label(text: str, choices: Mapping[str, str]) -> bool:
    return _known(text.strip("()[].: "), choices) is not None


def _labels(text: str, choices: Mapping[str, str] | None) -> list[tuple[int, str]]:
    """Return (place, label) of every label that is named and not denied: of those in brackets, called an option, or
    bare, the first kind that the text has."""
    for pattern in (_BRACKETED, _NAMED, _BARE):
        named = []
        for match in pattern.finditer(text):
            found = _known(match[1], choices)
            if found is None or _is_ruled_out(text, match.start(), match.end()):
                continue
            if pattern is not _BARE or _stands_alone(text, match, choices is not None):
                named.append((match.start(), found))
        if named:
            return named
    small = _SMALL.match(text)
    found = _known(small[1] or small[2], choices) if small else None
    return [(0, found)] if found else []


def _is_ruled_out(text: str, start: int, end: int) -> bool:
    return is_denied(text, start, end) or bool(_RULED_OUT.search(text, max(0, start - _SHORT), start))


def _stands_alone(text: str, match: re.Match[str], is_known: bool) -> bool:
    """`A` before a word is an article, `I` a pronoun; another capital that is the label of an option is that label."""
    if is_known and match[1].isalpha() and match[1] not in "AI":
        return True
    if match[1] == "I" and _PRONOUN.match(text, match.end()):
        return False
    return bool(_STANDS_ALONE.match(text, match.end()))
