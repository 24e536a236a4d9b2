"""Whether a folder of results is what DVC recorded: by its content, so that what a remote handed over is not believed.

A folder's digest is DVC's: the MD5 of the list of its files with theirs.
"""

import hashlib
import json
from pathlib import Path

from specialize.core.params.read_yaml import read_yaml

LOCK = Path("dvc.lock")
OBJECTS = Path(".dvc/cache/files/md5")
_CHUNK = 1 << 20


def is_recorded(folder: Path) -> bool | None:
    """Return whether dvc.lock, or DVC's cache, knows the folder with this content; None where nothing is recorded.

    The cache knows what another branch recorded and this clone pulled or built.
    """
    if not LOCK.exists():
        return None
    recorded = _recorded_in_lock(folder)
    if recorded is None:
        return None
    digest = folder_digest(folder)
    return digest == recorded or (OBJECTS / digest[:2] / digest[2:]).exists()


def folder_digest(folder: Path) -> str:
    """Return what `dvc.lock` calls a folder with this content: `<md5>.dir`."""
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    listed = [{"md5": _md5(folder / path), "relpath": path} for path in files]
    return hashlib.md5(json.dumps(listed, sort_keys=True).encode(), usedforsecurity=False).hexdigest() + ".dir"


def _recorded_in_lock(folder: Path) -> str | None:
    lock = read_yaml(LOCK)
    stages = lock.get("stages", {}) if isinstance(lock, dict) else {}
    for stage in stages.values():
        for out in stage.get("outs", []):
            if out.get("path") == folder.as_posix():
                return str(out.get("md5"))
    return None


def _md5(path: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
