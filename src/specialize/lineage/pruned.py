"""Weights that were removed once their checkpoint had answered: the manifest stays, and names them by content.

Predictions hang on the manifest of their checkpoint, so they are as good as before. While the student's predictions
are fresh, nothing reads the weights, and they count as if they were there. As soon as something would have to read them
(another prompt, a benchmark more, predictions that are gone), they count as missing: the student is stale and is
trained again, to the same bytes.

DVC restores a stage whose dependencies are as before to what dvc.lock has of it, which is then without weights. So
what was removed is a dependency of the stage `train@…`: results/weights/{student}.json. It changes when the weights are
needed again, and DVC asks its run cache, which has the whole checkpoints, or trains.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from specialize.core.errors import SpecializeError
from specialize.core.files import parse_record, read_json, write_json
from specialize.records.checkpoints import CheckpointManifest, PrunedWeights, RemovedWeights
from specialize.records.provenance import FileState

PRUNED = "pruned.json"
WEIGHTS = Path("results") / "weights"


@dataclass(frozen=True)
class Removed:
    """The removed weights of one checkpoint."""

    student: str
    predictions: Path
    """Provenance of the predictions that were made from them."""
    files: dict[str, FileState]
    """Path relative to the project → content; of files that are absent."""


def removed_weights(project: Path) -> list[Removed]:
    """Return what was removed from each checkpoint; a damaged pruned.json vouches for nothing."""
    found = []
    for path in sorted((project / "results" / "checkpoints").glob(f"*/step-*/{PRUNED}")):
        try:
            pruned = parse_record(str(path), read_json(path), PrunedWeights)
        except (OSError, SpecializeError):
            continue
        student = path.parts[-3]
        folder = path.parent.relative_to(project)
        files = {
            (folder / name).as_posix(): state
            for name, state in pruned.files.items()
            if not (path.parent / name).exists()
        }
        found.append(Removed(student, project / "results" / "predictions" / student / "provenance.json", files))
    return found


def to_restore(removed: Iterable[Removed], fresh: Mapping[Path, bool]) -> set[str]:
    """Return the students whose removed weights would have to be read.

    fresh: provenance file → whether its job is fresh, the removed weights taken as there.
    """
    return {each.student for each in removed if each.files and not fresh.get(each.predictions, False)}


def write_removed(project: Path, students: Iterable[str]) -> None:
    """Write results/weights/{student}.json of each student, and of no other."""
    removed: dict[str, list[str]] = {student: [] for student in students}
    for each in removed_weights(project):
        if each.student in removed:
            removed[each.student] += each.files
    for student, files in removed.items():
        write_json(project / WEIGHTS / f"{student}.json", RemovedWeights(removed=sorted(files)).model_dump())
    for path in (project / WEIGHTS).glob("*.json"):
        if path.stem not in removed:
            path.unlink()


def prune(folder: Path) -> int:
    """Remove the weights of one checkpoint's folder; return their bytes. An adapter stays, and so does all else.

    pruned.json is written before: after a kill in between, the rest is removed by the next call.
    """
    manifest = parse_record(str(folder / "manifest.json"), read_json(folder / "manifest.json"), CheckpointManifest)
    names = [name for name in manifest.files if name.endswith(".safetensors") and "/" not in name]
    there = {name: (folder / name).stat().st_size for name in names if (folder / name).is_file()}
    if not there:
        return 0
    path = folder / PRUNED
    known = parse_record(str(path), read_json(path), PrunedWeights).files if path.is_file() else {}
    states = {name: FileState(size=size, sha256=manifest.files[name]) for name, size in there.items()}
    write_json(path, PrunedWeights(files=known | states).model_dump())
    for name in there:
        (folder / name).unlink()
    return sum(there.values())
