"""What `make` installs from: an interpreter of this machine, and a lock whose every file is known by its hash."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from workspaces import PROJECT

sys.path.insert(0, str(PROJECT / "workflow"))
from install_lock import pins

NAME = re.compile(r"[A-Za-z0-9._-]+")


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_pin_has_a_version_and_hashes():
    locked = pins((PROJECT / "requirements.lock").read_text(encoding="utf-8"))
    assert len(locked) > 150
    for pin in locked:
        assert re.match(r"[a-z0-9-]+==[^ ]+ ", pin) and re.search(r" --hash=sha256:[0-9a-f]{64}( |$)", pin), pin[:80]


def test_what_the_project_declares_is_locked():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"], "setuptools"]
    locked = {pin.partition("==")[0] for pin in pins((PROJECT / "requirements.lock").read_text(encoding="utf-8"))}
    assert {canonical(NAME.match(name)[0]) for name in wanted} <= locked


@pytest.fixture
def machine(tmp_path: Path):
    """Run `make install` in a folder with the Makefile alone, PATH leading to a few tools and these interpreters."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("sh", "echo", "grep", "touch"):
        (tools / tool).symlink_to(shutil.which(tool))
    shutil.copy2(PROJECT / "Makefile", tmp_path)
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).touch()

    def install(interpreters: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
        for name, script in interpreters.items():
            (tools / name).write_text(f"#!/bin/sh\n{script}\n")
            (tools / name).chmod(0o755)
        return subprocess.run(
            [shutil.which("make"), *arguments, "install"],
            cwd=tmp_path,
            env={"PATH": str(tools), "HOME": os.environ.get("HOME", "/")},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return install


SHIM = "exit 127"
"""A version manager's entry for an interpreter that is not there."""


def test_the_first_interpreter_that_runs_is_taken(machine):
    ran = machine({"python3.11": SHIM, "python3.12": "exit 0", "python3.13": "exit 0"})
    assert ran.stdout.splitlines()[0] == "python3.12 -m venv .venv"


@pytest.mark.parametrize("arguments", [[], ["PYTHON=python3.9"]])
def test_without_an_interpreter_one_line_says_what_to_do(machine, arguments):
    ran = machine({"python3.12": SHIM, "python3.9": 'case "$1" in -c) exit 1;; esac'}, *arguments)
    assert ran.returncode != 0
    line, *make_adds = ran.stderr.splitlines()
    assert line.startswith("No Python 3.11, 3.12 or 3.13 found: install one, or name it: make PYTHON=")
    assert len(make_adds) == 1, "make's own word that the target failed"
