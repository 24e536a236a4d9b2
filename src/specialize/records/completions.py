"""results/completions/: the teacher's answers, as they came."""

from pydantic import Field

from specialize.records.record import Record


class Completion(Record):
    """One teacher answer to one problem, as it came."""

    problem_id: str = Field(min_length=1)
    teacher: str = Field(min_length=1)
    sample: int = Field(ge=0)
    text: str
    finish_reason: str | None = None
    """`stop`, `length`, …; null where it was not recorded."""
