"""Students of four families, both losses, adapters and a chat template in one DAG, by the real Snakemake."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from workspaces import BIN, Workspace, fresh

from tiny_starts import STUDENTS, family_params, write_starts

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
TRAINED = [f"results/checkpoints/{student}/training.csv" for student in STUDENTS]


def prepared(folder, raw) -> Workspace:
    """raw: the folder of starts, to be copied: two trainings of one tokenizer on the same texts need not agree."""
    workspace = fresh(folder / "project")
    shutil.copytree(raw, folder / "raw")
    YAML().dump(family_params(*STUDENTS), workspace.folder / "params.yaml")
    return workspace


def build(workspace: Workspace, *targets: str) -> None:
    """As `Workspace.snakemake`, but eleven students may take their time."""
    command = [BIN / "snakemake", "--cores", "2", *targets]
    ran = subprocess.run(command, cwd=workspace.folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-6000:]


@pytest.fixture(scope="module")
def starts(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("starts")
    write_starts(folder)
    return folder


@pytest.fixture(scope="module")
def families(starts, tmp_path_factory) -> Workspace:
    """Everything, built without a stop."""
    workspace = prepared(tmp_path_factory.mktemp("families"), starts)
    build(workspace)
    return workspace


def test_every_student_is_scored_and_nothing_is_left_to_do(families):
    table = (families.folder / "results" / "report" / "table.txt").read_text()
    assert [student for student in STUDENTS if student not in table] == []
    assert families.snakemake("-n").nothing_to_do
    assert "up to date" in families.dvc("status").text


def test_killed_again_and_again_it_ends_in_the_same_bytes(families, starts, tmp_path):
    workspace, killed = prepared(tmp_path, starts), set()
    while len(killed) < 3:
        process = subprocess.Popen(
            [BIN / "snakemake", "--cores", "2", *TRAINED], cwd=workspace.folder,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        while process.poll() is None:
            states = {path.parts[-2] for path in workspace.folder.glob("results/work/train/*/checkpoint-2")} - killed
            if states:  # one of them is between its two saved states
                killed |= states
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            time.sleep(0.05)
        if process.returncode == 0:
            break
    assert killed, "no training was met in the middle"
    build(workspace, *TRAINED)
    checkpoints = "results/checkpoints/"
    assert workspace.digests(checkpoints) == families.digests(checkpoints)
