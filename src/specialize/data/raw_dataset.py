"""What a source gives for one dataset, before the evaluation problems are split."""

from dataclasses import dataclass, field

from specialize.records.problems import Problem


@dataclass(frozen=True)
class RawDataset:
    """The problems of one dataset, in the source's order."""

    evaluation: list[Problem]
    exemplars: list[Problem]
    train: list[Problem] = field(default_factory=list)
    """Empty except for the seed dataset."""
    validation: list[Problem] = field(default_factory=list)
    """Where the source has a validation part of its own; else it is drawn from `evaluation`."""
