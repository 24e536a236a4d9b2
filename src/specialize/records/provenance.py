"""provenance.json beside every job's outputs: what made them."""

from pydantic import Field

from specialize.records.record import Record


class FileState(Record):
    """Content of one file."""

    size: int = Field(ge=0)
    """Bytes."""
    sha256: str


class Provenance(Record):
    """What made the outputs of one job. Paths are relative to the project."""

    phase: str
    recipe: str
    """Path of the recipe below results/recipes/."""
    recipe_sha256: str
    inputs: dict[str, FileState]
    outputs: dict[str, FileState]
