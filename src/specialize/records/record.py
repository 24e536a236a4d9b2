"""What every row of an artifact has in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*\z")]
"""A name that becomes part of a path: of a student, a start, a dataset, a tokenizer. `core.params` allows no other."""


class Record(BaseModel):
    """A frozen row; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
