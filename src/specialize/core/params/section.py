"""The base class of every section of params.yaml."""

import math
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator


class Section(BaseModel):
    """A frozen part of params.yaml; unknown keys are refused.

    The text below each field is its description in the reference page and in the JSON Schema. It is a docstring, so
    that rewording it changes no recipe.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    @field_validator("*")
    @classmethod
    def _one_zero(cls, value: Any) -> Any:
        if isinstance(value, float) and value == 0 and math.copysign(1, value) < 0:
            raise ValueError("expected 0 without a sign, since equal numbers must make equal recipes")
        return value


def file_below(path: str, *folders: str) -> str:
    """Return `path` if it is below one of `folders`, which DVC's stages depend on. Raises ValueError otherwise."""
    if path.startswith(folders) and ".." not in path.split("/"):
        return path
    raise ValueError(f"expected a file below {' or '.join(folders)}, got {path!r}: DVC would not see it change")
