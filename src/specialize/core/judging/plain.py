"""LaTeX and markdown read as plain text: `\\frac{1}{2}` as `1/2`, `9{,}500` as `9,500`, `**True**` as `True`."""

import re

from specialize.core.numbers import normalise

_SIMPLE = r"[-+]?[\w.,]{1,40}"
_FRACTION = re.compile(r"\\[dtc]?frac\s*+(?:\{([^{}]{1,80})\}|([0-9]))\s*+(?:\{([^{}]{1,80})\}|([0-9]))", re.ASCII)
_IS_SIMPLE = re.compile(_SIMPLE, re.ASCII)
_THOUSANDS = re.compile(r"(?<=[0-9])(?:\\[,;:! ]|~|\\thinspace ?)(?=[0-9]{3}(?![0-9]))")
_COMMAND = re.compile(
    r"""
    (?P<wrapper>\\(?:text(?:bf|it|rm|tt)?|math(?:rm|bf|it|sf|tt)|emph|operatorname|mbox|fbox|boxed|underline)\s*+(?=\{))
    | (?P<times>\\(?:times|cdot|ast)(?![a-z]))
    | (?P<over>\\div(?![a-z]))
    | (?P<degree>\^?\{?\\(?:circ|degree)(?![a-z])\}?)
    | (?P<nothing>\\(?:left|right|displaystyle|textstyle|big|Big|bigg|Bigg|!)(?![a-z]))
    | (?P<blank>\\(?:[,;:\s()\[\]]|qquad|quad|thinspace|\\)|~)
    | \\(?P<itself>[%$&\#_])
    | (?P<brace>[{}])
    """,
    re.VERBOSE,
)
_WRITTEN = {"wrapper": "", "times": "*", "over": "/", "degree": "", "nothing": "", "blank": " ", "brace": ""}

_QUOTES = "\"'“”‘’`´"
_DRESS = f" \t\r\n*_${_QUOTES}"
_FOLDED = re.compile(rf"(?<=[^\W\d]),(?=\s)|[\s*`${_QUOTES}]+")


def plain(text: str) -> str:
    """Return the text in normal form, LaTeX written out; braces go only where there is LaTeX."""
    if "\\" in text or "{,}" in text:
        text = _unlatex(text)
    return normalise(text)


def undressed(text: str) -> str:
    """Return an answer without the markup, quotes and final stop around it."""
    return plain(text).strip().lstrip(_DRESS).rstrip(f"{_DRESS}.!")


def folded(answer: str) -> str:
    """Return what of an answer counts when two texts are compared: not case, blanks, commas between
    words, quotes, markup, a final stop."""
    return _FOLDED.sub("", plain(answer)).casefold().rstrip(".!")


def _unlatex(text: str) -> str:
    text = _THOUSANDS.sub(",", text.replace("{,}", ",").replace(",\\!", ","))
    return _COMMAND.sub(lambda match: _written(match), _FRACTION.sub(_fraction, text))


def _written(match: re.Match[str]) -> str:
    return match["itself"] or _WRITTEN[match.lastgroup or "brace"]


def _fraction(match: re.Match[str]) -> str:
    top, bottom = (_part(match[1] or match[2]), _part(match[3] or match[4]))
    # A blank between, or `2\frac{1}{2}` would become `21/2`.
    mixed = match.string[match.start() - 1 : match.start()].isdigit()
    return f"{' ' if mixed else ''}{top}/{bottom}"


def _part(part: str) -> str:
    part = part.strip()
    return part if _IS_SIMPLE.fullmatch(part) else f"({part})"
