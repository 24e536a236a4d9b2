"""Recorded completions: files of another teacher's answers, read as (question, answers) rows.

Three shapes of row, in a JSON array or in JSON Lines; other fields are left aside:

    {"question" or "instruction": "…", "output": "…"}                            one sample
    {"question" or "instruction": "…", "choices": [{"text": "…", "finish_reason": "stop"}, …], "usage": {…}}
    {"question" or "instruction": "…", "text": "…", "tokens": […], "token_logprobs": […], "top_logprobs": […]}

A response of OpenAI's APIs beside its question is the second: a choice of the chat API holds {"message": {"content":
"…"}} instead of "text", and `logprobs` of either API become tokens. The third is one legacy choice laid flat.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict

from specialize.core.errors import RecordError
from specialize.core.files import parse_record, read_json, read_rows
from specialize.core.logprobs import LONE_SURROGATE
from specialize.teacher.api.responses import Answer, read_answer


@dataclass(frozen=True)
class RecordedRow:
    """One row of a recorded file: a question and the samples that answer it."""

    where: str
    question: str
    answers: tuple[Answer, ...]


def _unicode(text: str) -> str:
    """JSON can spell half a character (`\\ud800`), which no file can hold."""
    if LONE_SURROGATE.search(text):
        raise ValueError("a text without lone surrogates")
    return text


_Text = Annotated[str, AfterValidator(_unicode)]


class _Message(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")  # reasoning comes in fields of several names
    content: _Text | None
    """Null where the provider held the text back; that is an observation, an answer without a text."""


class _Choice(BaseModel):
    model_config = ConfigDict(strict=True)
    text: _Text | None = None
    message: _Message | None = None
    finish_reason: _Text | None = None
    logprobs: dict[str, Any] | None = None


class _Row(BaseModel):
    model_config = ConfigDict(strict=True)
    question: _Text | None = None
    instruction: _Text | None = None
    output: _Text | None = None
    choices: list[_Choice] | None = None
    usage: dict[str, Any] | None = None
    text: _Text | None = None
    finish_reason: _Text | None = None
    tokens: list[_Text] | None = None
    token_logprobs: list[float | None] | None = None
    top_logprobs: list[dict[str, float | None] | None] | None = None


def read_recorded(path: Path) -> list[RecordedRow]:
    """Return every row of a recorded file, in file order.

    Raises RecordError with file:line (in an array file:index, counted from 0), field, expected and got.
    """
    rows = [_recorded_row(where, value) for where, value in _values(path)]
    if not rows:
        raise RecordError(f"{path}:1", "(whole file)", "at least one recorded completion", "none")
    return rows


def _values(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield (where, decoded value) of a JSON array or of JSON Lines: an array's first mark is `[`."""
    with path.open("rb") as stream:
        is_array = stream.read(4096).lstrip().startswith(b"[")
    if is_array:
        yield from ((f"{path}:{index}", value) for index, value in enumerate(read_json(path)))
    else:
        yield from read_rows(path)


def _recorded_row(where: str, value: Any) -> RecordedRow:
    if not isinstance(value, dict):
        raise RecordError(where, "(whole row)", "an object with a question and an output", value)
    row = parse_record(where, value, _Row)
    question = row.question if row.question is not None else row.instruction
    if question is None or not question.strip():
        raise RecordError(where, "question", "a text (or under 'instruction')", question)
    given = [name for name in ("output", "choices", "text") if getattr(row, name) is not None]
    if len(given) != 1:
        raise RecordError(where, "output", "one of a text 'output', a list 'choices', a 'text'", sorted(value))
    if row.output is not None:
        return RecordedRow(where, question, (Answer(row.output),))
    if row.text is not None:
        logprobs = row.model_dump(include={"tokens", "token_logprobs", "top_logprobs"})
        choice = {"text": row.text, "finish_reason": row.finish_reason, "logprobs": logprobs}
        return RecordedRow(where, question, (read_answer(choice),))
    choices = row.choices or []
    answers = tuple(_answer(where, index, choice, row.usage, len(choices)) for index, choice in enumerate(choices))
    return RecordedRow(where, question, answers)


def _answer(where: str, index: int, choice: _Choice, usage: dict[str, Any] | None, choices: int) -> Answer:
    if (choice.text is None) == (choice.message is None):
        raise RecordError(where, f"choices.{index}", "either 'text' or 'message.content'", choice.model_dump())
    return read_answer(choice.model_dump(exclude_none=True), usage, choices)
