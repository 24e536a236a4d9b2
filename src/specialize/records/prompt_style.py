"""How students are prompted: a student's own settings, stored with each of its checkpoints, and a dataset's words."""

from typing import Literal

from pydantic import ConfigDict, Field, field_validator

from specialize.records.record import Record


class PromptStyle(Record):
    """How a prompt is put to the student, in training and in scoring alike."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    style: Literal["plain", "chat"] = "plain"
    """`plain`: the text format as it is (paper). `chat`: the same text as a user's message, in the tokenizer's chat
    template; the target is the assistant's answer."""
    system: str | None = None
    """System message of a chat; null: none, or the template's own."""
    thinking: bool | None = None
    """Whether the chat template opens a block of thinking, where it knows the switch `enable_thinking` (Qwen3); null:
    the template's default."""


PLAIN = PromptStyle()
"""The paper's."""


class PromptTemplate(Record):
    """How a question is asked and an answer stated, in training and in scoring. The defaults are the paper's."""

    answer_only: str = Field(default="Q: {question}\nA:", min_length=1)
    """What the student reads where it answers at once; `{question}` stands for the question."""
    chain_of_thought: str = Field(default="Q: {question}\nLet's think step by step", min_length=1)
    """What the student reads where it reasons first."""
    answer: str = Field(default="The answer is {answer}", min_length=1)
    """How it states the answer, behind the reasoning or alone; `{answer}` stands for the answer.
    One line, in words that the judge reads."""

    @field_validator("answer_only", "chain_of_thought")
    @classmethod
    def _asks(cls, text: str) -> str:
        return _with_one(text, "{question}")

    @field_validator("answer")
    @classmethod
    def _states(cls, text: str) -> str:
        if "\n" in text:
            raise ValueError("one line")
        return _with_one(text, "{answer}")


def _with_one(text: str, place: str) -> str:
    if text.count(place) != 1:
        raise ValueError(f"{place} exactly once")
    if text != text.strip():
        raise ValueError("a text without blanks or line ends around it")
    return text


PAPER = PromptTemplate()
