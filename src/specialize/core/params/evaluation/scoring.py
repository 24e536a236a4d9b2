"""params.yaml, section `evaluate`: how predictions are scored, and checkpoints selected."""

from pydantic import Field

from specialize.core.params.section import Section
from specialize.core.prompt_formats import Format
from specialize.records.scores import MathsReading


class ScoringParams(Section):
    """Predictions → scores, the selected checkpoint."""

    selection_format: Format = "zero_shot_chain_of_thought"
    """Checkpoints are selected by validation accuracy in this format."""
    selection_reading: MathsReading = "flexible"
    """Checkpoints are selected by this reading (paper: the last number)."""
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Confidence level of every interval."""
