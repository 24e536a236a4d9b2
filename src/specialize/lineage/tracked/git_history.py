"""A recipe in Git's history: which commits hold it, and its earlier versions."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from specialize.core.files import sha256_text

LOOK_BACK = 200
"""Commits that touched a recipe, newest first, of which so many are looked at."""


@dataclass(frozen=True)
class Recorded:
    """A text that a commit holds."""

    commit: str
    """Short hash and date: the first commit that held the text, of those in a row that did not change it."""
    text: str


def recorded(project: Path, file: str, sha256: str) -> Recorded | None:
    """Return the commits in which `file` had that content, newest first; None without Git, or where none had it."""
    for line in _git(project, "log", f"--max-count={LOOK_BACK}", "--format=%h %cs", "--", file).splitlines():
        text = _git(project, "show", f"{line.split()[0]}:./{file}")
        if sha256_text(text) == sha256:
            return Recorded(line, text)
    return None


def _git(project: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=project, capture_output=True, encoding="utf-8", check=True)
    except (OSError, subprocess.CalledProcessError, UnicodeDecodeError):
        return ""
    return done.stdout
