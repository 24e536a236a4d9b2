"""How a checkpoint is prompted: settings of a student, stored with each of its checkpoints."""

from typing import Literal

from pydantic import ConfigDict

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
