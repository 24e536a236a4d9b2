"""results/traces/funnel.json: what the filters dropped at each step, and why."""

from pydantic import Field

from specialize.records.record import Record


class StepCount(Record):
    """One filter: how many completions it dropped, how many were left."""

    step: str
    dropped: int = Field(ge=0)
    left: int = Field(ge=0)
    why: str


class Funnel(Record):
    """The counts of a whole run."""

    steps: list[StepCount]
    by_teacher: dict[str, list[StepCount]]
    questions: dict[str, int]
    """Questions asked, with a completion, with a trace."""
