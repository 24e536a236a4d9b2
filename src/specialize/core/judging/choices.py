"""Answers that are one of a few options: letters of a multiple-choice question, yes/no, true/false.

An option is named by its label, `(C)`, `C.`, `C, melted`, `probably (A)`, `option c`, or by its own text where the
options are known. A denied one, `not (A) but (B)`, is none. Canonical form: `(C)`, `yes`, `no`, `true`, `false`.
"""

import re
from collections.abc import Mapping
from fractions import Fraction

from specialize.core.judging.denial import is_denied
from specialize.core.judging.plain import folded, undressed
from specialize.core.numbers import find_spans, parse_number

_GOLD_LABEL = re.compile(r"\(([A-Za-z])\)|([A-Z])[.)]?|(?:(?:option|choice)\s+)\(?([A-Za-z])\)?", re.ASCII)
# Each begins with a set of characters, and looks back behind it: so the search through a text is quick.
_TRUTH = re.compile(
    r"[YyTtNnFf](?<![\w'’].)(?i:((?<=y)es|(?<=t)rue)|((?<=n)o|(?<=f)alse))(?![\w'’])",
)
TRUTHS = ("yes", "no", "true", "false")
_OPPOSITE = {"yes": "no", "true": "false"}
_BRACKETED = re.compile(r"[(\[{]\s?([A-Za-z]|[0-9]{1,2})\s?[)\]}]", re.ASCII)
_BARE = re.compile(r"([A-Z0-9](?<![\w'’(\[.-].)(?:(?<=[0-9])[0-9])?)(?![\w'’]|-\w|\.[0-9])", re.ASCII)
_SMALL = re.compile(r"(?:option|choice|letter|answer)?\s*[(\[]?([a-z])[)\].:]*\Z|([a-z])\)", re.ASCII | re.IGNORECASE)
_NAMED = re.compile(r"[OoCcLl](?<!\w.)(?i:(?<=o)ption|(?<=c)hoice|(?<=l)etter)\s+[(\[]?([A-Za-z])\b", re.ASCII)
_STANDS_ALONE = re.compile(
    r"\s*(?:[.,:;)\]!?*\"'’=$0-9-]|\Z|(?:is|are|was|because|since|as|and|or|would|seems|–|—)(?!\w))"
)
_CONCLUDES = re.compile(r"\b(?:so|thus|hence|therefore)\b[^.]*\Z", re.IGNORECASE)
_LONE = re.compile(r"([A-Z])\s", re.ASCII)
_SPELLED = re.compile(r"[^\W_]+")
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
        return _by_whole_text(bare, choices)
    named = _GOLD_LABEL.fullmatch(bare) or _GOLD_LABEL.fullmatch(gold.strip())
    return (named[1] or named[2] or named[3]).upper() if named else None


def gold_truth(gold: str) -> str | None:
    """Return `yes`, `no`, `true` or `false` where the gold answer is one of them."""
    bare = undressed(gold).lower()
    return bare if bare in TRUTHS else None


def truth(text: str, like: str, is_marked: bool) -> str | None:
    """Return the yes or no (true or false) that a text states, in the words of `like`; None where it states none.

    Behind a marker, the first one; else the first word of the text where it is one, else the last one. `no` before a
    word (`no doubt`) counts only where nothing better stands.
    """
    words = list(_TRUTH.finditer(text))
    if not words:
        return None
    begins = not text[: words[0].start()].strip(_MARKUP)
    clear = [word for word in words if word[1] or not text[word.end() : word.end() + 2].strip().isalpha()]
    said = words[0] if begins else (clear or words)[0 if is_marked else -1]
    positive = "yes" if like in ("yes", "no") else "true"
    return positive if said[1] else _OPPOSITE[positive]


def label(text: str, choices: Mapping[str, str] | None, is_marked: bool) -> str | None:
    """Return the label of the option that a text states (and does not deny): by label, else by the option's own text.

    Behind a marker, the first one; else the one at the start of the text (in a short text, the first), else the last.
    """
    bare = undressed(text)
    if choices and (whole := _by_whole_text(bare, choices)) and not _is_label(bare, choices):
        return whole
    is_answer = is_marked or len(bare) <= _SHORT
    named = _labels(bare, choices)
    if named:
        concludes = _CONCLUDES.search(bare, max(0, named[-1][0] - _SHORT), named[-1][0])
        return named[0][1] if is_answer or (named[0][0] <= 1 and not concludes) else named[-1][1]
    if choices and (by_text := _by_text(bare, choices, is_first=is_answer)):
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
            if found is None or is_denied(text, match.start(), match.end()):
                continue
            if pattern is not _BARE or _stands_alone(text, match, choices is not None):
                named.append((match.start(), found))
        if named:
            return named
    small = _SMALL.match(text)
    found = _known(small[1] or small[2], choices) if small else None
    return [(0, found)] if found else []


def _stands_alone(text: str, match: re.Match[str], is_known: bool) -> bool:
    """`A` before a word is an article, `I` a pronoun; another capital that is the label of an option is that label."""
    if is_known and match[1].isalpha() and match[1] not in "AI":
        return True
    return bool(_STANDS_ALONE.match(text, match.end()))


def _by_whole_text(text: str, choices: Mapping[str, str]) -> str | None:
    """Return the one option whose text, or whose number, is the whole of `text`."""
    same = [label for label, option in choices.items() if folded(option) == folded(text)]
    if not same and (value := parse_number(text)) is not None:
        same = [label for label, option in choices.items() if _number(option) == value]
    return same[0] if len(same) == 1 else None


def _number(option: str) -> Fraction | None:
    spans = find_spans(undressed(option))
    return spans[0][0] if len(spans) == 1 else None


def _by_text(text: str, choices: Mapping[str, str], is_first: bool) -> str | None:
    """Return the option whose own text stands first (or last) in `text`; of those at one place, the longest.

    Options that are numbers are found as numbers.
    """
    numbers = {label: _number(option) for label, option in choices.items()}
    if all(value is not None for value in numbers.values()):
        stated = [value for value, (start, end) in find_spans(text) if not is_denied(text, start, end)]
        known = [value for value in (stated if is_first else reversed(stated)) if value in numbers.values()]
        same = [label for label, value in numbers.items() if known and value == known[0]]
        return same[0] if len(same) == 1 else None
    words = f" {' '.join(_SPELLED.findall(text.lower()))} "
    found = []
    for label, option in choices.items():
        spelled = " ".join(_SPELLED.findall(undressed(option).lower()))
        place = words.find(f" {spelled} ") if is_first else words.rfind(f" {spelled} ")
        if spelled and place >= 0:
            found.append((place if is_first else -place - len(spelled), -len(spelled), label))
    return min(found)[2] if found else None
