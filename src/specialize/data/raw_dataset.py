"""What a source gives for one dataset, before the evaluation problems are split."""

from dataclasses import dataclass, field

from specialize.records.problems import Problem


@dataclass(frozen=True)
class Collected:
    """The problems of one dataset. Order is the source's."""

    evaluation: list[Problem]
    exemplars: list[Problem]
    train: list[Problem] = field(default_factory=list)
    """Empty but for the seed dataset."""
