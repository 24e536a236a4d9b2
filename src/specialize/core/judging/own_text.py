"""Which part of a completion counts: behind its thinking block, and before it runs on into another question.

- An answer counts only behind `</think>` (`</reasoning>`, …); a block that is never closed holds no answer.
- What stands behind a chat mark (`<|im_end|>`, `</s>`, `[INST]`) is another turn.
- A line that begins a new question ends the text: `Q:`, `Question 2:`, `### Problem`, `User:`; where there are no line
  ends (T5's tokenizer writes none) also `Q:` behind a blank. A question restated at the beginning of a solution ends
  nothing: there, nothing has been stated yet.
"""

import re

from specialize.core.judging.markers import first_marker

_THINK = re.compile(
    r"<(?P<close>/)?(?:think|thinking|thoughts?|reasoning|reflection|scratchpad)>|\[(?P<close2>/)?THINK\]|◁(?P<close3>/)?think▷"
    r"|<\|(?:begin|(?P<close4>end))_of_thought\|>|<\|channel\|>(?:analysis|(?P<close5>final))<\|message\|>",
    re.IGNORECASE,
)
_CHAT = re.compile(
    r"<\|[A-Za-z_]{2,30}\|>|<｜[^｜<>\n]{2,30}｜>|</?s>|<(?:eos|bos|pad)>|<(?:start|end)_of_turn>|\[/?INST\]"
)
_OPENING = re.compile(rf"(?:\s*+(?:{_CHAT.pattern})(?:(?:assistant|model)\b(?=\s))?)*+")
_QUESTION = re.compile(
    r"""
    \n[^\S\n]*+(?P<markup>\#{1,6}[^\S\n]*+|[*_]{1,3})?+
    (?:(?:next|new|another)[^\S\n]++)?+
    (?P<word>Q|Question|Problem|Exercise|Task|Puzzle|Instruction|Input|User|Human)
    (?:[^\S\n]*+\#?(?P<number>[0-9]++))?+ [*_]*+[^\S\n]*+
    (?: (?P<colon>[:：]) | (?P<stop>[.)])(?=\s) | (?P<end>[*_]*+[^\S\n]*+(?=\n|\Z)) )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_INLINE = re.compile(r"(?<=[^\S\n])(?P<word>Q(?=[0-9]*+:)|Question|Problem|Human|User)(?: ?[0-9]++)?+:")
_SELF_ASKED = re.compile(r"(?:sub-?)?(?:question|problem)\b", re.IGNORECASE)
_FIRST = re.compile(r"[^\s*_#>-]")
_PREAMBLE = 300
"""Longest text, in characters, that may stand before a restated question."""
_RESTATES = re.compile(
    r"\b(?:restat|rephras|repeat|read|understand|problem|question|given|ask|let's|let us|sure|ok|first|here)"
    r"|:\s*\Z",
    re.IGNORECASE,
)
_STEP = re.compile(r"\b(?:step|part)\s*#?[0-9]+|^\s*[0-9]+[.)]", re.IGNORECASE | re.MULTILINE)


def own_span(text: str) -> tuple[int, int]:
    """Return (start, stop) of the part of `text` that counts."""
    start, stop = 0, len(text)
    for tag in _THINK.finditer(text):
        if _closes(tag):
            start, stop = tag.end(), len(text)
        elif stop == len(text):
            stop = tag.start()
    opening = _OPENING.match(text, start, stop)
    start = opening.end() if opening else start
    if chat := _CHAT.search(text, start, stop):
        stop = chat.start()
    return start, _before_the_next_question(text, start, stop)


def thought_span(text: str) -> tuple[int, int] | None:
    """Return (start, stop) of the last closed thinking block, without its tags; None where there is none."""
    start, found = 0, None
    for tag in _THINK.finditer(text):
        if _closes(tag):
            found = (start, tag.start())
        else:
            start = tag.end()
    return found


def _closes(tag: re.Match[str]) -> bool:
    return any(tag[name] for name in ("close", "close2", "close3", "close4", "close5"))


def _before_the_next_question(text: str, start: int, stop: int) -> int:
    lines = [match for match in _QUESTION.finditer(text, start, stop) if _asks(match)]
    inline = list(_INLINE.finditer(text, start, stop))
    if not lines and not inline:
        return stop
    marker = first_marker(text, start, stop)
    stated = marker.start if marker else stop
    first = _FIRST.search(text, start, stop)
    begin = first.start() if first else stop
    # `Question 1: … Question 2: …` is how the solution asks itself, until it has stated its answer.
    asks_itself = bool(_SELF_ASKED.match(text, begin, stop))
    for match in sorted([*lines, *inline], key=lambda match: match.start()):
        place, is_short = match.start(), match["word"] in ("Q", "q")
        if place <= begin:
            continue
        may_restate = (asks_itself or match.re is _INLINE) and not is_short
        if place > stated or not (may_restate or _is_preamble(text, start, place)):
            return place
    return stop


def _asks(match: re.Match[str]) -> bool:
    """Whether a line that begins with such a word begins a question."""
    if match["word"].lower() in ("instruction", "input") and not match["markup"]:
        return False
    if match["colon"] is not None:
        return True
    if match["stop"] is not None:
        return bool(match["number"]) or match["word"] in "Qq"
    return bool(match["number"] or match["markup"])


def _is_preamble(text: str, start: int, place: int) -> bool:
    """Whether what stands before a question only leads to it: it states and computes nothing."""
    if place - start > _PREAMBLE:
        return False
    before = text[start:place]
    bare = _STEP.sub("", before)
    return "=" not in before and not any(map(str.isdigit, bare)) and bool(_RESTATES.search(before))
