"""A checkpoint with its scores and those of its start, each verified against the manifest that it belongs to."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as compute
import pyarrow.parquet as parquet

from specialize.core.checkpoint_files import check_files
from specialize.core.errors import CheckpointError
from specialize.core.files import parse_record, read_json, sha256_file
from specialize.records.checkpoints import CheckpointManifest
from specialize.records.scores import Score, ScoreRow

Key = tuple[str, str, str]
"""(benchmark, format, reading)"""


@dataclass(frozen=True)
class Change:
    """Test accuracy of one benchmark in one format by one reading, before specialisation and after it."""

    benchmark: str
    role: str
    format: str
    reading: str
    before: ScoreRow
    after: ScoreRow


@dataclass(frozen=True)
class ScoredCheckpoint:
    """What a card is written from."""

    folder: Path
    manifest: CheckpointManifest
    changes: list[Change]
    """By role (seed, out of distribution, …, generic), benchmark, format and reading."""
    plan: dict[str, int | float | str | None]
    """How the answers were decoded."""
    teachers: dict[str, int]
    """Teacher → traces that it was trained on."""


ROLES = ("seed", "out_of_distribution", "probe", "generic")


def read_scored(folder: Path, results: Path) -> ScoredCheckpoint:
    """Read results/checkpoints/{student}/step-{n} with what results/scores/ and results/traces/ say of it.

    Raises CheckpointError where a file is not the one that its manifest names, or scores are missing or belong to other
    weights: numbers of other weights must not be published with these.
    """
    manifest, digest = _manifest(folder)
    start_manifest, start_digest = _manifest(folder.parent / "step-0")
    if start_manifest.recipe_sha256 != manifest.recipe_sha256:
        raise CheckpointError(f"{folder.parent / 'step-0'}: trained by another recipe than {folder.name}; train again")
    check_files(folder, manifest.files)
    before = _scores(results / "scores" / manifest.student / "step-0", start_digest)
    after = _scores(results / "scores" / manifest.student / f"step-{manifest.step}", digest)
    first = {key: row for score in before for key, row in _rows(score).items()}
    changes = [
        Change(score.benchmark, score.role, key[1], key[2], first[key], row)
        for score in after
        for key, row in _rows(score).items()
        if key in first
    ]
    changes.sort(
        key=lambda c: (ROLES.index(c.role) if c.role in ROLES else len(ROLES), c.benchmark, c.format, c.reading)
    )
    return ScoredCheckpoint(folder, manifest, changes, after[0].plan, _teachers(manifest, results / "traces"))


def _manifest(folder: Path) -> tuple[CheckpointManifest, str]:
    path = folder / "manifest.json"
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file; give a folder results/checkpoints/{{student}}/step-{{n}}")
    return parse_record(str(path), read_json(path), CheckpointManifest), sha256_file(path)


def _scores(folder: Path, checkpoint: str) -> list[Score]:
    files = [path for path in sorted(folder.glob("*.json")) if path.name != "provenance.json"]
    if not files:
        raise CheckpointError(f"{folder}: no scores; run `snakemake` first, which scores every checkpoint")
    scores = [parse_record(str(path), read_json(path), Score) for path in files]
    for path, score in zip(files, scores, strict=True):
        if score.checkpoint != checkpoint:
            raise CheckpointError(
                f"{path}: the score of other weights than those that stand there; run `snakemake` again"
            )
    return scores


def _rows(score: Score) -> dict[Key, ScoreRow]:
    """Return the accuracies of the whole benchmark on test problems."""
    return {
        (score.benchmark, row.format, row.reading): row
        for row in score.rows
        if row.task is None and row.split == "test"
    }


def _teachers(manifest: CheckpointManifest, traces: Path) -> dict[str, int]:
    """Return who wrote the traces; empty where those that the checkpoint was trained on are not there any more."""
    path = traces / "traces.parquet"
    if not path.is_file() or sha256_file(path) != manifest.inputs.get("traces"):
        return {}
    counted = compute.value_counts(parquet.read_table(path, columns=["teacher"])["teacher"]).to_pylist()
    return {row["values"]: row["counts"] for row in sorted(counted, key=lambda row: str(row["values"]))}
