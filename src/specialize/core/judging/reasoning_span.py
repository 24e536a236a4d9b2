"""Which part of a completion is the reasoning: what stands before the marker that holds the answer."""

import re
from collections.abc import Iterator
from itertools import islice

from specialize.core.judging.denial import is_denied
from specialize.core.judging.markers import Marker, answer_of, last_markers
from specialize.core.judging.own_text import own_span, thought_span
from specialize.core.judging.plain import folded, plain
from specialize.core.numbers import find_spans

_NEAR = 80
"""Two markers further apart, in characters, are not one statement of the answer."""
_MOST = 8
"""How many markers may state one answer."""
_NO_WORDS = re.compile(r"<<[^<>\n]*>>|\\[a-zA-Z]+")
_LED_IN = re.compile(r"\b(?:so|thus|hence|therefore|and),?\s*\Z", re.IGNORECASE)
_SENTENCE = re.compile(r"[.!?](?=\s|\Z)|\n")
_MARKUP_BEFORE = re.compile(
    r"(?:[\s*_#`]|(?<![0-9])\$|(?<!-)>|\\[(\[]|\\(?:boxed|fbox|text(?:bf)?|mathrm|mathbf)\{)+\Z"
)
_LONGEST_MARKUP = 64


def reasoning_span(text: str, is_number: bool) -> tuple[int, int]:
    """Return (start, stop) of the reasoning in `text`, without outer blanks and the markup that leads the answer.

    It ends where the answer is stated last, so at the marker that the strict reading reads; markers before it that
    state the same (`The answer is 7. The answer is 7`) belong to it. A box inside a sentence (`6 + 12 = \\boxed{18}.`)
    does not end it: the sentence does. Where nothing stands before the answer, a closed thinking block is the
    reasoning.
    """
    start, stop = own_span(text)
    markers = last_markers(text, start, stop, is_number)
    start, end = _stripped(text, start, _end_of_reasoning(text, start, stop, markers))
    if start == end and (thought := thought_span(text)):
        return _stripped(text, *thought)
    return start, end


def _end_of_reasoning(text: str, start: int, stop: int, markers: Iterator[Marker]) -> int:
    last = next(markers, None)
    if last is None:
        return stop
    answer = answer_of(text, last, stop)
    first = last
    for marker in islice(markers, _MOST):
        if first.start - marker.end > _NEAR or not _is_one_statement(text[marker.end : first.start], answer):
            break
        first = marker
    if first.form != "box":
        return first.start
    before = _MARKUP_BEFORE.sub("", text[max(start, first.start - _LONGEST_MARKUP) : first.start])
    if not before.strip() or before[-1] in ".!?:" or "\n" in text[start : first.start][len(before) - _LONGEST_MARKUP :]:
        return first.start
    sentence = _SENTENCE.search(text, last.closing, stop)
    return sentence.end() if sentence else stop


def _is_one_statement(between: str, answer: str) -> bool:
    """Whether what stands between two markers only repeats the answer, or is nothing but markup."""
    words = _LED_IN.sub("", _NO_WORDS.sub("", between))
    if not any(map(str.isalnum, words)):
        return True
    words, first = plain(words), plain(answer[:_NEAR])
    spans = find_spans(words)
    if spans:
        stated = {value for value, (start, end) in spans if not is_denied(words, start, end)}
        return "=" not in words and stated <= {value for value, _ in find_spans(first)[:1]}
    return folded(words) == folded(first)


def _stripped(text: str, start: int, stop: int) -> tuple[int, int]:
    """Take off outer blanks, and the markup behind which the answer stood."""
    stop = start + len(text[start:stop].rstrip())
    while markup := _MARKUP_BEFORE.search(text, max(start, stop - _LONGEST_MARKUP), stop):
        stop = markup.start()
    return start + len(text[start:stop]) - len(text[start:stop].lstrip()), stop
