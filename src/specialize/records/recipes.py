"""results/recipes/: the parameters of each step."""

from typing import Any

from pydantic import Field

from specialize.records.record import Record


class Recipe(Record):
    """What decides the outputs of one step."""

    phase: str
    name: str
    """Where it stands: `train/xs` is results/recipes/train/xs.json."""
    params: dict[str, Any]
    """The validated params of the phase."""
    code: str
    """sha256 of the code that the phase imports."""
    rules: str
    """sha256 of the phase's rule file."""
    libraries: dict[str, str] = Field(default={})
    """Library that decides bytes → its version by requirements.lock."""
    files: dict[str, str]
    """Raw or prompt file → sha256 of its bytes."""
