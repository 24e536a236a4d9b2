"""Whether DVC's cache holds, under the hashes of dvc.lock, what those hashes are of.

Unless a remote has `verify: true`, DVC believes what it pulls: an altered result with a provenance altered to match
lies in the cache under the hash of the true one, and `dvc status` is clean. But dvc.lock comes with Git, and a
provenance names the content of all its outputs. So it is enough to hash each provenance file that DVC may have put
here: one with the bytes of a cached file that is not what its name says vouches for nothing.
"""

import json
import re
from collections.abc import Iterable
from configparser import ConfigParser, Error
from hashlib import md5
from pathlib import Path

LOCKED = re.compile(r"^ *- path: (\S+)\n +hash: md5\n +md5: ([0-9a-f]{32}(?:\.dir)?)$", re.MULTILINE)
"""An entry of dvc.lock; a YAML parser would take a second for a few hundred."""


def misnamed(project: Path, provenances: Iterable[Path]) -> set[Path]:
    """Return those of the provenance files whose bytes DVC's cache holds under the hash of other bytes."""
    lock = project / "dvc.lock"
    if not (project / ".dvc").is_dir() or not lock.is_file():
        return set()
    cache = _cache_folder(project) / "files" / "md5"
    listed: dict[str, set[str]] = {}
    false_folders: list[tuple[str, set[str]]] = []
    for path, digest in set(LOCKED.findall(lock.read_text(encoding="utf-8", errors="replace"))):
        if not digest.endswith(".dir"):
            listed.setdefault(path, set()).add(digest)
        elif (text := _read(cache, digest)) is not None:
            files = _files(text)
            if f"{md5(text).hexdigest()}.dir" != digest:
                false_folders.append((path, set(files.values())))
            for name, each in files.items():
                listed.setdefault(f"{path}/{name}", set()).add(each)
    return {one for one in provenances if _is_misnamed(project, one, listed, false_folders, cache)}


def _is_misnamed(
    project: Path, path: Path, listed: dict[str, set[str]], false_folders: list[tuple[str, set[str]]], cache: Path
) -> bool:
    name = path.relative_to(project).as_posix()
    if not (digests := listed.get(name)):
        return False
    data = path.read_bytes()
    digest = md5(data).hexdigest()
    if any(name.startswith(f"{folder}/") and digest in files for folder, files in false_folders):
        return True
    return digest not in digests and any(_read(cache, each) == data for each in digests)


def _cache_folder(project: Path) -> Path:
    """Return DVC's cache: another one may be named in .dvc/config or .dvc/config.local."""
    config = ConfigParser(interpolation=None, strict=False)
    try:
        config.read([project / ".dvc" / "config", project / ".dvc" / "config.local"], encoding="utf-8")
    except (Error, UnicodeDecodeError):
        return project / ".dvc" / "cache"
    return project / ".dvc" / Path(config.get("cache", "dir", fallback="cache")).expanduser()


def _read(cache: Path, digest: str) -> bytes | None:
    try:
        return (cache / digest[:2] / digest[2:]).read_bytes()
    except OSError:
        return None


def _files(listing: bytes) -> dict[str, str]:
    """Return name → hash of the provenance files in a folder's listing; of one that is none, nothing."""
    try:
        entries = [(str(entry["relpath"]), str(entry["md5"])) for entry in json.loads(listing)]
    except (ValueError, KeyError, TypeError):
        return {}
    return {name: digest for name, digest in entries if name.endswith("provenance.json")}
