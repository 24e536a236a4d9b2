"""Reasoning models: the reasoning is part of the completion, wherever a server puts it.

Inside the text (`<think>…</think>`, no reasoning parser), in `reasoning_content` (DeepSeek, SGLang, llama.cpp, older
vLLM), in `reasoning` (OpenRouter, vLLM), in a list of parts of its own (OpenRouter's `reasoning_details`, LiteLLM's
`thinking_blocks`), or among the parts of the content (`thinking` beside `text`, Mistral).
"""

import re
from collections.abc import Mapping
from typing import Any

OPEN, CLOSE = "<think>\n", "\n</think>\n\n"
"""What stands around reasoning that came in a field of its own."""
_TAG = "think|thinking|thoughts?|reasoning|reflection|scratchpad|seed:think"
_END = re.compile(rf"</(?:{_TAG})>|\[/THINK\]|<\|end_of_thought\|>|◁/think▷|<\|channel\|>final<\|message\|>")
_END_BYTES = re.compile(_END.pattern.encode())
_BEGIN = re.compile(rf"\s*(?:<(?:{_TAG})>|\[THINK\]|<\|begin_of_thought\|>|◁think▷|<\|channel\|>analysis<\|message\|>)")
_FIELDS = ("reasoning_content", "reasoning", "thinking", "reasoning_text", "reasoning_details", "thinking_blocks")
_DEEPEST = 6
_IN_PART = ("text", "thinking", "reasoning", "content", "summary")


def parts_of(choice: Any) -> tuple[str, str] | None:
    """Return (reasoning, content) of a choice of either API, each empty where it is missing; None where the choice has
    no text at all."""
    if not isinstance(choice, Mapping):
        return None
    message = choice.get("message")
    holder = message if isinstance(message, Mapping) else choice
    content = holder.get("content", None) if holder is message else choice.get("text", 0)
    inner = ""
    if isinstance(content, list):
        found = _of_list(content)
        if found is None:
            return None
        inner, content = found
    if content is not None and not isinstance(content, str):
        return None
    fields = [_text(holder.get(name)) for name in _FIELDS]
    return next((field for field in fields if field), inner), content or ""


def joined(reasoning: str, content: str, whole: bool = True) -> str:
    """Return the completion as one text. `whole`: the reasoning was not cut off."""
    if not reasoning:
        return content
    return f"{OPEN}{reasoning}{CLOSE}{content}" if whole or content else f"{OPEN}{reasoning}"


def answer_part(text: str) -> str:
    """Return what stands behind the reasoning; the whole text where there is none, nothing where it never ends."""
    return text[answer_start(text) :]


def answer_start(text: str) -> int:
    """Return where the answer begins: behind the last closing tag and the blanks after it.

    >>> answer_start("<think>1 + 1</think> The answer is 2")
    21
    """
    ends = list(_END.finditer(text))
    if ends:
        behind = ends[-1].end()
        return behind + len(text[behind:]) - len(text[behind:].lstrip())
    return len(text) if _BEGIN.match(text) else 0


def is_open_reasoning(text: str) -> bool:
    """Whether a text is reasoning that was begun and never closed."""
    return begins_reasoning(text) and not _END.search(text)


def end_of_reasoning(text: bytes) -> int:
    """Return where the last closing tag of a text in UTF-8 ends; -1 where there is none."""
    ends = list(_END_BYTES.finditer(text))
    return ends[-1].end() if ends else -1


def opening_tag(text: str) -> str:
    """Return the opening tag that a text begins with, and the blanks around it; empty where it begins with none."""
    begin = _BEGIN.match(text)
    rest = text[begin.end() :] if begin else text
    return text[: len(text) - len(rest.lstrip())] if begin else ""


def begins_reasoning(text: str) -> bool:
    """Whether a text begins with an opening tag."""
    return _BEGIN.match(text) is not None


def _of_list(parts: list[Any]) -> tuple[str, str] | None:
    """Return (reasoning, content) of a list of parts; None where an element is no part."""
    reasoning: list[str] = []
    content: list[str] = []
    for part in parts:
        if isinstance(part, str):
            content.append(part)
        elif not isinstance(part, Mapping):
            return None
        elif part.get("type") in ("thinking", "reasoning", "reasoning_text", "think"):
            reasoning.append(_text(part))
        else:
            content.append(_text(part))
    return "".join(reasoning), "".join(content)


def _text(value: Any, depth: int = 0) -> str:
    """Return the text of a part, of a list of parts, or of a plain text."""
    if isinstance(value, str):
        return value
    if depth >= _DEEPEST:
        return ""
    if isinstance(value, list):
        return "".join(_text(part, depth + 1) for part in value)
    if isinstance(value, Mapping):
        return next((text for name in _IN_PART if (text := _text(value.get(name), depth + 1))), "")
    return ""
