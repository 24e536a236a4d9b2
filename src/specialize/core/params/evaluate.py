"""params.yaml, section `evaluate`: how checkpoints are scored and selected."""

from pydantic import Field

from specialize.core.params.recipe_spec import RecipeSpec
from specialize.core.params.section import MOST_TOKENS, Section
from specialize.core.prompt_formats import Format, GenericFormat
from specialize.records.scores import MathsReading


class EvaluateParams(Section):
    """Checkpoints + evaluation problems → predictions, scores, the selected checkpoint."""

    items: int | None = Field(default=None, ge=1)
    """Score at most this many problems of each maths split, drawn with `seed`; null: all (paper)."""
    items_per_task: int | None = Field(default=None, ge=1)
    """Score at most this many problems of each generic task; null: all (paper: 146–250)."""
    seed: int = Field(default=1, ge=0)
    """Seed of the draw of `items` problems."""
    formats: list[Format] = Field(min_length=1)
    """Prompt formats of maths problems (paper: in-context and zero-shot chain of thought)."""
    generic_formats: list[GenericFormat] = Field(min_length=1)
    """Prompt formats of the generic tasks (paper: answer-only and chain of thought, in BIG-Bench-Hard's shape).
    `trained_chain_of_thought` renders them as zero-shot maths, which separates a lost skill from a lost format."""
    exemplars: int = Field(default=4, ge=1, le=1000)
    """Exemplars before an in-context maths question (paper: 4)."""
    generic_exemplars: int | None = Field(default=None, ge=0, le=1000)
    """Exemplars before a generic question; null: all of the task's prompt (paper: 3). 0: the instruction alone."""
    batch_size: int = Field(default=32, ge=1, le=65_536)
    """Prompts decoded at once. Part of the recipe: rounding depends on it, and with it, rarely, a greedy decision."""
    max_source_tokens: int = Field(default=1024, ge=16, le=MOST_TOKENS)
    """Longest prompt. Exemplars are dropped, first ones first, until it fits; a longer question loses its beginning."""
    max_new_tokens: int = Field(default=256, ge=1, le=MOST_TOKENS)
    """Longest answer (paper: 256)."""
    selection_format: Format = "zero_shot_chain_of_thought"
    """Checkpoints are selected by validation accuracy in this format."""
    selection_reading: MathsReading = "flexible"
    """Checkpoints are selected by this reading (paper: the last number)."""
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Confidence level of every interval."""

    def recipe_specs(self) -> list[RecipeSpec]:
        """Return the recipe of scores and selection, one for all checkpoints."""
        return [RecipeSpec("evaluate.json", self.model_dump(mode="json"))]
