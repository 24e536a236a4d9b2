"""Where a text states its answer: every answer marker that the judge knows.

    The answer is 18        Answer: 18         **Final answer:** 18      the correct option is (B)
    #### 18                 \\boxed{18}         <answer>18</answer>       a last line `A: 18`
    #### Final Answer, with the answer in the next line

`####` is GSM8K's marker only where an answer follows it: before words it is a heading of markdown. `what the answer
is`, `to find the answer:`, `our answer is correct`, a question, and a marker with nothing behind it state nothing. A
colon marker at the very start of a text (`Answer: First, …`) leads a whole solution, unless the answer follows it at
once or it is all there is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

_KEYWORDS = (
    # Each begins with a set of characters or a literal: so the search through a text is quick.
    re.compile(r"[Aa][Nn][Ss](?:[Ww][Ee][Rr]|(?=\.?\s?[:：]))"),
    re.compile(r"[CcRrBb](?i:(?<=c)orrect|(?<=r)ight|(?<=b)est)\s++(?i:option|choice)\b"),
    re.compile(r"\\f?box(?:ed)?(?![a-z])"),
    re.compile(r"####(?<!#####)(?!#)"),
)
_NAME = r"(?:answers?+|ans\.?+|(?:correct|right|best)\s++(?:option|choice))(?:\s++(?:choice|option))?+"
_SAYS = re.compile(
    rf"""{_NAME}
    (?:\s++\([^()\n]{{1,60}}\))?+                                           # the answer (arabic numerals) is
    (?:\s++(?:to|for)\s[^.?!:\n=]{{1,100}}?(?=\s(?:is|are)\b))?          # the answer to the question is
    (?:,?+\s++(?:then|thus|therefore|here),?+)?+
    \s*+(?:is|are|(?P<corrects>should|must)\s++be|(?:would|will)\s++be)(?![^\W\d_]|['’])(?:,?+\s++(?:then|thus|therefore|hence|simply|indeed)(?!\w),?+|\s++the\s++same\s*+[:,–—-])?+(?:\s*+[:：])?+""",
    re.VERBOSE | re.IGNORECASE,
)
_COLON = re.compile(rf"{_NAME}\s*+(?:[*_\"]\s*+)*+[:：=→]", re.IGNORECASE)
_HEADING = re.compile(r"answer[^\S\n]*+[*_]*+[:：]?[^\S\n]*+(?=\n)", re.IGNORECASE)
_TAG = re.compile(r"<(?:final[_ ]?)?answer>", re.IGNORECASE)
_CLOSING_TAG = re.compile(r"</(?:final[_ ]?)?answer>", re.IGNORECASE)
_LEAD = re.compile(
    r"(?P<the>(?:the|(?<![a-z])(?:my|our|an?))\s+)?"
    r"(?P<which>(?:(?<![a-z])(?:final|correct|right|best|most|likely|short|exact|only|numeric(?:al)?|required|overall)\s+){0,3})\Z",
    re.IGNORECASE,
)
_LEADS_IN = re.compile(r"\b(?:so|thus|hence|therefore|and|but),?\s+\Z", re.IGNORECASE)
_NO_STATEMENT = re.compile(
    r"\b(?:what|which|how|whether|if|until|once|when|where|either|any|each|same|your|his|her|their|this|another"
    r"|(?:double-)?check|verify|confirm|find|get|obtain|reach|see|arrive\s+at|come\s+to|calculate|compute|determine|express)"
    r"\s+\Z",
    re.IGNORECASE,
)
_NO_COLON = re.compile(r"\b(?:us|me|you)\s+\Z", re.IGNORECASE)
_LOOK_BACK = 48
_STARTS_LINE = re.compile(r"(?:\A|\n)[^\S\n]*(?:#{1,6}[^\S\n]*|[*_]{2,3})\Z")
_LAST_LINE = re.compile(r"[*_]*+A[*_]*+:", re.ASCII)

_BLANKS = re.compile(r"(?:[\s$*_`]|\\[(\[])*+")
_BLANKS_OF_LINE = re.compile(r"(?:[^\S\n]|[$*_`]|\\[(\[])*+")
_ANY_BLANKS = re.compile(r"\s*+")
_WORD = re.compile(r"\S{0,40}+")
_BRACE = re.compile(r"\\[{}]|[{}]")
_FIRST = re.compile(r"[^\s*_#>-]")
_LINE = re.compile(r"[^\n]*+")
_PARAGRAPH = re.compile(r"[^\n]*+(?:\n(?![^\S\n]*+(?:\n|\Z))[^\n]*+)*+")
_NOTHING = re.compile(
    r"(?i:(?:the\s+)?(?:in\s+the\s+)?(?:correct|right|same|different|reasonable|acceptable)\b)"
    r"|(?:[^\S\n]|[.,;?!*_$`]|\\[)\]])*+(?:\n|\Z|</)|[.,;!?](?![0-9])"
)
_SENTENCE = 300
"""How far a question mark behind the marker is looked for, in characters."""
_SENTENCE_END = re.compile(r"[.?!](?=\s|\Z)|\n|\Z")
_ANSWER_AT_ONCE = re.compile(
    r"[-+(]?[0-9]|\\[dtc]?frac|\\f?box|\(?[A-Z](?![A-Za-z'’])|(?i:yes|no|true|false)\b", re.ASCII
)
_NUMBER_BEHIND_HASHES = re.compile(
    r"(?:[^\S\n]|[$*_`(\[]|\\[(\[$])*+(?:\\f?box(?:ed)?\{)?\s?"
    r"(?:[-+−–(€£¥₹]|Rs\.?\s?)*+\$?\s?(?:\.?[0-9]|\\[dtc]?frac|[½⅓⅔¼¾])"
)
_HEADING_NUMBER = re.compile(r"[^\S\n]*+[*_]*+[0-9]{1,2}(?:[.)]\s+|:)[*_]*+[A-Za-z]")


@dataclass(frozen=True)
class Marker:
    """A marker begins at `start`; the answer that it leads begins at `end` and is a rest of a line, a paragraph, what
    stands in a box (until `closing`), or between tags."""

    start: int
    end: int
    form: Literal["line", "paragraph", "box", "tag"] = "line"
    closing: int = 0


def last_markers(text: str, start: int, stop: int, is_number: bool) -> Iterator[Marker]:
    """Yield the markers in text[start:stop] that state something, the last one first.

    is_number: the answer is a number, so words behind `####` are none.
    """
    return _Search(text, start, stop, is_number).backwards()


def first_marker(text: str, start: int, stop: int) -> Marker | None:
    """Return the first marker in text[start:stop] that states something."""
    return _Search(text, start, stop, is_number=False).first_marker()


def answer_of(text: str, marker: Marker, stop: int) -> str:
    """Return what stands behind the marker, before `stop`."""
    if marker.form == "box":
        return text[marker.end : min(marker.closing, stop)]
    if marker.form == "tag":
        closing = _CLOSING_TAG.search(text, marker.end, stop)
        return text[marker.end : closing.start() if closing else stop].strip()
    rest = (_PARAGRAPH if marker.form == "paragraph" else _LINE).match(text, marker.end, stop)
    return rest[0] if rest else ""


class _Search:
    """One text, searched once; each step looks at a bounded part of it, so that the time grows with the length."""

    def __init__(self, text: str, start: int, stop: int, is_number: bool) -> None:
        self.text, self.start = text, start
        self.stop = start + len(text[start:stop].rstrip())
        self.is_number = is_number
        first = _FIRST.search(text, start, self.stop)
        self.first = first.start() if first else self.stop
        self.braces: dict[int, int] | None = None

    def backwards(self) -> Iterator[Marker]:
        waiting = self._last_line()
        for keyword in reversed(self._keywords()):
            if waiting and keyword.start() < waiting.start:
                yield waiting
                waiting = None
            if marker := self._stating(keyword):
                yield marker
        if waiting:
            yield waiting

    def first_marker(self) -> Marker | None:
        return (
            next((marker for keyword in self._keywords() if (marker := self._stating(keyword))), None)
            or self._last_line()
        )

    def _keywords(self) -> list[re.Match[str]]:
        found = [match for keyword in _KEYWORDS for match in keyword.finditer(self.text, self.start, self.stop)]
        return sorted(found, key=lambda match: match.start())

    def _stating(self, keyword: re.Match[str]) -> Marker | None:
        if keyword[0][0] == "\\":
            marker: Marker | None = self._box(keyword)
        elif keyword[0][0] == "#":
            marker = self._hashes(keyword)
        else:
            marker = self._worded(keyword.start())
        return marker if marker and self._states(marker) else None

    def _states(self, marker: Marker) -> bool:
        stop = marker.closing if marker.form == "box" else self.stop
        return not _NOTHING.match(self.text, marker.end, stop)

    def _worded(self, keyword: int) -> Marker | None:
        before = self.text[keyword - 1 : keyword]
        if before in ("<", "_", " ") and (tag := self._tag(keyword)):
            return tag
        if before.isalnum():
            return None
        lead = self._found(_LEAD.search(self.text, max(self.start, keyword - _LOOK_BACK), keyword))
        begin = lead.start()
        earliest = max(self.start, begin - _LOOK_BACK)
        if _NO_STATEMENT.search(self.text, earliest, begin):
            return None
        if says := _SAYS.match(self.text, keyword, self.stop):
            is_led = lead[0] or says["corrects"] or _LEADS_IN.search(self.text, earliest, begin)
            if not is_led and self.text[keyword] != "A":
                return None  # `Faye's answer is 5`
            marker = self._behind(begin, says.end())
            sentence = _SENTENCE_END.search(self.text, marker.end, min(marker.end + _SENTENCE, self.stop))
            return None if sentence and sentence[0] == "?" else marker
        if colon := _COLON.match(self.text, keyword, self.stop):
            marker = self._behind(begin, colon.end())
            if _NO_COLON.search(self.text, earliest, begin) or self._leads_a_solution(marker):
                return None
            return marker
        heading = _HEADING.match(self.text, keyword, self.stop)
        if heading and (line := _STARTS_LINE.search(self.text, earliest, begin)):
            return self._behind(line.start(), heading.end())
        return None

    def _tag(self, keyword: int) -> Marker | None:
        opening = self.text.rfind("<", max(self.start, keyword - 7), keyword)
        tag = _TAG.match(self.text, opening, self.stop) if opening >= 0 else None
        return Marker(tag.start(), self._behind_blanks(tag.end()), "tag") if tag else None

    def _behind(self, begin: int, end: int) -> Marker:
        """Return the marker whose answer is the rest of the line, or the next paragraph where the line ends at once."""
        blanks = self._found(_BLANKS.match(self.text, end, self.stop))
        return Marker(begin, blanks.end(), "paragraph" if "\n" in blanks[0] else "line")

    def _behind_blanks(self, place: int) -> int:
        return self._found(_ANY_BLANKS.match(self.text, place, self.stop)).end()

    def _leads_a_solution(self, marker: Marker) -> bool:
        if marker.start > self.first or _ANSWER_AT_ONCE.match(self.text, marker.end, self.stop):
            return False
        sentence = _SENTENCE_END.search(self.text, marker.end, self.stop)
        return sentence is not None and bool(self.text[sentence.end() : self.stop].strip())

    def _box(self, keyword: re.Match[str]) -> Marker:
        inner = self._behind_blanks(keyword.end())
        if inner < self.stop and self.text[inner] == "{":
            if self.braces is None:
                self.braces = self._closing_braces()
            return Marker(keyword.start(), inner + 1, "box", self.braces.get(inner, self.stop))
        word = self._found(_WORD.match(self.text, inner, self.stop))
        return Marker(keyword.start(), inner, "box", word.end())

    def _closing_braces(self) -> dict[int, int]:
        """Return opening brace → the brace that closes it; escaped braces do not count."""
        pairs: dict[int, int] = {}
        waiting: list[int] = []
        for brace in _BRACE.finditer(self.text, self.start, self.stop):
            if brace[0] == "{":
                waiting.append(brace.start())
            elif brace[0] == "}" and waiting:
                pairs[waiting.pop()] = brace.start()
        return pairs

    def _hashes(self, keyword: re.Match[str]) -> Marker | None:
        if _HEADING_NUMBER.match(self.text, keyword.end(), self.stop):
            return None
        end = self._found(_BLANKS_OF_LINE.match(self.text, keyword.end(), self.stop)).end()
        # Words behind it are a heading, but for a last line that may be the answer itself.
        may_be_words = not self.is_number and self.text.find("\n", end, self.stop) < 0
        is_answer = may_be_words or _NUMBER_BEHIND_HASHES.match(self.text, keyword.end(), self.stop)
        return Marker(keyword.start(), end) if is_answer else None

    def _last_line(self) -> Marker | None:
        begin = self._behind_blanks(max(self.text.rfind("\n", self.start, self.stop) + 1, self.start))
        if not (marker := _LAST_LINE.match(self.text, begin, self.stop)):
            return None
        found = self._behind(begin, marker.end())
        return found if self._states(found) and not self._leads_a_solution(found) else None

    @staticmethod
    def _found(match: re.Match[str] | None) -> re.Match[str]:
        """These patterns match anywhere: they may match nothing."""
        assert match is not None
        return match
