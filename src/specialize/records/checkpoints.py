"""manifest.json, what a folder of weights holds and what made it, and training.csv.

    results/checkpoints/{student}/step-{n}/   CheckpointManifest
    results/starts/{start}/                   StartManifest where the run pretrained it, else StartSource

The manifest is written last: where it is, the folder is complete.

training.csv, of students and of pretrained starts: one row per logged update; a cell is empty where there is no such
token.

    step             update
    loss             the objective, nats per target token
    grad_norm        before clipping
    learning_rate
    sample_nll       negative log-likelihood of the target tokens, nats per token
    teacher_kl       KL(teacher ‖ student) over tokens whose teacher distribution is known, nats per token
    soft_share       share of these tokens
    target_entropy   entropy of the teacher's distributions over them, nats per token
    loss_{format}    the objective over examples of one data format
"""

from typing import Annotated, Any

from pydantic import Field

from specialize.records.prompt_style import PLAIN, PromptStyle
from specialize.records.provenance import FileState
from specialize.records.recipes import Recipe
from specialize.records.record import Name, Record

UPDATE_COLUMNS = ("step", "loss", "grad_norm", "learning_rate")
OBJECTIVE_COLUMNS = ("sample_nll", "teacher_kl", "soft_share", "target_entropy")
"""Both objectives on one scale, whichever was trained (paper, Fig. 3B)."""

FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*\z")]
"""A file in the folder, or in a folder inside it: never one elsewhere."""


class Manifest(Record):
    """What the manifests of all trained weights hold."""

    parameters: int = Field(ge=1)
    recipe: Recipe
    recipe_sha256: str
    inputs: dict[str, str]
    """Input file → sha256."""
    start_commit: str | None
    """Commit of the Hugging Face checkpoint that training began with."""
    files: dict[FileName, str]
    """File of the folder → sha256; all but the manifest itself."""
    libraries: dict[str, str]
    """Library → version."""
    python: str
    machine: str
    """Processor architecture."""


class CheckpointManifest(Manifest):
    """A student after some updates."""

    student: Name
    step: int = Field(ge=0)
    prompts: PromptStyle = PLAIN
    """How it is prompted."""


class PrunedWeights(Record):
    """results/checkpoints/{student}/step-{n}/pruned.json: weights that were removed after they had answered."""

    files: dict[FileName, FileState]
    """File of the folder → its content, as the manifest names it."""


class RemovedWeights(Record):
    """results/weights/{student}.json: which weights of a student are not there, for DVC, which cannot know."""

    removed: list[str]
    """Files, relative to the project."""


class StartManifest(Manifest):
    """A start checkpoint that the run pretrained."""

    start: Name


class StartSource(Record):
    """A start that the run does not train: the params that say where students get their weights."""

    name: Name
    source: str
    revision: str | None
    tokenizer: str
    architecture: dict[str, Any] | None
    pretraining: None


def format_column(format: str) -> str:
    """Return the name of the column with the loss of a data format."""
    return f"loss_{format}"
