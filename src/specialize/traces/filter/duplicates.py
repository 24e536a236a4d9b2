"""When two traces of one question say the same.

Differs from the paper: it keeps every correct sample; because at temperature 0.5 equal samples come often, and
repeats weigh a question by how sure the teacher was of it.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence

from specialize.core.numbers import find_spans, format_number, normalise
from specialize.traces.filter.candidates import Candidate

_TOKEN = re.compile(r"\d+(?:\.\d+)?|\.\d+|[^\W\d_]+|[-+*/=<>]")
_THOUSANDS_COMMA = re.compile(r"(?<=\d),(?=\d{3}(?!\d))", re.ASCII)
_HYPHEN = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])")
_TIMES = re.compile(r"(?<=[\d)%])\s*[x×∙·⋅]\s*(?=[($\d.])", re.ASCII)
_UNIT = re.compile(r"(?<=[\d)%])\s*/?\s*[a-z]+(?:[\s/][a-z]+){0,2}(?=\s*[-+*/=)]|\s+x\s+[($\d.])", re.ASCII)
"""Up to three words between a number and an operation: `48 clips / 2`, `$10/hour * 5`, `20 miles per hour x 3`."""

_EQUATION = re.compile(r"(?<![-\d.()+*/])[-\d.()+*/]++(?:=[-\d.()+*/]++)++", re.ASCII)
_LONGEST = 1000
"""A longer equation, in characters, is nobody's; its brackets are left as they are."""


def drop_duplicates(candidates: Sequence[Candidate], key: Callable[[str], object]) -> list[Candidate]:
    """Keep, per question, the first candidate of those whose reasoning has the same key; order is kept."""
    seen: set[tuple[str, object]] = set()
    kept = []
    for candidate in candidates:
        identity = (candidate.problem.id, key(candidate.rationale))
        if identity not in seen:
            seen.add(identity)
            kept.append(candidate)
    return kept


def words_key(rationale: str) -> tuple[str, ...]:
    """Return the words, numbers and signs of operation: case, blanks, commas, stops and other marks do not count."""
    text = _HYPHEN.sub(" ", _folded(rationale))
    return tuple(_TOKEN.findall(text))


def equations_key(rationale: str) -> tuple[str, ...]:
    """Return the equations in sorted order, so that the order of independent steps does not count.

    A reasoning without any equation is keyed by its words: having none in common is not being equal.
    """
    return tuple(sorted(equations(rationale))) or ("", *words_key(rationale))


def equations(rationale: str) -> list[str]:
    """Return every equation in order, without units, blanks, currency and percent signs, numbers in canonical form.

    `She sold 48 clips / 2 = 24.00 clips` → `48/2=24`. A chain `2 + 2 = 4 = 1 + 3` is one equation; `x = 4`, with no
    operation, is none.
    """
    bare = _single_blanks(re.sub(r"[$€£¥%]", "", _TIMES.sub("*", _UNIT.sub("", _folded(rationale)))))
    found = _EQUATION.findall(re.sub(r"\s*([-+*/=()])\s*", r"\1", bare))
    trimmed = (_canonical_numbers(_without_outer_marks(equation)) for equation in found)
    return [equation for equation in trimmed if re.search(r"\d\)*[-+*/]", equation) and re.search(r"=.*\d", equation)]


def _folded(text: str) -> str:
    text = unicodedata.normalize("NFKC", normalise(text)).casefold().replace("÷", "/")
    return _TIMES.sub(" * ", _THOUSANDS_COMMA.sub("", _single_blanks(text)))


def _single_blanks(text: str) -> str:
    """Several patterns look for blanks on both sides of something: a long run of them would take squared time."""
    return " ".join(text.split())


def _without_outer_marks(equation: str) -> str:
    """Drop full stops and the brackets that the sentence, not the equation, opened or closed."""
    equation = equation.strip(".")
    if len(equation) > _LONGEST:
        return equation
    while equation.startswith("(") and equation.count("(") > equation.count(")"):
        equation = equation[1:]
    while equation.endswith(")") and equation.count(")") > equation.count("("):
        equation = equation[:-1]
    while equation.startswith("(") and equation.endswith(")") and _closes(equation) == len(equation) - 1:
        equation = equation[1:-1]
    return equation.strip(".")


def _closes(equation: str) -> int:
    """Return where the first bracket closes, -1 if it does not."""
    depth = 0
    for place, mark in enumerate(equation):
        depth += (mark == "(") - (mark == ")")
        if not depth:
            return place
    return -1


def _canonical_numbers(equation: str) -> str:
    return re.sub(r"\d+(?:\.\d+)?|\.\d+", lambda match: _canonical(match[0]), equation)


def _canonical(number: str) -> str:
    spans = find_spans(number)
    return format_number(spans[0][0]) if spans else number
