"""Completions with token log-probabilities as record batches: from our Parquet files, batch by batch, or from recorded
OpenAI-style responses (JSON Lines).

The columns are a part of records.completions.COMPLETIONS_SCHEMA.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from specialize.core.errors import RecordError
from specialize.core.files import read_rows
from specialize.core.logprobs import MalformedLogprobsError, read_logprobs, token_columns
from specialize.core.machine.library_errors import reading_file
from specialize.core.prompt_formats import prompt
from specialize.records.completions import COMPLETIONS_SCHEMA, KEYS, TOKEN_COLUMNS

ROWS_AT_ONCE = 256
"""An alignment of so many works on arrays that stay in a cache: twice as many take 1.4 times as long each."""
SCHEMA = pa.schema([COMPLETIONS_SCHEMA.field(name) for name in (*KEYS, "text", *TOKEN_COLUMNS)])
"""The columns of completions that alignment reads."""


def completion_batches(path: Path, rows: int = ROWS_AT_ONCE) -> Iterator[pa.RecordBatch]:
    """Yield the completions of a Parquet file in order, never all at once; columns that it lacks are null.

    Raises RecordError where it is no file of completions.
    """
    with reading_file(path, "a Parquet file"), pq.ParquetFile(path, page_checksum_verification=True) as file:
        names = file.schema_arrow.names
        lacking = [name for name in (*KEYS, "text") if name not in names]
        if lacking:
            raise RecordError(f"{path}:0", lacking[0], "a column of this name", names)
        for batch in file.iter_batches(rows, columns=[name for name in SCHEMA.names if name in names]):
            columns = [
                batch[field.name].cast(field.type) if field.name in names else pa.nulls(len(batch), field.type)
                for field in SCHEMA
            ]
            for name, column in zip(SCHEMA.names[:4], columns, strict=False):
                if column.null_count:
                    raise RecordError(str(path), name, "a value in every row", f"{column.null_count} rows without")
            yield pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def recorded_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Yield recorded responses, a batch of one line each: `tokens`, `token_logprobs`, `top_logprobs` at the top of the
    row, or in `choices[].logprobs` of the completions or the chat API."""
    for number, (where, row) in enumerate(read_rows(path)):
        if not isinstance(row, dict):
            raise RecordError(where, "(whole row)", "an object", row)
        choices = row["choices"] if isinstance(row.get("choices"), list) else [row]
        for place, choice in enumerate(choices):
            key = {"problem_id": str(number), "teacher": path.stem, "sample": place}
            yield pa.RecordBatch.from_pylist([key | _row_of(where, choice)], schema=SCHEMA)


def rejection_reasons(batch: pa.RecordBatch) -> list[str | None]:
    """Return for each row why its tokens cannot be aligned, or None."""
    return [_reason(batch, row) for row in range(len(batch))]


def _reason(batch: pa.RecordBatch, row: int) -> str | None:
    if any(not batch[name][row].is_valid for name in TOKEN_COLUMNS):
        return "no log-probabilities"
    tokens, logprobs, top, top_logprobs = (batch[name][row].values for name in TOKEN_COLUMNS)
    if not len(tokens) == len(logprobs) == len(top) == len(top_logprobs):
        return "lists of unequal length"
    if not pc.list_value_length(top).equals(pc.list_value_length(top_logprobs)):
        return "lists of unequal length"
    if tokens.null_count or top.null_count or top.flatten().null_count:
        return "a token without bytes"
    if b"".join(tokens.to_pylist()) != batch["text"][row].as_py().encode("utf-8", "surrogatepass"):
        return "the tokens do not spell the text"
    return None


def _row_of(where: str, choice: Any) -> dict[str, Any]:
    """Return text and token columns of a recorded choice. Raises RecordError."""
    if not isinstance(choice, dict):
        raise RecordError(where, "choices", "objects", choice)
    expected = "tokens, token_logprobs, top_logprobs of the OpenAI API"
    try:
        tokens = read_logprobs(choice.get("logprobs", choice))
    except MalformedLogprobsError as error:
        raise RecordError(where, "logprobs", expected, str(error)) from None
    if tokens is None:
        raise RecordError(where, "logprobs", expected, "none")
    # Some recordings begin with the prompt's own last token.
    echo = " " + prompt("zero_shot_chain_of_thought", "").rsplit(" ", 1)[-1]
    if tokens[0].spelling == echo.encode():
        tokens = tokens[1:]
    text = b"".join(token.spelling or b"" for token in tokens).decode("utf-8", "replace")
    return {"text": text, **token_columns(tokens)}
