"""The parquet files that the phase reads and writes: completions and traces."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from specialize.core.errors import RecordError
from specialize.core.files import parse_record, replacing
from specialize.core.machine.library_errors import reading_file
from specialize.records.completions import Completion
from specialize.records.record import Record
from specialize.records.traces import TEMPLATE_FIELD, TRACES_SCHEMA, Trace

Row = TypeVar("Row", bound=Record)


def read_completions(paths: Sequence[Path]) -> list[Completion]:
    """Return the completions of every file, in order; columns beside those of Completion are not read.

    Raises RecordError where a file is no parquet, lacks a column, holds a wrong type, or repeats a completion.
    """
    found: dict[tuple[str, str, int], Completion] = {}
    for path in paths:
        for number, completion in enumerate(_read(path, Completion)):
            key = (completion.problem_id, completion.teacher, completion.sample)
            if key in found:
                raise RecordError(f"{path}:{number}", "sample", "one completion per problem, teacher and sample", key)
            found[key] = completion
    return list(found.values())


def read_traces(path: Path) -> list[Trace]:
    """Return the traces of a file, in order. Raises RecordError where it is none."""
    return _read(path, Trace)


def write_traces(path: Path, traces: Sequence[Trace]) -> None:
    """Write traces in the order given: zstd, no timestamps, the same bytes for the same rows; atomically."""
    has_template = any(trace.template for trace in traces)
    schema = TRACES_SCHEMA.append(TEMPLATE_FIELD) if has_template else TRACES_SCHEMA
    table = pa.Table.from_pylist([trace.model_dump() for trace in traces], schema=schema)
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def _read(path: Path, model: type[Row]) -> list[Row]:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    columns = list(model.model_fields)
    with reading_file(path, "a Parquet file"), pq.ParquetFile(path, page_checksum_verification=True) as file:
        missing = [name for name in columns if name not in file.schema_arrow.names]
        if needed := [name for name in missing if model.model_fields[name].is_required()]:
            raise RecordError(f"{path}:0", needed[0], "a column of this name", file.schema_arrow.names)
        rows = file.read(columns=[name for name in columns if name not in missing]).to_pylist()
    return [parse_record(f"{path}:{number}", row, model) for number, row in enumerate(rows)]
