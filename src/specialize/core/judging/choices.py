"""Answers that are one of a few options: letters of a multiple-choice question, yes/no, true/false.

An option is named by its label, `(C)`, `C.`, `C, melted`, `probably (A)`, `option c`, or by its own text where the
options are known. A denied one, `not (A) but (B)`, is none. Canonical form: `(C)`, `yes`, `no`, `true`, `false`.
"""

import re
from collections.abc import Mapping

from specialize.core.judging.denial import is_denied
from specialize.core.judging.plain import folded, undressed
from specialize.core.numbers import find_spans, parse_number

_LABEL = re.compile(r"[A-Z]|[0-9]{1,2}|[a-z]|[ivx]{1,4}", re.ASCII)
_GOLD_LABEL = re.compile(r"\(([A-Za-z])\)|([A-Z])[.)]?|(?:(?:option|choice)\s+)\(?([A-Za-z])\)?", re.ASCII)
_TRUTH = re.compile(r"(?<![\w'’])(?:(yes|true)|(no|false))(?![\w'’])", re.IGNORECASE)
TRUTHS = ("yes", "no", "true", "false")
_OPPOSITE = {"yes": "no", "true": "false"}
_BRACKETED = re.compile(r"[(\[{]\s?([A-Za-z]|[0-9]{1,2})\s?[)\]}]", re.ASCII)
_BARE = re.compile(r"(?<![\w'’(\[.-])([A-Z]|[0-9]{1,2})(?![\w'’]|-\w|\.[0-9])", re.ASCII)
_LOWER = re.compile(r"(?:option|choice|letter|answer)?\s*[(\[]?([a-z])[)\].:]*\Z|([a-z])\)", re.ASCII | re.IGNORECASE)
_NAMED = re.compile(r"\b(?:option|choice|letter)\s+[(\[]?([A-Za-z])\b", re.ASCII | re.IGNORECASE)
_STANDS_ALONE = re.compile(r"\s*(?:[.,:;)\]!?*\"'’]|\Z|(?:is|are|was|because|since|as|and|or|would|seems|-|–|—)(?!\w))")
_SPELLED = re.compile(r"[a-z0-9]+")


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


def first_truth(text: str, like: str) -> str | None:
    """Return the first yes or no (true or false) of a text in the words of `like`; None where there is none.

    `no` before a word (`no doubt`) counts only where nothing better stands.
    """
    words = list(_TRUTH.finditer(text))
    clear = [word for word in words if word[1] or not text[word.end() : word.end() + 2].strip(" \n").isalpha()]
    return _in_words_of(like, (clear or words)[0]) if words else None


def last_truth(text: str, like: str) -> str | None:
    """Return what a text without a marker says: its first word where that is a yes or no, else the last one."""
    start = _TRUTH.match(text.lstrip(" \t\n*_\"'“"))
    words = list(_TRUTH.finditer(text))
    if start:
        return _in_words_of(like, start)
    clear = [word for word in words if word[1] or not text[word.end() : word.end() + 2].strip(" \n").isalpha()]
    return _in_words_of(like, (clear or words)[-1]) if words else None


def _in_words_of(like: str, word: re.Match[str]) -> str:
    positive = "yes" if like in ("yes", "no") else "true"
    return positive if word[1] else _OPPOSITE[positive]


def first_label(text: str, choices: Mapping[str, str] | None) -> str | None:
    """Return the label of the option that a text names first (and does not deny): by label, else by its own text."""
    bare = undressed(text)
    if choices and (label := _by_whole_text(bare, choices)) and not _is_label(bare, choices):
        return label
    for place, label in _labels(bare, choices):
        if not is_denied(bare, place):
            return label
    return _by_text(bare, choices) if choices else None


def last_label(text: str, choices: Mapping[str, str] | None) -> str | None:
    """Return what a text without a marker says: the label at its start, else the last one named."""
    bare = undressed(text)
    if choices and (label := _by_whole_text(bare, choices)) and not _is_label(bare, choices):
        return label
    labels = [(place, label) for place, label in _labels(bare, choices) if not is_denied(bare, place)]
    if labels and (labels[0][0] <= 1 or len(bare) <= 40):
        return labels[0][1]
    by_text = _by_text(bare, choices) if choices and not labels else None
    return labels[-1][1] if labels else by_text


def _is_label(text: str, choices: Mapping[str, str]) -> bool:
    return text.strip("()[].:").upper() in {label.strip("()").upper() for label in choices}


def _labels(text: str, choices: Mapping[str, str] | None) -> list[tuple[int, str]]:
    """Return (place, label) of every label named, those in brackets before bare ones where the text has any."""
    known = {label.strip("()").upper(): label for label in choices} if choices else None

    def kept(label: str) -> str | None:
        if known is not None:
            return known.get(label.upper())
        return label.upper() if label.isalpha() else None

    for pattern in (_BRACKETED, _NAMED, _BARE):
        found = []
        for match in pattern.finditer(text):
            label = kept(match[1])
            if label is None or (pattern is _BARE and not _stands_alone(text, match, known is not None)):
                continue
            found.append((match.start(), label))
        if found:
            return found
    lower = _LOWER.match(text)
    label = kept(lower[1] or lower[2]) if lower else None
    return [(0, label)] if label else []


def _stands_alone(text: str, match: re.Match[str], is_known: bool) -> bool:
    """`A` before a word is an article, `I` a pronoun; another capital, of a known option, is a label."""
    if match[1] not in ("A", "I") and is_known and match[1].isalpha():
        return True
    return bool(_STANDS_ALONE.match(text, match.end()))


def _by_whole_text(text: str, choices: Mapping[str, str]) -> str | None:
    """Return the one option whose text, or whose number, is the whole of `text`."""
    same = [label for label, option in choices.items() if folded(option) == folded(text)]
    if not same and (value := parse_number(text)) is not None:
        same = [label for label, option in choices.items() if _number(option) == value]
    return same[0] if len(same) == 1 else None


def _number(option: str) -> object:
    spans = find_spans(undressed(option))
    return spans[0][0] if len(spans) == 1 else None


def _by_text(text: str, choices: Mapping[str, str]) -> str | None:
    """Return the option whose own text stands first in `text`, of those at one place the longest."""
    words = " ".join(_SPELLED.findall(text.lower()))
    found = []
    for label, option in choices.items():
        spelled = " ".join(_SPELLED.findall(undressed(option).lower()))
        place = f" {words} ".find(f" {spelled} ") if spelled else -1
        if place >= 0:
            found.append((place, -len(spelled), label))
    return min(found)[2] if found else None
