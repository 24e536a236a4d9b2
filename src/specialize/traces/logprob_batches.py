"""Completions with token log-probabilities as record batches: from our Parquet files, batch by batch, or from recorded
OpenAI-style responses (JSON Lines).

The columns are a part of records.completions.COMPLETIONS_SCHEMA.
"""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from specialize.core.errors import RecordError
from specialize.core.files import read_rows
from specialize.core.prompt_formats import prompt
from specialize.records.completions import COMPLETIONS_SCHEMA, KEYS, TOKEN_COLUMNS

ROWS_AT_ONCE = 256
"""An alignment of so many works on arrays that stay in a cache: twice as many take 1.4 times as long each."""
SCHEMA = pa.schema([COMPLETIONS_SCHEMA.field(name) for name in (*KEYS, "text", *TOKEN_COLUMNS)])
"""The columns of completions that alignment reads."""
_BYTES = re.compile(r"bytes:( ?)((?:\\{1,2}x[0-9a-fA-F]{2})+)")


def completion_batches(path: Path, rows: int = ROWS_AT_ONCE) -> Iterator[pa.RecordBatch]:
    """Yield the completions of a Parquet file in order, never all at once; columns that it lacks are null.

    Raises RecordError where it is no file of completions.
    """
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            lacking = [name for name in (*KEYS, "text") if name not in names]
            if lacking:
                raise RecordError(f"{path}:0", lacking[0], "a column of this name", names)
            for batch in file.iter_batches(rows, columns=[name for name in SCHEMA.names if name in names]):
                columns = [
                    batch[field.name].cast(field.type) if field.name in names else pa.nulls(len(batch), field.type)
                    for field in SCHEMA
                ]
                yield pa.RecordBatch.from_arrays(columns, schema=SCHEMA)
    except pa.ArrowInvalid as error:
        raise RecordError(f"{path}:0", "(whole file)", "a parquet file", str(error)) from None


def recorded_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Yield recorded responses, a batch of one line each: `tokens`, `token_logprobs`, `top_logprobs` at the top of the
    row, or in `choices[].logprobs` of the completions or the chat API."""
    for number, (where, row) in enumerate(read_rows(path)):
        if not isinstance(row, dict):
            raise RecordError(where, "(whole row)", "an object", row)
        choices = row["choices"] if isinstance(row.get("choices"), list) else [row]
        for place, choice in enumerate(choices):
            key = {"problem_id": str(number), "teacher": path.stem, "sample": place}
            yield pa.RecordBatch.from_pylist([key | _choice(where, choice)], schema=SCHEMA)


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


def _choice(where: str, choice: dict[str, Any]) -> dict[str, Any]:
    try:
        told = choice.get("logprobs", choice)
        if isinstance(told, dict) and told.get("content"):
            pairs = [(_spelled(one), one["logprob"], [(_spelled(a), a["logprob"]) for a in one["top_logprobs"]])
                     for one in told["content"]]  # fmt: skip
        else:
            tops = [list(top.items()) if isinstance(top, dict) else top for top in told["top_logprobs"]]
            pairs = [
                (_legacy(token), logprob, [(_legacy(text), other) for text, other in top or []])
                for token, logprob, top in zip(told["tokens"], told["token_logprobs"], tops, strict=True)
            ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RecordError(
            where, "logprobs", "tokens, token_logprobs, top_logprobs of the OpenAI API", repr(error)
        ) from None
    echo = " " + prompt("zero_shot_chain_of_thought", "").rsplit(" ", 1)[-1]
    if pairs and pairs[0][0] == echo.encode():
        pairs = pairs[1:]  # the prompt's own last token
    known = [(t, p, [(a, b) for a, b in top if b is not None and not math.isnan(b)]) for t, p, top in pairs]
    known = [(t, p, sorted(top, key=lambda one: (-one[1], one[0]))) for t, p, top in known]
    return {
        "text": b"".join(token for token, _, _ in known).decode("utf-8", "replace"),
        "tokens": [token for token, _, _ in known],
        "token_logprobs": [logprob for _, logprob, _ in known],
        "top_tokens": [[text for text, _ in top] for _, _, top in known],
        "top_logprobs": [[other for _, other in top] for _, _, top in known],
    }


def _spelled(token: dict[str, Any]) -> bytes:
    return (
        bytes(token["bytes"])
        if token.get("bytes") is not None
        else str(token["token"]).encode("utf-8", "surrogatepass")
    )


def _legacy(token: str) -> bytes:
    """Return a token's bytes; the completions API writes those that are no text as `bytes:\\xe2\\x80`."""
    half = _BYTES.fullmatch(token)
    if half is None:
        return token.encode("utf-8", "surrogatepass")
    return half[1].encode() + bytes.fromhex(re.sub(r"\\{1,2}x", "", half[2]))
