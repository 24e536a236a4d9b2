"""The base class of every section of params.yaml."""

import math
import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

LARGEST = 2**31 - 1
"""No number of the params is larger: libraries take seeds and counts of 32 bits, and nothing real comes near it."""
MOST_TOKENS = 1_048_576
"""No prompt or answer is longer."""
_NAME = re.compile("[a-z0-9][a-z0-9_-]{0,63}")


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

    @field_validator("*")
    @classmethod
    def _within_reason(cls, value: Any) -> Any:
        for number in value if isinstance(value, list) else [value]:
            if isinstance(number, int | float) and abs(number) > LARGEST:
                raise ValueError(f"expected a number of at most {LARGEST:,}")
            if isinstance(number, str) and "\0" in number:
                raise ValueError("expected a text without the character NUL")
        return value


def bad_names(names: Iterable[str]) -> list[str]:
    """Return those that cannot be names of files: all but 1 to 64 lower-case letters, digits, `_` and `-`."""
    return [name for name in names if not _NAME.fullmatch(name)]


def file_below(path: str, *folders: str) -> str:
    """Return `path` if it is below one of `folders`, which DVC's stages depend on. Raises ValueError otherwise."""
    if path.startswith(folders) and ".." not in path.split("/"):
        return path
    raise ValueError(f"expected a file below {' or '.join(folders)}, got {path!r}: DVC would not see it change")
