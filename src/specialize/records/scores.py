"""results/scores/: accuracies of checkpoints, and which of them validation selects.

{student}/step-{n}/{benchmark}.json      Score
{student}/step-{n}/{benchmark}.parquet   what the judge found in each prediction: records.judgements
{student}/selected.json                  Selected
"""

from typing import Literal, get_args

from pydantic import Field

from specialize.records.record import Name, Record

MathsReading = Literal["strict", "flexible"]
"""How the answer to a maths problem is read: after the answer marker, or as the last number (core.answers)."""
GenericReading = Literal["exact", "substring"]
"""How the answer to a generic task is read: exact match, or the substring rule of the paper's released code."""
Criterion = Literal["seed", "out_of_distribution"]
"""Role of the datasets on whose validation accuracy a checkpoint is selected."""
CRITERIA: tuple[Criterion, ...] = get_args(Criterion)


class Sampled(Record):
    """Accuracies where a question has several answers. Of a suite each is the mean over tasks, as the accuracy is."""

    samples: int = Field(ge=1)
    """Answers to each question."""
    standard_error: float = Field(ge=0)
    """Of pass@1, over questions: the answers to one question are no independent evidence."""
    variance: float = Field(ge=0)
    """Of whether an answer is right, among the answers to one question (unbiased, mean over questions); 0 with one."""
    pass_at: dict[str, float]
    """k → probability that of k answers one is right (unbiased estimator, Chen et al. 2021)."""
    majority: float = Field(ge=0, le=1)
    """Accuracy of the answer that most samples give; of several such answers the one that came first."""


class ScoreRow(Record):
    """One accuracy: a benchmark or task, on a split, in a format, by a reading."""

    task: str | None = None
    """Null: the whole benchmark; for a suite its accuracy is the mean over tasks."""
    split: Literal["validation", "test"]
    format: str
    reading: str
    n: int = Field(ge=1)
    """Questions."""
    correct: int = Field(ge=0)
    """Right answers; of sampled ones over all samples."""
    accuracy: float = Field(ge=0, le=1)
    """Share of right answers: with samples pass@1."""
    low: float = Field(ge=0, le=1)
    high: float = Field(ge=0, le=1)
    """Interval at the confidence of the evaluate params: Wilson's; with samples Student's t over questions."""
    sampled: Sampled | None = None
    """Null: one answer to each question."""


class Score(Record):
    """results/scores/{student}/step-{n}/{benchmark}.json"""

    benchmark: Name
    role: str
    student: Name
    step: int
    checkpoint: str
    """sha256 of the checkpoint's manifest."""
    scorer: str
    """Version of the judge and the scorers; raised by hand when a number may move."""
    prompts: dict[str, str]
    """Format to sha256 of every prompt of that format, so of templates and exemplars too."""
    plan: dict[str, int | float | str | None]
    """How it was run: batch size, order, item limit, token limits, decoding."""
    rows: list[ScoreRow]


class Candidate(Record):
    """A checkpoint that may be selected: its mean validation accuracy by criterion, null where there is none."""

    step: int = Field(ge=1)
    seed: float | None = Field(ge=0, le=1)
    """On the seed dataset."""
    out_of_distribution: float | None = Field(ge=0, le=1)
    """Mean over the out-of-distribution datasets."""


class Selected(Record):
    """results/scores/{student}/selected.json"""

    student: Name
    format: str
    reading: str
    candidates: list[Candidate]
    by: dict[str, int | None]
    """Criterion → step; null where no candidate has an accuracy."""
