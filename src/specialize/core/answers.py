"""The one judge of answers, for the filter of traces and for the scores.

Two readings of a text, always side by side:

- strict: what stands behind the last answer marker (core/judging/markers.py). No marker, no answer.
- flexible: what is boxed, else the last number of the text; of an option, a yes or no or another text, what the strict
  reading finds, else what the whole text says.

Both read only the model's own answer to this question (core/judging/own_text.py): not its thinking block, not what it
runs on with. Numbers are compared as fractions, never as floats; texts without regard to case, blanks, markup and
quotes; mathematical expressions by math-verify.

Differs from the paper: its released judge reads `\\d*\\.?\\d+`, so it loses signs and cuts `1,000` to `000`; here
signs, thousands, fractions, LaTeX and markup count. docs/explanation/judge.md says what was decided where two readings
can be defended.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from specialize.core.judging import choices as options
from specialize.core.judging.denial import is_denied
from specialize.core.judging.markers import Marker, answer_of, last_markers
from specialize.core.judging.math_answers import same_expression
from specialize.core.judging.number_words import number_at_start
from specialize.core.judging.own_text import own_span
from specialize.core.judging.plain import folded, plain, undressed
from specialize.core.judging.reasoning_span import reasoning_span
from specialize.core.numbers import find_spans, format_number, last_number, parse_number
from specialize.records.problems import AnswerKind

SCORER_VERSION = "3"
"""Raise when a change here may move a score."""

Choices = Mapping[str, str] | None
"""Label → text of the options of a question, None where they are not known."""

_SENTENCE_END = re.compile(r"(?<!\bRs)(?<!\bapprox)\.\s")
_NEXT_SENTENCE = re.compile(r"[.!]\s+(?=[A-Z])")
_EMPHASISED = re.compile(r"""(\*\*|["'`])([^"'`*]{1,200})\1|[“‘«]([^”’»]{1,200})[”’»]""")
_GROUPED_BY_BLANKS = re.compile(r"([0-9]{1,3}(?: [0-9]{3})++)(?![0-9.,]*[0-9])(?!\s?[-+*/x×=])")
_UNIT = r"(?!(?i:[ap]\.?m\b|o'clock))(?:°?[A-Z]{1,3}|[a-z%°$€£/²³.]+(?: [a-z/²³]+){0,2})"
_VARIABLE = re.compile(r"\A[A-Za-z]\s*=\s*")
_WITH_UNIT = re.compile(rf"(.*[0-9)])\s*(?:\([^()]*\)|(?:(?<=\s)|(?=°)){_UNIT})", re.DOTALL)


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


def judge(text: str, gold: str, kind: AnswerKind | None = None, choices: Choices = None) -> Judgement:
    """Judge `text` against the gold answer; `kind` is inferred from `gold` where not given.

    choices: of a multiple-choice question, so that an option may also be named by its text.
    """
    canonical, kind = canonical_gold(gold, kind, choices)
    said = _Said(text, is_number=kind in ("number", "numbers"))
    if kind == "text":
        return Judgement(_text_reading(said.texts(), canonical), _text_reading(said.texts() or said.own(), canonical))
    if kind == "math":
        strict = _math_reading(said.raw, canonical)
        return Judgement(strict, strict if said.raw else _math_reading(said.last_line(), canonical))
    found = _strict(said, kind, canonical, choices)
    last = _flexible(said, found, kind, canonical, choices)
    return Judgement(Reading(found, same_answer(found, canonical)), Reading(last, same_answer(last, canonical)))


def canonical_gold(gold: str, kind: AnswerKind | None = None, choices: Choices = None) -> tuple[str, AnswerKind]:
    """Return (canonical form, kind) of a gold answer; `kind` and `choices` where they are known.

    `1,000`, `\\boxed{1000}`, `1e3`, `1000 dollars` → (`1000`, number); `11; 12; 13` → (…, numbers); `C.` → (`(C)`,
    choice); `Yes` → (`yes`, choice); a whole solution that ends in `#### 72` → (`72`, number). Anything else is a text.
    """
    if kind in ("text", "math"):
        return gold.strip(), kind
    if kind == "choice" or (kind is None and choices):
        label = options.gold_label(gold, choices)
        truth = options.gold_truth(gold)
        if label or truth:
            return (f"({label})" if label else truth or ""), "choice"
        return gold.strip(), "text"
    found = _canonical_numbers(gold)
    if found is None and "####" in gold:
        return canonical_gold(gold.rsplit("####", 1)[1], kind)
    if found is not None:
        return found[0], kind or found[1]
    if kind is not None:
        return gold.strip(), kind
    if truth := options.gold_truth(gold):
        return truth, "choice"
    if label := options.gold_label(gold):
        return f"({label})", "choice"
    return gold.strip(), "text"


def same_answer(answer: str | None, gold: str) -> bool:
    """Compare two canonical answers; texts without regard to case, blanks, a final stop and quotes."""
    return answer is not None and (answer == gold or folded(answer) == folded(gold))


def strict_answer(text: str, kind: AnswerKind = "number", gold: str = "(A)", choices: Choices = None) -> str | None:
    """Return what stands behind the last answer marker, or None.

    gold, choices: of a choice, whether a yes or no or an option is looked for, and by which texts it may be named.
    """
    return _strict(_Said(text, is_number=kind in ("number", "numbers")), kind, gold, choices)


def flexible_answer(text: str, kind: AnswerKind = "number", gold: str = "(A)", choices: Choices = None) -> str | None:
    """Return the last number of the text (or what else the kind asks for), or None; as `strict_answer`."""
    said = _Said(text, is_number=kind in ("number", "numbers"))
    return _flexible(said, _strict(said, kind, gold, choices), kind, gold, choices)


def stated_texts(text: str) -> list[str]:
    """Return what a text states as an answer, without markup: what stands behind the last answer marker, whole and its
    first sentence; else all that the model says."""
    said = _Said(text, is_number=False)
    return said.texts() or said.own()


def rationale_of(text: str, kind: AnswerKind = "number") -> str:
    """Return the reasoning: what stands before the marker that holds the answer, stripped."""
    start, stop = reasoning_span(text, is_number=kind in ("number", "numbers"))
    return text[start:stop]


class _Said:
    """What a text says: its own part, the last marker, and what stands behind that."""

    def __init__(self, text: str, is_number: bool) -> None:
        self._start, self._stop = own_span(text)
        self._text = text
        self.marker: Marker | None = next(last_markers(text, self._start, self._stop, is_number), None)
        self.raw = answer_of(text, self.marker, self._stop).strip() if self.marker else None
        self.tail = plain(self.raw) if self.raw is not None else None

    def own(self) -> list[str]:
        """The whole own text, as the one answer it may be."""
        whole = undressed(self._text[self._start : self._stop])
        return [whole] if whole else []

    def plain(self) -> str:
        """The own text for reading numbers; thousands by blanks right behind the marker are joined."""
        own = self._text[self._start : self._stop]
        if self.marker and self.marker.form != "box":
            end = self.marker.end - self._start
            own = own[:end] + _joined(own[end:])
        return plain(own)

    def last_line(self) -> str | None:
        lines = self._text[self._start : self._stop].rsplit("\n", 1)
        return lines[-1].strip() or None

    def texts(self) -> list[str]:
        """What stands behind the marker, as a text: the whole of it, its first sentence, and what it begins with in
        quotes or bold."""
        if self.raw is None:
            return []
        whole = " ".join(self.raw.split()) if self.marker and self.marker.form == "paragraph" else self.raw
        found = [undressed(whole), undressed(_NEXT_SENTENCE.split(whole, maxsplit=1)[0])]
        if emphasised := _EMPHASISED.match(whole):
            found.append(undressed(emphasised[2] or emphasised[3]))
        return [text for text in dict.fromkeys(found) if text]


def _canonical_numbers(gold: str) -> tuple[str, AnswerKind] | None:
    parts = [_gold_number(part) for part in (plain(gold) if "\\" in gold else gold).split(";")]
    values = [part for part in parts if part is not None]
    if len(values) < len(parts):
        return None
    return "; ".join(map(format_number, values)), "number" if len(values) == 1 else "numbers"


def _gold_number(part: str) -> Fraction | None:
    """Read a gold answer as a number: bare, in markup, or with a unit behind it (`35 (apples)`, `29 dollars`)."""
    for bare in (part, undressed(part), _VARIABLE.sub("", undressed(part))):
        if (value := parse_number(bare)) is not None:
            return value
    if stated := strict_answer(part):
        return parse_number(stated)
    with_unit = _WITH_UNIT.fullmatch(undressed(part))
    return parse_number(with_unit[1]) if with_unit else None


def _strict(said: _Said, kind: AnswerKind, gold: str, choices: Choices) -> str | None:
    if said.tail is None:
        return None
    if kind in ("text", "math"):
        return next(iter(said.texts()), None)
    if kind == "choice":
        return _option(said.tail, gold, choices, is_marked=True)
    values = _stated(_result(_joined(said.tail) if kind == "number" else said.tail))
    if not values:
        spelled = number_at_start(said.tail) if kind == "number" else None
        return None if spelled is None else format_number(spelled)
    return "; ".join(map(format_number, values)) if kind == "numbers" else format_number(values[0])


def _flexible(said: _Said, strict: str | None, kind: AnswerKind, gold: str, choices: Choices) -> str | None:
    if kind == "number":
        if said.marker and said.marker.form == "box" and strict is not None:
            return strict
        own = said.plain()
        value = last_number(own, lambda start, end: not is_denied(own, start, end))
        return strict if value is None else format_number(value)
    if strict is not None or kind == "numbers":
        return strict or next(iter(said.own()), None)
    if kind == "choice":
        return _option(next(iter(said.own()), ""), gold, choices, is_marked=False)
    return next(iter(said.own()), None)


def _option(text: str, gold: str, choices: Choices, is_marked: bool) -> str | None:
    if gold in options.TRUTHS:
        return options.truth(text, gold, is_marked)
    # The gold option first: where another one has the same text, naming that text is right.
    ordered = choices and dict(sorted(choices.items(), key=lambda option: f"({option[0]})" != gold))
    label = options.label(text, ordered, is_marked)
    return f"({label})" if label else None


def _text_reading(found: list[str], gold: str) -> Reading:
    right = next((answer for answer in found if same_answer(answer, gold)), None)
    return Reading(right or next(iter(found), None), right is not None)


def _math_reading(answer: str | None, gold: str) -> Reading:
    if answer is not None:
        # The opening delimiter may stand before the answer, among the blanks of the marker.
        for opening, closing in (("$", "$"), ("\\(", "\\)"), ("\\[", "\\]")):
            if answer.count(closing) % 2 if opening == closing else answer.count(opening) < answer.count(closing):
                answer = answer.rstrip(" .").removesuffix(closing).rstrip()
    return Reading(answer, answer is not None and (same_answer(answer, gold) or same_expression(answer, gold)))


def _joined(text: str) -> str:
    """Join thousands that stand at the start of `text` in groups by blanks: `12 500 euros` → `12500 euros`."""
    groups = _GROUPED_BY_BLANKS.match(text)
    return groups[1].replace(" ", "") + text[groups.end() :] if groups else text


def _result(tail: str) -> str:
    """Return the part that states the result: `2 x 25 = 50. So …` → ` 50`."""
    sentence = _SENTENCE_END.split(tail, maxsplit=1)[0]
    behind_equals = sentence.rsplit("=", 1)[-1]
    return behind_equals if find_spans(behind_equals) else sentence


def _stated(text: str) -> list[Fraction]:
    """Return the numbers of a statement, but for those that it denies."""
    return [value for value, (start, end) in find_spans(text) if not is_denied(text, start, end)]
