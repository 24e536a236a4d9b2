"""Answers of a student to training questions, to be scored by the teacher: JSON Lines of Rollout."""

from pydantic import Field

from specialize.records.record import Name, Record


class Rollout(Record):
    """One answer of a student."""

    problem_id: str = Field(min_length=1)
    student: Name
    """Who wrote it."""
    sample: int = Field(ge=0)
    text: str = Field(min_length=1)
    """As it was generated, without special tokens."""
