"""An option named by its own text: `melted`, `21%`, `5(√3 + 1)`, `12, 8` for `12 and 8`, `the mall` for `malls`.

Three ways to compare, each only where those before find nothing: as it is written, with one spelling of roots and
relations; by words, without articles and plurals; by numbers, for units are written in many ways.
"""

import re
from collections.abc import Callable, Mapping
from fractions import Fraction

from specialize.core.judging.denial import is_denied
from specialize.core.judging.plain import folded, undressed
from specialize.core.numbers import find_spans, parse_number

Choices = Mapping[str, str]
Found = tuple[int, int, str]
"""(place, length, label) of an option's text in a text."""

_WORD = re.compile(r"[^\W_]+")
_SYMBOL = re.compile(r"[<>=+*/^√π∞|!(-]")
_SAME = (
    (re.compile(r"\\sqrt|\bsqrt"), "√"),
    (re.compile(r"√\s?\(([^()\s]{1,40})\)"), r"√\1"),
    (re.compile(r"\\pi(?![a-z])|\bpi\b"), "π"),
    (re.compile(r"≥|⩾|\\g(?:eqslant|eq|e)(?![a-z])"), ">="),
    (re.compile(r"≤|⩽|\\l(?:eqslant|eq|e)(?![a-z])"), "<="),
    (re.compile(r"≠|\\neq?(?![a-z])"), "!="),
    (re.compile(r"\\gt(?![a-z])"), ">"),
    (re.compile(r"\\lt(?![a-z])"), "<"),
    (re.compile("[×·∗]"), "*"),
    (re.compile("÷"), "/"),
    (re.compile(r"(?<!\s)\s*+([<>=+*/^√|!,()-])\s*+"), r"\1"),
)
_ARTICLES = ("a", "an", "the")
_LONGEST = 400
"""A longer text, in characters, is not an option alone."""


def whole(text: str, choices: Choices) -> str | None:
    """Return the label of the one option whose text is the whole of `text`; else None. Of options with the same text
    (benchmarks have some) the first counts."""
    ways: tuple[Callable[[str], object], ...] = (folded, parse_number, _formula)
    if len(text) > _LONGEST:
        return None
    for way in ways:
        said = way(text)
        same = [label for label, option in choices.items() if said and way(undressed(option)) == said]
        if same:
            return _one_of(same, choices)
    return None


def named_in(text: str, choices: Choices, is_first: bool) -> str | None:
    """Return the label of the option whose text stands first (or last) in `text`; of those at one place, the longest.

    Options that are numbers are found as numbers, denied ones left out.
    """
    options = {label: undressed(option) for label, option in choices.items()}
    spelled = {label: option for label, option in options.items() if parse_number(option) is None}
    formulas = {label: _formula(option) for label, option in spelled.items() if _SYMBOL.search(_formula(option))}
    others = {label: option for label, option in spelled.items() if label not in formulas}
    ways = [(_formula, formulas)] if formulas else []
    ways += [(words, {label: words(option) for label, option in others.items()}) for words in (_words, _plain_words)]
    for way, written in ways:
        said = way(text)
        found = [place for label, option in written.items() for place in _places(said, option, label, is_first)]
        if found:
            return _outermost(found, is_first)
    return _by_number(text, options, is_first)


def _places(text: str, option: str, label: str, is_first: bool) -> list[Found]:
    """Return where `option` stands first (or last) in `text`, not as a part of a longer word or number."""
    place = text.find(option) if is_first else text.rfind(option)
    while option and place >= 0:
        end = place + len(option)
        if not (_goes_on(text[place - 1 : place], option[0]) or _goes_on(text[end : end + 1], option[-1])):
            return [(place, len(option), label)]
        place = text.find(option, end) if is_first else text.rfind(option, 0, place)
    return []


def _goes_on(beside: str, edge: str) -> bool:
    return edge.isalnum() and beside.isalnum()


def _outermost(found: list[Found], is_first: bool) -> str:
    if is_first:
        return min(found, key=lambda one: (one[0], -one[1]))[2]
    return max(found, key=lambda one: (one[0] + one[1], one[1]))[2]


def _by_number(text: str, options: Choices, is_first: bool) -> str | None:
    numbers = {label: _numbers(option) for label, option in options.items()}
    stated = [value for value, (start, end) in find_spans(text) if not is_denied(text, start, end)]
    known = [value for value in (stated if is_first else reversed(stated)) if (value,) in numbers.values()]
    wanted = (known[0],) if known else tuple(stated)
    return _one_of([label for label, found in numbers.items() if wanted and found == wanted], options)


def _one_of(labels: list[str], choices: Choices) -> str | None:
    """Return the first of the labels, unless they name different options: `8.75 m` and `8.75 km` are no one answer."""
    return labels[0] if len({folded(choices[label]) for label in labels}) == 1 else None


def _numbers(text: str) -> tuple[Fraction, ...]:
    return tuple(value for value, _ in find_spans(text))


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))


def _plain_words(text: str) -> str:
    """Return the words without articles and the `s` of plurals; nothing for a formula."""
    if _SYMBOL.search(text):
        return ""
    words = [word for word in _WORD.findall(text.lower()) if word not in _ARTICLES]
    return " ".join(word[:-1] if len(word) > 3 and word[-1] == "s" and word[-2] != "s" else word for word in words)


def _formula(text: str) -> str:
    """Return the text in small letters, symbols in one spelling and without blanks beside them."""
    text = text.lower()
    for pattern, written in _SAME:
        text = pattern.sub(written, text)
    return text
