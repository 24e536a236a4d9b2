"""params.yaml, section `report`: which numbers are the headline."""

from pydantic import Field

from specialize.core.params.recipe_spec import RecipeSpec
from specialize.core.params.section import Section
from specialize.core.prompt_formats import Format, GenericFormat
from specialize.records.scores import Criterion, GenericReading, MathsReading


class ReportParams(Section):
    """Scores → tables, figures, results/metrics.json."""

    title: str = Field(default="Specialisation report", min_length=1)
    """Title of the HTML page."""
    format: Format = "zero_shot_chain_of_thought"
    """Format of the maths accuracies in the main table and in metrics.json."""
    reading: MathsReading = "flexible"
    """Reading of the maths accuracies there (paper: the last number)."""
    generic_format: GenericFormat = "answer_only"
    """Format of the generic accuracy in the trade-off curve."""
    generic_reading: GenericReading = "exact"
    """Reading of the generic accuracies there: BIG-Bench-Hard's exact match, or the authors' substring rule."""
    selected_by: Criterion = "out_of_distribution"
    """The headline checkpoint: the one selected on the seed dataset, or on the others (paper: the mean of MultiArith,
    ASDiv and SVAMP)."""


class ReportRun(ReportParams):
    """The params of the report's recipe: its own section, and whose score files it reads."""

    students: list[str]
    steps: list[int]
    datasets: list[str]
    starts: dict[str, str] = Field(default_factory=dict)
    """Start that this run pretrains → its objective, which the report shows for the students that begin from it."""
    simulated_teacher: bool = False
    """Whether the teacher is the grammar of this project: what it is like was built, not found."""

    def recipe_specs(self) -> list[RecipeSpec]:
        """Return the recipe of the report."""
        return [RecipeSpec("report.json", self.model_dump(mode="json"))]
