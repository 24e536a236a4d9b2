"""Which part of a completion becomes the chain of thought: its reasoning block, what it says behind it, or both."""

from specialize.core.judging.own_text import thought_span
from specialize.core.judging.reasoning_span import reasoning_span
from specialize.core.params.traces import Reasoning

Span = tuple[int, int]
REASONING: tuple[Reasoning, ...] = ("drop", "keep", "as_rationale")
_LONGEST_STATEMENT = 120
"""Longest end of a reasoning block, in characters, that may be nothing but its statement of the answer."""


def chain_spans(text: str, is_number: bool, reasoning: Reasoning) -> list[Span]:
    """Return the spans of a completion that make its chain, in order, without outer blanks, tags and the answer's
    statement; none where there is no such part. A completion without a reasoning block has one part."""
    own = reasoning_span(text, is_number)
    thought = thought_span(text)
    if thought is None:
        return [own] if own[0] < own[1] else []
    spoken = [own] if own[0] < own[1] and own[0] >= thought[1] else []
    thinking = _without_statement(text, thought, is_number)
    if reasoning == "drop":
        return spoken or thinking
    return thinking + spoken if reasoning == "keep" else thinking


def _without_statement(text: str, span: Span, is_number: bool) -> list[Span]:
    """Return a reasoning block without blanks around it, and without the answer that its end states: the trace has an
    answer line of its own. A statement that the block goes on behind stays, as part of the thinking."""
    start, stop = span
    inner = text[start:stop]
    begin, end = reasoning_span(inner, is_number)
    if not (0 <= begin < end and len(inner.rstrip()) - end <= _LONGEST_STATEMENT and not inner[:begin].strip()):
        begin, end = len(inner) - len(inner.lstrip()), len(inner.rstrip())
    return [(start + begin, start + end)] if begin < end else []


def plain_chain_spans(text: str) -> list[Span]:
    """Return the spans of a completion whose problem is not known: what it says, else what it thinks."""
    return chain_spans(text, True, "drop")
