"""Outputs that may still be valid, kept while the jobs before theirs run again.

Snakemake removes a job's outputs before it runs the job, and runs every job behind one that it runs. But a job that is
made again often gives the same bytes (a deleted file, an edit of code that changes nothing), and then all that follows
is as it should be. So outputs that are stale only because a job before them is get a second, hard link here; a job that
finds its recipe and its inputs unchanged restores them instead of computing them again.

The same for a stage of DVC that ends without being recorded: DVC removes its outputs at the next attempt.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from specialize.core.errors import SpecializeError
from specialize.core.files import read_json, replacing
from specialize.lineage.file_hashes import file_state
from specialize.records.provenance import FileState, Provenance

FOLDER = Path(".snakemake") / "kept"


def keep(project: Path, jobs: Mapping[Path, Provenance]) -> None:
    """Link the outputs of these jobs (provenance file → what it says) into the kept folder: one version a job.

    Not of a job of which an output is gone, as pruned weights are.
    """
    for path, provenance in jobs.items():
        if not all((project / output).exists() for output in provenance.outputs):
            continue
        name = path.relative_to(project).as_posix()
        shutil.rmtree(project / FOLDER / name, ignore_errors=True)
        for output in (*provenance.outputs, name):
            _link(project / output, project / FOLDER / name / output)


def take_back(path: Path, recipe_sha256: str, inputs: Mapping[str, FileState]) -> bool:
    """Put the kept outputs of the job of `path`, its provenance file, in their place if they are what it would make.

    Paths are relative to the project, which is the working folder. Every byte is verified first.
    """
    folder = FOLDER / path
    kept = None if path.is_absolute() else kept_provenance(Path(), path)
    if kept is None or kept.recipe_sha256 != recipe_sha256 or kept.inputs != inputs:
        return False
    try:
        if any(file_state(folder / name) != state for name, state in kept.outputs.items()):
            return False
    except OSError:
        return False
    for name in kept.outputs:
        _link(folder / name, Path(name))
    with replacing(path) as temporary:  # a file of its own: the kept one bears the time of a stale one
        shutil.copyfile(folder / path, temporary)
    return True


def kept_provenance(project: Path, path: Path) -> Provenance | None:
    """Return the kept provenance of a job, `path` being its provenance file relative to `project`; None: none is."""
    try:
        return Provenance.model_validate(read_json(project / FOLDER / path / path))
    except (OSError, SpecializeError, ValueError):
        return None


def forget(project: Path) -> None:
    """Remove what was kept."""
    shutil.rmtree(project / FOLDER, ignore_errors=True)


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.kept")
    part.unlink(missing_ok=True)
    try:
        os.link(source, part, follow_symlinks=False)
    except OSError:  # a file system without hard links
        shutil.copy2(source, part, follow_symlinks=False)
    part.replace(target)
    part.unlink(missing_ok=True)  # of two links to one file the system leaves both
