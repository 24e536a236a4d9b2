"""params.yaml, section `evaluate`: how checkpoints are prompted, and how what they write is scored and selected.

Two steps with a recipe each: a change of ScoringParams generates nothing again.
"""

from specialize.core.params.evaluation.generation import GenerationParams
from specialize.core.params.evaluation.scoring import ScoringParams
from specialize.core.params.recipe_spec import RecipeSpec


class EvaluateParams(ScoringParams, GenerationParams):
    """Checkpoints + evaluation problems → predictions, scores, the selected checkpoint."""

    def recipe_specs(self) -> list[RecipeSpec]:
        """Return the recipes of predictions and of scores, each one for all checkpoints."""
        everything = self.model_dump(mode="json")
        return [
            RecipeSpec("evaluate/generate.json", {name: everything[name] for name in GenerationParams.model_fields}),
            RecipeSpec("evaluate.json", {name: everything[name] for name in ScoringParams.model_fields}),
        ]
