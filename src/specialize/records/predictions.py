"""results/predictions/{student}/step-{n}/{benchmark}.parquet: what a checkpoint wrote. What a judge found in it is in
records.judgements."""

from typing import Literal

import pyarrow as pa
from pydantic import Field

from specialize.records.record import Name, Record

FinishReason = Literal["stop", "new_question", "length"]
PREDICTIONS_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("split", pa.string()),
        ("format", pa.string()),
        ("sample", pa.int32()),
        ("text", pa.string()),
        ("tokens", pa.int32()),
        ("finish_reason", pa.string()),
    ]
)
"""One row per problem, format and sample, in the order of split, format, problem, sample.

id              of the problem
sample          from 0; a greedy answer is sample 0
text            what the checkpoint wrote, up to where it ended or began a question of its own, without outer blanks
tokens          that it generated, the end token and the mark of the new question among them
finish_reason   stop (an end token), new_question (it went on with a question of its own), length (no room)
"""
INFO_KEY = b"specialize"
"""Key of PredictionsInfo (JSON, keys sorted) in the metadata of a predictions file."""


class PredictionsInfo(Record):
    """What a file of predictions is of, and how it was made."""

    benchmark: Name
    role: str
    student: Name
    step: int = Field(ge=0)
    checkpoint: str
    """sha256 of the checkpoint's manifest."""
    prompts: dict[str, str]
    """Format to sha256 of every prompt of that format, so of templates and exemplars too."""
    plan: dict[str, int | float | str | None]
    """How it was run: engine, decoding, batches, order, item limit, token limits."""


class Rollout(Record):
    """One answer of a student to a training question, to be scored by the teacher: a line of JSON Lines
    (results/starts/{round}/rollouts/rollouts.jsonl)."""

    problem_id: str = Field(min_length=1)
    student: Name
    """Who wrote it."""
    sample: int = Field(ge=0)
    text: str = Field(min_length=1)
    """As it was generated, without special tokens."""
    finish_reason: FinishReason | None = None
    """How it ended; null: not known."""
