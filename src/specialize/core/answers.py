"""The one judge of answers, for the filter of traces and for the scores.

Two readings of a text, always side by side:

- strict: what stands behind the last answer marker: `The answer is …`, `#### …`, or a last line `A: …`
  (the forms of this project, of GSM8K, and of GSM8K's example solutions). No marker, no answer.
- flexible: the last number of the text; for answers that are no number, what the strict reading finds,
  else the whole text.

Text after a line that begins a new question (`Q:`, `Question:`) is not read: models run on.
Numbers are compared as fractions, never as floats. Differs from the paper: its released judge reads
`\\d*\\.?\\d+`, so it loses signs and cuts `1,000` to `000`; here signs, commas and fractions count.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

from specialize.core.numbers import find_spans, format_number, normalise, parse_number
from specialize.records.problems import AnswerKind

SCORER_VERSION = "1"
"""Raise when a change here may move a score."""

_MARKER = re.compile(r"the\s+(?:final\s+|correct\s+)?answer\s+is(?![a-z])\s*:?\s*|\#{4}", re.IGNORECASE)
_LAST_LINE_MARKER = re.compile(r"\A\s*A:", re.ASCII)
_NEW_QUESTION = re.compile(r"\n[^\S\n]*+(?:Q|Question)[^\S\n]*+\d*+:", re.IGNORECASE)


@dataclass(frozen=True)
class Reading:
    """What one reading found: the answer in canonical form (None: no answer) and whether it equals the gold."""

    answer: str | None
    correct: bool


@dataclass(frozen=True)
class Judgement:
    """Both readings of one text."""

    strict: Reading
    flexible: Reading


def judge(text: str, gold: str, kind: AnswerKind | None = None) -> Judgement:
    """Judge `text` against the gold answer; `kind` is inferred from `gold` where not given."""
    canonical, inferred = canonical_gold(gold)
    kind = kind or inferred
    if kind == "text":
        canonical = gold.strip()
    strict, flexible = strict_answer(text, kind), flexible_answer(text, kind)
    return Judgement(
        Reading(strict, same_answer(strict, canonical)),
        Reading(flexible, same_answer(flexible, canonical)),
    )


def canonical_gold(gold: str) -> tuple[str, AnswerKind]:
    """Return (canonical form, kind) of a gold answer.

    `1,000` → (`1000`, number); `11; 12; 13` → (…, numbers); a whole solution that ends in `#### 72` → (`72`, number).
    """
    number = parse_number(gold)
    if number is not None:
        return format_number(number), "number"
    if "####" in gold:
        return canonical_gold(gold.rsplit("####", 1)[1])
    parts = [parse_number(part) for part in gold.split(";")]
    values = [part for part in parts if part is not None]
    if len(parts) > 1 and len(values) == len(parts):
        return "; ".join(format_number(value) for value in values), "numbers"
    return gold.strip(), "text"


def same_answer(answer: str | None, gold: str) -> bool:
    """Compare two canonical answers; texts without regard to case, blanks, a final stop and quotes."""
    return answer is not None and (answer == gold or _folded(answer) == _folded(gold))


def strict_answer(text: str, kind: AnswerKind = "number") -> str | None:
    """Return what stands behind the last answer marker, or None."""
    tail = marked_tail(text)
    if tail is None:
        return None
    if kind == "text":
        return tail.strip().rstrip(".").strip() or None
    values = _values(_result(tail))
    if not values:
        return None
    if kind == "numbers":
        return "; ".join(format_number(value) for value in values)
    return format_number(values[0])


def flexible_answer(text: str, kind: AnswerKind = "number") -> str | None:
    """Return the last number of the text (or what else the kind asks for), or None."""
    if kind != "number":
        return strict_answer(text, kind) or own_text(text).strip().rstrip(".").strip() or None
    values = _values(normalise(own_text(text)))
    return format_number(values[-1]) if values else None


def own_text(text: str) -> str:
    """Cut a text where the model begins a new question."""
    run_on = _NEW_QUESTION.search(text)
    return text[: run_on.start()] if run_on else text


def marked_tail(text: str) -> str | None:
    """Return the normalised rest of the line behind the last answer marker, or None where there is no marker."""
    own = normalise(own_text(text)).rstrip()
    markers = list(_MARKER.finditer(own))
    if markers:
        return own[markers[-1].end() :].lstrip(" \t").split("\n", 1)[0]
    last_line = own.rsplit("\n", 1)[-1]
    marker = _LAST_LINE_MARKER.match(last_line)
    return last_line[marker.end() :] if marker else None


def rationale_of(text: str) -> str:
    """Return the reasoning: what stands before the first answer marker, stripped."""
    own = own_text(text).rstrip()
    if marker := _MARKER.search(own):
        return own[: marker.start()].strip()
    before, _, last_line = own.rpartition("\n")
    return (before if _LAST_LINE_MARKER.match(last_line) else own).strip()


def _result(tail: str) -> str:
    """Return the part that states the result: `2 x 25 = 50. So …` → ` 50`."""
    sentence = re.split(r"\.\s", tail, maxsplit=1)[0]
    behind_equals = sentence.rsplit("=", 1)[-1]
    return behind_equals if find_spans(behind_equals) else sentence


def _values(normalised: str) -> list[Fraction]:
    return [value for value, _ in find_spans(normalised)]


def _folded(answer: str) -> str:
    return re.sub(r"[\s\"'“”‘’]+", "", normalise(answer)).casefold().rstrip(".")
