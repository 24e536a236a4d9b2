"""results/traces/: what the filters dropped at each step and why, and what training data share with evaluation sets.

funnel.json          Funnel
contamination.json   Contamination
"""

from typing import Literal

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


OverlapKind = Literal["exact", "normalised", "ngram"]
"""The same question; the same words in the same order; `ngram` words in a row."""
Stage = Literal["asked", "kept"]
"""Every training question; the questions of the traces that the filters kept."""


class OverlapPair(Record):
    """One training question beside the evaluation question that it overlaps with."""

    kind: OverlapKind
    stage: Stage
    problem_id: str
    question: str
    evaluation_id: str
    evaluation_question: str
    shared: str
    """The words in common, in lower case."""


class SetOverlap(Record):
    """One evaluation set. Counts are evaluation questions; a question counts for its strongest overlap alone."""

    questions: int = Field(ge=0)
    asked: dict[OverlapKind, int]
    kept: dict[OverlapKind, int]
    rationales: int = Field(ge=0)
    """Evaluation questions of which `ngram` words in a row stand in the reasoning of a trace."""
    examples: list[OverlapPair]
    """A few of each kind and stage, the first by evaluation id."""


class Contamination(Record):
    """How training data overlap with the evaluation sets."""

    ngram: int = Field(ge=3)
    """Words in a row that make an overlap; a shorter evaluation question counts where all of it is there."""
    training_questions: int = Field(ge=0)
    traces: int = Field(ge=0)
    sets: dict[str, SetOverlap]
    """By the name of the set: of the folder that its problems lie in."""
