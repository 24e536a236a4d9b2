"""The records that pass between rooms as files."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

AnswerKind = Literal["number", "numbers", "text"]
Split = Literal["train", "validation", "test", "exemplars"]


class Record(BaseModel):
    """A frozen row; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Problem(Record):
    """One question with its gold answer.

    Example: {"id": "gsm8k/train/0", "dataset": "gsm8k", "question": "Natalia sold clips …", "answer": "72",
    "kind": "number", "rationale": "Natalia sold 48/2 = 24 clips in May.\\n…"}
    """

    id: str = Field(min_length=1)
    dataset: str = Field(min_length=1)
    task: str | None = None
    """The sub-task of a suite such as BIG-Bench-Hard, else null."""
    question: str = Field(min_length=1)
    answer: str = Field(min_length=1)
    """The gold answer in the judge's canonical form: `72`, `1.5`, `1/3`, `11; 12; 13`, `(B)`."""
    kind: AnswerKind
    rationale: str | None = None
    """The gold reasoning without its answer line, where the source has one."""
    instruction: str | None = None
    """What a suite prints before its exemplars (BIG-Bench-Hard's task description)."""


class Completion(Record):
    """One teacher answer to one problem, as it came."""

    problem_id: str = Field(min_length=1)
    teacher: str = Field(min_length=1)
    sample: int = Field(ge=0)
    text: str
    finish_reason: str | None = None
    """`stop`, `length`, …; null where it was not recorded."""


class Trace(Record):
    """A completion that survived the filters, cut into reasoning and answer."""

    problem_id: str = Field(min_length=1)
    teacher: str = Field(min_length=1)
    sample: int = Field(ge=0)
    question: str = Field(min_length=1)
    rationale: str
    answer: str = Field(min_length=1)


class Text(Record):
    """One text to pretrain on: results/problems/world/pretraining.jsonl."""

    text: str = Field(min_length=1)


class DatasetSummary(Record):
    """What the data room says of one dataset."""

    role: Literal["seed", "out_of_distribution", "probe", "generic"]
    splits: dict[str, int]
    """Problems per split."""


class ProblemIndex(Record):
    """results/problems/index.json: every dataset, its role and its splits."""

    seed: int
    datasets: dict[str, DatasetSummary]
    shared_questions: int = Field(ge=0)
    """Questions that stand in more than one evaluation set; none of them is ever a validation problem."""


class ScoreRow(Record):
    """One accuracy: a benchmark or task, on a split, in a format, by a reading."""

    task: str | None = None
    """Null: the whole benchmark; for a suite its accuracy is the mean over tasks."""
    split: Literal["validation", "test"]
    format: str
    reading: str
    n: int = Field(ge=1)
    correct: int = Field(ge=0)
    accuracy: float = Field(ge=0, le=1)
    low: float = Field(ge=0, le=1)
    high: float = Field(ge=0, le=1)
    """Wilson interval at the confidence of the evaluate params."""


class Score(Record):
    """results/scores/{student}/step-{n}/{benchmark}.json"""

    benchmark: str
    role: str
    student: str
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
