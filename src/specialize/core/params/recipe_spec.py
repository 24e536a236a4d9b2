"""What a section of params.yaml says of each recipe: its file, its parameters, and the files that count by content."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RecipeSpec:
    """One recipe before any file is hashed; lineage.write_recipes adds the hashes and the digest of the code."""

    file: str
    """Name below results/recipes/."""
    params: dict[str, Any]
    """What decides the step's outputs. No path of this machine, no speed limit, nothing of other steps."""
    raw_files: Sequence[str] = ()
    """Files below `data.root`. One that this machine lacks keeps the hash that the tracked recipe has."""
    raw_folders: Sequence[str] = ()
    """Folders below `data.root`, or Hugging Face ids, which have no files here."""
    project_files: Sequence[str] = ()
    """Files of the project."""
