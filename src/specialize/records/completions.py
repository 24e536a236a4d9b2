"""results/completions/: the teacher's answers, as they came.

part-{shard:05d}.parquet   COMPLETIONS_SCHEMA, zstd, rows in the order of problem, teacher, sample
sampling.json              SamplingSummary, of sampled completions
import.json                ImportSummary, of recorded ones

results/starts/{round}/scored/scored.parquet: COMPLETIONS_SCHEMA too, of a student's texts that the teacher scored.
"""

import pyarrow as pa
from pydantic import Field

from specialize.records.record import Record

KEYS = ("problem_id", "teacher", "sample")
"""Columns that identify a completion, and the trace that becomes of it."""
TOKEN_COLUMNS = ("tokens", "token_logprobs", "top_tokens", "top_logprobs")
"""Columns with the teacher's log-probabilities."""
COMPLETIONS_SCHEMA = pa.schema(
    [
        pa.field("problem_id", pa.string(), nullable=False),
        pa.field("teacher", pa.string(), nullable=False),
        pa.field("sample", pa.int32(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("finish_reason", pa.string()),
        pa.field("request_key", pa.string()),
        pa.field("tokens", pa.list_(pa.binary())),
        pa.field("token_logprobs", pa.list_(pa.float32())),
        pa.field("top_tokens", pa.list_(pa.list_(pa.binary()))),
        pa.field("top_logprobs", pa.list_(pa.list_(pa.float32()))),
        pa.field("prompt_tokens", pa.int32()),
        pa.field("completion_tokens", pa.int32()),
    ]
)
"""One row per completion. The first five columns are Completion; the others are null where the source gave none.

tokens                   the bytes of each token; together they are the text in UTF-8
token_logprobs           natural logarithm of each token's probability, null where the server did not send it
top_tokens, top_logprobs the alternatives of each token, as many as the server sent, by descending log-probability
request_key              sha256 of the request, the key of the cache
prompt_tokens, completion_tokens   usage as the server counted it
"""
SETTINGS_KEY = b"specialize"
"""Key of SamplingSettings (JSON, keys sorted) in the file's metadata; imported completions have none."""


class Completion(Record):
    """One teacher answer to one problem, as it came."""

    problem_id: str = Field(min_length=1)
    teacher: str = Field(min_length=1)
    sample: int = Field(ge=0)
    text: str
    finish_reason: str | None = None
    """`stop`, `length`, `content_filter`, `tool_calls`, `refused`; null where it was not recorded."""


class SamplingSettings(Record):
    """The teacher params that the cache needs to take sampled completions back."""

    api: str
    max_tokens: int = Field(ge=1)
    model: str
    top_k: int = Field(ge=0)
    without_logprobs: str
    scored: bool = False
    """Whether the texts were given, and only scored. Left out of the metadata where it is false."""


class SamplingSummary(Record):
    """results/completions/sampling.json"""

    teacher: str
    problems: int = Field(ge=0)
    completions: int = Field(ge=0)
    completions_without_tokens: int = Field(ge=0)
    finish_reasons: dict[str, int]
    empty: int = Field(ge=0)
    """Completions without any text."""
    unparsed: int = Field(ge=0)
    """Completions with a text in which the strict reading finds no answer."""
    cut: int = Field(ge=0)
    """Completions that met `teacher.max_tokens`."""
    refused: int = Field(ge=0)
    """Completions that stand for a question that the server refused."""
    identical_copies: int = Field(ge=0)
    """Completions that repeat another one of the same question word for word."""
    reasoning: int = Field(ge=0)
    """Completions that begin with a thinking block."""
    tokens_generated: int = Field(ge=0)
    """Tokens of the completions by the server's count, where it gives one: reasoning and, mostly, an end mark too."""
    tokens: int = Field(ge=0)
    """Tokens of all completions that have any."""
    tokens_with_logprob: int = Field(ge=0)
    """Tokens that are kept with their log-probability."""
    alternatives: int = Field(ge=0)
    """Alternatives of all tokens together."""


class ImportSummary(Record):
    """results/completions/import.json"""

    teachers: dict[str, dict[str, int]]
    """Teacher → rows, how many of them matched a problem and how, completions, and what became of their tokens."""
