"""results/traces/: what the filters kept."""

from pydantic import Field

from specialize.records.record import Record


class Trace(Record):
    """A completion that survived the filters, cut into reasoning and answer."""

    problem_id: str = Field(min_length=1)
    teacher: str = Field(min_length=1)
    sample: int = Field(ge=0)
    question: str = Field(min_length=1)
    rationale: str
    answer: str = Field(min_length=1)
