"""results/traces/: what the filters kept.

traces.parquet    TRACES_SCHEMA
exemplars.jsonl   records.problems.Problem: worked problems fit to be exemplars

results/starts/{round}/aligned/traces.parquet: a student's answers as traces, each all answer line (its `template`).
"""

import pyarrow as pa
from pydantic import Field

from specialize.records.prompt_style import PromptTemplate
from specialize.records.record import Record

TRACES_SCHEMA = pa.schema(
    [
        pa.field("problem_id", pa.string(), nullable=False),
        pa.field("teacher", pa.string(), nullable=False),
        pa.field("sample", pa.int32(), nullable=False),
        pa.field("question", pa.string(), nullable=False),
        pa.field("rationale", pa.string(), nullable=False),
        pa.field("answer", pa.string(), nullable=False),
    ]
)
"""One row per trace, the fields of Trace."""
TEMPLATE_FIELD = pa.field("template", pa.struct([pa.field(name, pa.string()) for name in PromptTemplate.model_fields]))
"""A last column, only where the dataset names a template."""


class Trace(Record):
    """A completion that survived the filters, cut into reasoning and answer."""

    problem_id: str = Field(min_length=1)
    teacher: str = Field(min_length=1)
    sample: int = Field(ge=0)
    question: str = Field(min_length=1)
    rationale: str
    answer: str = Field(min_length=1)
    template: PromptTemplate | None = None
    """The words around question and answer; null: the paper's."""
