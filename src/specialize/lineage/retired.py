"""Students and tokenizers that params.yaml no longer names: their results are set aside, and moved back with the names.

DVC's report stage depends on `results/checkpoints`, `results/scores` and `results/traces/aligned` as a whole: a folder
left by an earlier choice of students or tokenizers would be part of what it records, and no clone has it. Deleting it
would throw training away. So it moves to `results/retired/`, which neither Git nor DVC keeps, and returns when it is
named again; its provenance says whether it is still what its recipe makes, as always.

known: folder below results/ that holds one folder a name → the names that params.yaml knows.
"""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

RETIRED = "retired"


def bring_back(project: Path, known: Mapping[str, Iterable[str]]) -> list[str]:
    """Move the named folders back from results/retired/ where none is in their place; return which."""
    return [
        f"{folder}/{name}"
        for folder, names in known.items()
        for name in sorted(names)
        if _bring_back(project, folder, name)
    ]


def set_aside(project: Path, known: Mapping[str, Iterable[str]]) -> list[str]:
    """Move every other folder to results/retired/; return which."""
    moved = []
    for folder, names in known.items():
        for path in sorted((project / "results" / folder).glob("*/")):
            if path.name not in names:
                _move(path, project / "results" / RETIRED / folder / path.name)
                moved.append(f"{folder}/{path.name}")
    return moved


def put_back(project: Path, moved: Iterable[str]) -> None:
    """Move to results/retired/ again what was moved back for a dry run only."""
    for name in moved:
        if (path := project / "results" / name).is_dir():
            _move(path, project / "results" / RETIRED / name)


def _bring_back(project: Path, folder: str, name: str) -> bool:
    source, target = project / "results" / RETIRED / folder / name, project / "results" / folder / name
    if target.exists() or not source.is_dir():
        return False
    _move(source, target)
    return True


def _move(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    source.rename(target)
