"""params.yaml, section `evaluate`: how checkpoints are scored and chosen."""

from pydantic import Field

from specialize.core.params.recipe_spec import RecipeSpec
from specialize.core.params.section import Section
from specialize.core.prompt_formats import Format, GenericFormat
from specialize.records.scores import MathsReading


class EvaluateParams(Section):
    """Checkpoints + evaluation problems → predictions, scores, the selected checkpoint."""

    items: int | None = Field(default=None, ge=1)
    """Score at most so many problems of each maths split, drawn by seed; null: all (paper)."""
    items_per_task: int | None = Field(default=None, ge=1)
    """Score at most so many problems of each generic task; null: all (paper: 146–250)."""
    seed: int = Field(default=1, ge=0)
    """Seed of the draw where `items` limits it."""
    formats: list[Format] = Field(min_length=1)
    """Formats in which maths problems are asked (paper: in-context and zero-shot chain of thought)."""
    generic_formats: list[GenericFormat] = Field(min_length=1)
    """Formats of the generic tasks (paper: answer-only and chain of thought, in BIG-Bench-Hard's shape).
    `trained_chain_of_thought` asks them as zero-shot maths is asked: a skill lost can be told from a format lost."""
    exemplars: int = Field(default=4, ge=1)
    """Exemplars before an in-context maths question (paper: 4)."""
    generic_exemplars: int | None = Field(default=None, ge=0)
    """Exemplars before a generic question; null: all that its prompt holds (paper: 3). 0: the instruction alone."""
    batch_size: int = Field(default=32, ge=1)
    """Prompts decoded at once. It is part of the recipe, since it can move a greedy decision in the last digit."""
    max_source_tokens: int = Field(default=1024, ge=16)
    """Exemplars are left off, the first one first, until a prompt fits; a longer question is cut at its beginning."""
    max_new_tokens: int = Field(default=256, ge=1)
    """Longest answer (paper: 256)."""
    selection_format: Format = "zero_shot_chain_of_thought"
    """Format by whose validation accuracy checkpoints are chosen."""
    selection_reading: MathsReading = "flexible"
    """Reading by which checkpoints are chosen (paper: the last number)."""
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Confidence of every interval."""

    def recipe_specs(self) -> list[RecipeSpec]:
        """Return the recipe of scores and selection, one for all checkpoints."""
        return [RecipeSpec("evaluate.json", self.model_dump(mode="json"))]
