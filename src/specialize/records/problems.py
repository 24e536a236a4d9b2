"""results/problems/: the questions with their gold answers, and what a run pretrains on."""

from typing import Literal

from pydantic import Field

from specialize.records.prompt_style import PromptTemplate
from specialize.records.record import Name, Record

AnswerKind = Literal["number", "numbers", "choice", "text", "math"]
"""How an answer is judged: one number, several in order, one of the options (also yes/no, true/false), a text, or a
mathematical expression."""
Split = Literal["train", "validation", "test", "exemplars"]
Role = Literal["seed", "out_of_distribution", "probe", "generic"]
"""What a dataset is used for: see `data.datasets` in the params."""


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
    """The gold answer in the judge's canonical form: `72`, `1.5`, `1/3`, `11; 12; 13`, `(B)`, `yes`."""
    kind: AnswerKind
    choices: dict[str, str] | None = None
    """Of a multiple-choice question: label → text of each option, in order. Null where the options are not known, and
    for yes/no questions."""
    rationale: str | None = None
    """The gold reasoning without its answer line, where the source has one."""
    instruction: str | None = None
    """What a suite prints before its exemplars (BIG-Bench-Hard's task description)."""
    template: PromptTemplate | None = None
    """The words around question and answer; null: the paper's."""


class Text(Record):
    """One text to pretrain on: results/problems/world/pretraining.jsonl."""

    text: str = Field(min_length=1)


class DatasetSummary(Record):
    """What the data phase says of one dataset."""

    role: Role
    splits: dict[str, int]
    """Problems per split."""
    guesses: dict[str, float] = Field(default_factory=dict)
    """Guess → share of the test problems that it gets right: see data.guessing."""


class ProblemIndex(Record):
    """results/problems/index.json: every dataset, its role and its splits."""

    seed: int
    datasets: dict[Name, DatasetSummary]
    shared_questions: int = Field(ge=0)
    """Questions that stand in more than one evaluation set; none of them is ever a validation problem."""
