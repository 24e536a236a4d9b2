"""params.yaml, section `evaluate`: how checkpoints are prompted, and how what they write is scored and selected.

Two steps with a recipe each: a change of ScoringParams generates nothing again.
"""

from collections.abc import Mapping

from specialize.core.params.evaluation.generation import GenerationParams
from specialize.core.params.evaluation.rollouts import RolloutRun
from specialize.core.params.evaluation.scoring import ScoringParams
from specialize.core.params.recipe_spec import RecipeSpec
from specialize.core.params.training.starts import RoundParams


class EvaluateParams(ScoringParams, GenerationParams):
    """Checkpoints + evaluation problems → predictions, scores, the selected checkpoint."""

    def recipe_specs(self) -> list[RecipeSpec]:
        """Return the recipes of predictions and of scores, each one for all checkpoints."""
        everything = self.model_dump(mode="json")
        return [
            RecipeSpec("evaluate/generate.json", {name: everything[name] for name in GenerationParams.model_fields}),
            RecipeSpec("evaluate.json", {name: everything[name] for name in ScoringParams.model_fields}),
        ]

    def round_specs(self, rounds: Mapping[str, RoundParams]) -> list[RecipeSpec]:
        """Return the recipe of each round's answers: the round's params, with this section's batches and lengths."""
        shared = self.model_dump(include=set(RolloutRun.model_fields) - {*RoundParams.model_fields, "top_p"})
        runs = [RolloutRun(name=name, **shared, **each.model_dump()) for name, each in rounds.items()]
        return [RecipeSpec(f"evaluate/rounds/{run.name}.json", run.model_dump(mode="json")) for run in runs]
