"""What every row of an artifact has in common."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen row; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
