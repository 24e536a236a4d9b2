"""Every file of a finished run is what records/ says of it."""

import csv
import json
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pydantic import BaseModel, TypeAdapter

from specialize.core.files import json_text, parse_record, read_json, read_records
from specialize.core.prompt_formats import FORMATS
from specialize.records.aligned import aligned_schema
from specialize.records.checkpoints import (
    OBJECTIVE_COLUMNS,
    UPDATE_COLUMNS,
    CheckpointManifest,
    RemovedWeights,
    StartManifest,
    format_column,
)
from specialize.records.completions import (
    COMPLETIONS_SCHEMA,
    SETTINGS_KEY,
    Completion,
    SamplingSettings,
    SamplingSummary,
)
from specialize.records.coverage import Coverage
from specialize.records.funnel import Contamination, Funnel
from specialize.records.judgements import JUDGEMENTS_SCHEMA
from specialize.records.predictions import INFO_KEY, PREDICTIONS_SCHEMA, PredictionsInfo
from specialize.records.problems import Problem, ProblemIndex, Text
from specialize.records.provenance import Provenance
from specialize.records.recipes import Recipe
from specialize.records.scores import Score, Selected
from specialize.records.traces import TRACES_SCHEMA, Trace

Check = Callable[[Path], None]


def json_of(model: type[BaseModel]) -> Check:
    """The file is one record, and the record is all of the file, byte for byte."""

    def check(path: Path) -> None:
        record = parse_record(str(path), read_json(path), model)
        assert json_text(record.model_dump()) == path.read_text(encoding="utf-8")

    return check


def lines_of(model: type[BaseModel]) -> Check:
    def check(path: Path) -> None:
        records = read_records(path, model)
        assert records
        assert "".join(f"{record.model_dump_json(exclude_none=True)}\n" for record in records) == path.read_text()

    return check


def completions(path: Path) -> None:
    table = pq.read_table(path)
    assert table.schema.equals(COMPLETIONS_SCHEMA) and table.num_rows
    SamplingSettings.model_validate_json(table.schema.metadata[SETTINGS_KEY])
    rows_of(table.select(list(Completion.model_fields)), Completion)


def traces(path: Path) -> None:
    table = pq.read_table(path)
    assert table.schema.equals(TRACES_SCHEMA) and table.num_rows
    rows_of(table, Trace)


def rows_of(table, model: type[BaseModel]) -> None:
    for row in table.to_pylist():
        assert model.model_validate(row).model_dump(exclude_unset=True) == row


def aligned(path: Path) -> None:
    vocabulary = len(read_json(path.parents[2] / "tokenizers" / path.parent.name / "tokenizer.json")["model"]["vocab"])
    assert pq.read_schema(path).equals(aligned_schema(vocabulary))


def predictions(path: Path) -> None:
    assert pq.read_schema(path).equals(PREDICTIONS_SCHEMA)
    info = PredictionsInfo.model_validate_json(pq.read_metadata(path).metadata[INFO_KEY])
    assert (info.student, f"step-{info.step}", info.benchmark) == (path.parts[-3], path.parts[-2], path.stem)


def judgements(path: Path) -> None:
    """Row by row those of the predictions, and as many right as the score says."""
    table = pq.read_table(path)
    assert table.schema.equals(JUDGEMENTS_SCHEMA)
    keys = ["id", "split", "format", "sample"]
    texts = pq.read_table(Path(str(path).replace("/scores/", "/predictions/")))
    assert table.select(keys).equals(texts.select(keys))
    score = parse_record(str(path), read_json(path.with_suffix(".json")), Score)
    rows = table.to_pylist()
    for row in (row for row in score.rows if row.task is None):
        asked = [dict(r["correct"])[row.reading] for r in rows if (r["split"], r["format"]) == (row.split, row.format)]
        assert (row.n, row.correct) == (len(asked), sum(asked))


def training_curve(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    assert header == [*UPDATE_COLUMNS, *OBJECTIVE_COLUMNS, *map(format_column, FORMATS)] and rows


def metrics(path: Path) -> None:
    assert TypeAdapter(dict[str, float]).validate_python(json.loads(path.read_text()), strict=True)


def nothing(path: Path) -> None:
    """Formats of others: transformers' files and texts for people. Nothing of this project reads them as records."""


RECORDS: dict[str, Check] = {
    "*provenance.json": json_of(Provenance),
    "recipes/*.json": json_of(Recipe),
    "problems/index.json": json_of(ProblemIndex),
    "problems/world/pretraining.jsonl": lines_of(Text),
    "problems/*/*.jsonl": lines_of(Problem),
    "completions/part-*.parquet": completions,
    "completions/sampling.json": json_of(SamplingSummary),
    "traces/traces.parquet": traces,
    "traces/exemplars.jsonl": lines_of(Problem),
    "traces/contamination.json": json_of(Contamination),
    "traces/funnel.json": json_of(Funnel),
    "traces/aligned/*/part-*.parquet": aligned,
    "traces/aligned/*/*coverage.json": json_of(Coverage),
    "starts/*/manifest.json": json_of(StartManifest),
    "checkpoints/*/step-*/manifest.json": json_of(CheckpointManifest),
    "starts/*/training.csv": training_curve,
    "starts/*/replay.jsonl": lines_of(Problem),
    "checkpoints/*/training.csv": training_curve,
    "predictions/*/step-*/*.parquet": predictions,
    "scores/*/selected.json": json_of(Selected),
    "scores/*/step-*/*.json": json_of(Score),
    "scores/*/step-*/*.parquet": judgements,
    "metrics.json": metrics,
    "weights/*.json": json_of(RemovedWeights),
    "traces/tokenizers/*/tokenizer*.json": nothing,
    "starts/*": nothing,
    "checkpoints/*/step-*": nothing,
    "report/*": nothing,
}
"""Pattern of a path below results/ → check; the first that matches counts."""
TRANSFORMERS = {"README.md", "config.json", "generation_config.json", "model.safetensors"}
TOKENIZER = {"tokenizer.json", "tokenizer_config.json"}


def test_every_file_has_a_record(built):
    results = built.folder / "results"
    seen = set()
    for name in built.digests():
        relative = name.removeprefix("results/")
        found = next((pattern for pattern in RECORDS if fnmatch(relative, pattern)), None)
        assert found, f"{name}: no record describes this file"
        if RECORDS[found] is nothing and not found.startswith("report"):
            assert Path(name).name in TRANSFORMERS | TOKENIZER, f"{name}: no record describes this file"
        RECORDS[found](results / relative)
        seen.add(found)
    assert seen == set(RECORDS), "a pattern that matches nothing checks nothing"


def test_a_record_that_lacks_a_field_is_noticed(built, tmp_path):
    """Were the checks lenient, the test above would pass on anything."""
    manifest = read_json(built.folder / "results/checkpoints/nano/step-4/manifest.json")
    (tmp_path / "manifest.json").write_text(json_text({**manifest, "later": 1}))
    with pytest.raises(Exception, match="later"):
        json_of(CheckpointManifest)(tmp_path / "manifest.json")
