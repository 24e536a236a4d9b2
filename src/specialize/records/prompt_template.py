"""The words around a question and its answer: the paper's, or those that a dataset names."""

from pydantic import Field, field_validator

from specialize.records.record import Record


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
