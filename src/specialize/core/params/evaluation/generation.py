"""params.yaml, section `evaluate`: how checkpoints are prompted and decoded."""

from typing import Literal

from pydantic import Field, model_validator

from specialize.core.params.section import Section
from specialize.core.prompt_formats import Format, GenericFormat


class GenerationParams(Section):
    """Checkpoints + evaluation problems → predictions."""

    items: int | None = Field(default=None, ge=1)
    """Score at most this many problems of each maths split, drawn with `seed`; null: all (paper)."""
    items_per_task: int | None = Field(default=None, ge=1)
    """Score at most this many problems of each generic task; null: all (paper: 146–250)."""
    seed: int = Field(default=1, ge=0)
    """Seed of the draw of `items` problems, and of `samples`."""
    formats: list[Format] = Field(min_length=1)
    """Prompt formats of maths problems (paper: in-context and zero-shot chain of thought)."""
    generic_formats: list[GenericFormat] = Field(min_length=1)
    """Prompt formats of the generic tasks (paper: answer-only and chain of thought, in BIG-Bench-Hard's shape).
    `trained_chain_of_thought` renders them as zero-shot maths, which separates a lost skill from a lost format."""
    exemplars: int = Field(default=4, ge=1)
    """Exemplars before an in-context maths question (paper: 4)."""
    generic_exemplars: int | None = Field(default=None, ge=0)
    """Exemplars before a generic question; null: all of the task's prompt (paper: 3). 0: the instruction alone."""
    engine: Literal["auto", "transformers", "ctranslate2"] = "auto"
    """What decodes greedily. `auto`: on a CPU CTranslate2 in fp32, where it can convert the student and writes the
    first 64 prompts of each benchmark as transformers does, to the character; else transformers. `ctranslate2`: or
    stop. Samples are always drawn by transformers."""
    batch_size: int = Field(default=32, ge=1)
    """Prompts decoded at once. Part of the recipe: rounding depends on it, and with it, rarely, a greedy decision."""
    batch_tokens: int | None = Field(default=None, ge=1)
    """Most tokens of a batch, padding included: prompts times (longest prompt + `max_new_tokens`); null: `batch_size`
    alone decides."""
    max_source_tokens: int = Field(default=1024, ge=16)
    """Longest prompt. Exemplars are dropped, first ones first, until it fits; a longer question loses its beginning."""
    max_new_tokens: int = Field(default=256, ge=1)
    """Longest answer (paper: 256)."""
    samples: int = Field(default=1, ge=1)
    """Answers to each question. More than one need a `temperature`; scores: pass@1, pass@k, majority vote."""
    temperature: float = Field(default=0.0, ge=0, le=10)
    """Temperature of `samples`; 0: greedy (paper)."""
    top_p: float = Field(default=1.0, gt=0, le=1)
    """Samples are drawn from the most probable tokens that together have at least this probability; 1: from all."""

    @model_validator(mode="after")
    def _samples_differ(self) -> "GenerationParams":
        if self.samples > 1 and not self.temperature:
            raise ValueError(f"samples: {self.samples} greedy answers are all the same; set temperature above 0")
        return self
