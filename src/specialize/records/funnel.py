"""results/traces/funnel.json: what the filters dropped at each step, and why."""

from pydantic import Field

from specialize.records.record import Record


class DroppedSample(Record):
    """A completion that a filter dropped."""

    problem_id: str
    teacher: str
    sample: int = Field(ge=0)
    question: str
    answer: str
    """The gold answer."""
    text: str
    """The completion, up to 1,000 characters."""


class StepCount(Record):
    """One filter: how many completions it dropped, how many were left."""

    step: str
    dropped: int = Field(ge=0)
    left: int = Field(ge=0)
    why: str
    example: DroppedSample | None = None
    """The first one that it dropped, in the order of problems, teacher, sample; of a whole run's steps alone."""


class Funnel(Record):
    """The counts of a whole run."""

    steps: list[StepCount]
    by_teacher: dict[str, list[StepCount]]
    questions: dict[str, int]
    """Questions asked, with a completion, with a trace."""
