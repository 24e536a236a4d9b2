"""What `make` installs from: an interpreter of this machine, and a lock whose every file is known by its hash."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from workspaces import PROJECT

sys.path.insert(0, str(PROJECT / "workflow"))
from install_lock import pins
from run_stage import command
from venv_path import LINE, install

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


def test_dvc_keeps_its_pickles_where_nobody_else_may_write(tmp_path):
    """What DVC unpickles must not be in a folder that other users of the machine can write to."""
    install(tmp_path, tmp_path / "venv")
    assert (tmp_path / "venv_path.pth").read_text() == LINE
    show = (
        "import os, sys; sys.prefix = sys.argv[1]; os.environ.pop('DVC_SITE_CACHE_DIR', None)\n"
        + LINE
        + ("import os; from dvc.repo import Repo; os.chdir(sys.argv[2]); print(Repo.init(no_scm=True).site_cache_dir)")
    )
    (tmp_path / "project").mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "DVC_SITE_CACHE_DIR"}
    shown = subprocess.run(
        [sys.executable, "-c", show, str(tmp_path / "venv"), str(tmp_path / "project")],
        env=environment, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    folder = Path(shown.stdout.split()[-1])
    assert folder.is_relative_to(tmp_path / "venv" / "dvc")
    while folder != tmp_path / "venv":
        assert not folder.stat().st_mode & 0o022, folder
        folder = folder.parent


def test_no_name_of_params_is_part_of_a_shell_command(capsys):
    """DVC puts names into commands before anybody has checked them."""
    stages = YAML(typ="safe").load((PROJECT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    commands = [stage.get("do", stage)["cmd"] for stage in stages.values()]
    assert len(commands) == 14 and not any("${" in cmd for cmd in commands)
    assert command("train.smk", "results/starts/NAME/manifest.json", "start@raw-s")[-1] == (
        "results/starts/raw-s/manifest.json"
    )
    for name in ("x;touch PWNED;#", "$(id)", "../x", "", "x\n"):
        with pytest.raises(SystemExit):
            command("train.smk", "results/starts/NAME/manifest.json", f"start@{name}")
    assert "expected a name" in capsys.readouterr().err


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
