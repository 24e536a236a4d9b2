"""Writing and reading the Parquet files of completions, one per shard."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from specialize.core.errors import RecordError
from specialize.core.files import parse_record, replacing
from specialize.core.machine.library_errors import reading_file
from specialize.records.completions import COMPLETIONS_SCHEMA, SETTINGS_KEY, SamplingSettings
from specialize.teacher.api.responses import Answer

ROWS_PER_GROUP = 1000
"""Rows in memory at a time."""
SHAPE = "a Parquet file of completions"
_WRITTEN = {"compression": "zstd", "compression_level": 9, "write_page_checksum": True}


def completion_row(problem_id: str, teacher: str, sample: int, answer: Answer) -> dict[str, Any]:
    """Return a row of the table."""
    return {"problem_id": problem_id, "teacher": teacher, "sample": sample, **answer.columns()}


def write_completions(path: Path, rows: Iterable[Mapping[str, Any]], settings: SamplingSettings | None = None) -> None:
    """Write rows in the order given, ROWS_PER_GROUP in memory at a time; same rows, same bytes; atomically.

    settings: those of sampled completions, which go into the file's metadata.
    """
    schema = COMPLETIONS_SCHEMA
    if settings is not None:
        schema = schema.with_metadata(
            {SETTINGS_KEY: json.dumps(settings.model_dump(exclude_defaults=True), sort_keys=True)}
        )
    walk = iter(rows)
    with replacing(path) as temporary, pq.ParquetWriter(temporary, schema, **_WRITTEN) as writer:
        while group := list(islice(walk, ROWS_PER_GROUP)):
            writer.write_table(pa.Table.from_pylist(group, schema=schema))


def remove_others(written: Sequence[Path]) -> None:
    """Remove from the folder what a run with more shards, or of another mode, left there: DVC shares
    the folder as a whole."""
    for folder in {path.parent for path in written}:
        for pattern in ("part-*.parquet", "sampling.json", "import.json"):
            for path in folder.glob(pattern):
                if path not in written:
                    path.unlink()


def read_completions(path: Path) -> tuple[SamplingSettings | None, Iterator[dict[str, Any]]]:
    """Return the settings of a file of completions (None: it was imported) and its rows, some in memory at a time.

    Raises RecordError where it is no such file.
    """
    with reading_file(path, SHAPE):
        file = pq.ParquetFile(path, page_checksum_verification=True)
    if file.schema_arrow.names != COMPLETIONS_SCHEMA.names:
        raise RecordError(str(path), "(columns)", ", ".join(COMPLETIONS_SCHEMA.names), file.schema_arrow.names)
    text = (file.schema_arrow.metadata or {}).get(SETTINGS_KEY)
    try:
        settings = None if text is None else parse_record(str(path), json.loads(text), SamplingSettings)
    except ValueError as error:
        raise RecordError(str(path), "(metadata)", "JSON", str(error)) from None
    return settings, _rows(path, file)


def _rows(path: Path, file: pq.ParquetFile) -> Iterator[dict[str, Any]]:
    count = 0
    with reading_file(path, SHAPE):
        for batch in file.iter_batches(ROWS_PER_GROUP):
            yield from batch.to_pylist()
            count += batch.num_rows
        # Pages have checksums, the footer has none: its counts must agree with each other and with what was read.
        groups = [file.metadata.row_group(number).num_rows for number in range(file.metadata.num_row_groups)]
    if not count == file.metadata.num_rows == sum(groups):
        raise RecordError(
            str(path), "(whole file)", f"{file.metadata.num_rows} rows", f"{count}, in groups of {groups}"
        )
