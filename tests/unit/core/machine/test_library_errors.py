"""Whatever a library raises over a damaged file is one line of ours; what the operating system says stays."""

from pathlib import Path

import pyarrow
import pytest

from specialize.core.errors import CheckpointError, RecordError
from specialize.core.machine.library_errors import loading, reading_file

RAISED = [
    pyarrow.ArrowInvalid("Parquet magic bytes not found.\nmore"),
    OSError("Couldn't deserialize thrift"),
    KeyError("column"),
    TypeError("'int' object is not iterable"),
    OverflowError("int too large"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    Exception("data did not match any variant of untagged enum ModelWrapper"),
    RecursionError(),
]


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_a_damaged_file_is_told_in_one_line(error: Exception) -> None:
    with pytest.raises(RecordError) as told, reading_file(Path("a.parquet"), "a Parquet file", "Make it again"):
        raise error
    said = str(told.value)
    assert said.startswith("a.parquet: field '(whole file)': expected a Parquet file, got ")
    assert said.endswith(". Make it again") and "\n" not in said and "more" not in said
    with (
        pytest.raises(CheckpointError, match=r"^x: cannot load: .+\. Take another$"),
        loading("x: cannot load", lambda reason: "Take another"),
    ):
        raise error


@pytest.mark.parametrize(
    "error",
    [FileNotFoundError(2, "No such file"), PermissionError(13, "denied"), RecordError("w", "f", "e", 1), MemoryError()],
)
def test_other_errors_stay_as_they_are(error: Exception) -> None:
    with pytest.raises(type(error)) as told, reading_file(Path("a"), "x"):
        raise error
    assert told.value is error
