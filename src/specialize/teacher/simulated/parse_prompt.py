"""Which question a prompt asks: the last one."""

import re
from collections.abc import Iterator, Sequence

from specialize.teacher.simulated.parse_request import RefusalError

_MARKER = re.compile(r"^(?:Question|Q):", re.MULTILINE)
# Each begins where its blanks begin: one that could begin at every blank takes squared time on a run of them.
_END = re.compile(r"(?<!\s)(?:[^\S\n]*+\n\s*+(?:A:|Answer:)|\s*+Let's think step by step\.?)")


def question_of(prompt: str) -> str:
    """Return the text between the last `Question:` or `Q:` and `Let's think step by step` or `A:`.

    Raises RefusalError where there is no marker, no question, or where an answer has been begun.
    """
    markers = list(_MARKER.finditer(prompt))
    if not markers:
        raise RefusalError("expected a prompt whose last question begins a line with 'Question:' or 'Q:'", "prompt")
    question, begun = _cut(prompt[markers[-1].end() :])
    if begun:
        hint = "this teacher begins every solution itself"
        raise RefusalError(
            f"expected the prompt to end where the answer begins, got {begun!r} after it; {hint}", "prompt"
        )
    return question


def begun_answers(prompt: str) -> Iterator[tuple[str, int]]:
    """Yield (question, where its answer begins) for each place at which an answer may have been begun, the last first:
    an answer may go on with questions of its own."""
    for marker in reversed(list(_MARKER.finditer(prompt))):
        end = _END.search(prompt, marker.end())
        question = prompt[marker.end() : end.start()].strip() if end else ""
        if end and question and end.end() < len(prompt):
            yield question, end.end()


def question_of_messages(messages: Sequence[tuple[str, str]]) -> str:
    """Return the question of a chat's last message (role, content), which must be the user's; a marker is optional."""
    if not messages or messages[-1][0] != "user":
        raise RefusalError("expected the last message to be the user's", "messages")
    content = messages[-1][1]
    return question_of(content) if _MARKER.search(content) else _cut(content)[0]


def _cut(text: str) -> tuple[str, str]:
    """Part a question from what stands after its end mark."""
    first, *rest = _END.split(text)
    if not first.strip():
        raise RefusalError("expected a question, got none", "prompt")
    return first.strip(), "".join(rest).strip()
