"""What a failure leaves: nothing is lost, the culprit is named, the same command goes on (row T13)."""

import os
import random
import re
import signal
import subprocess
import time

import pytest
from kill_often import STAGES, finish, forget, kill_at
from workspaces import BIN, LEARNING_RATE

pytestmark = pytest.mark.slow

LATEST_S = 6.0
"""Kills come within so many seconds of a stage's first job: as long as one takes."""


@pytest.mark.parametrize("name", STAGES)
def test_t13_killed_anywhere_the_same_command_ends_in_the_same_bytes(workspace, built, name):
    moment = random.uniform(0, LATEST_S)
    forget(workspace, STAGES[name])
    kill_at(workspace, STAGES[name], moment)
    finish(workspace, STAGES[name])
    assert workspace.digests() == built.digests(), f"killed after {moment:.2f} s"


def test_t13_killed_while_dvc_records_the_next_run_sees_to_it(workspace, built):
    """Snakemake finds nothing to do then, and calls none of its hooks."""
    lock = workspace.folder / "dvc.lock"
    lock.unlink()
    (workspace.folder / ".snakemake" / "unrecorded").touch()
    assert workspace.snakemake("-n").nothing_to_do
    assert not lock.exists(), "looking records nothing"
    assert workspace.snakemake().nothing_to_do
    assert workspace.locked() == built.locked()
    assert "up to date" in workspace.dvc("status").text


def test_the_lock_of_a_killed_run_goes_and_that_of_a_live_one_stays(workspace):
    forget(workspace, STAGES["train"])
    command = [BIN / "snakemake", "--cores", "2", STAGES["train"].target]
    live = subprocess.Popen(command, cwd=workspace.folder, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        locks = workspace.folder / ".snakemake" / "locks"
        # Snakemake's lock is two files, of inputs and of outputs: a run stopped between them holds none.
        while not (locks.is_dir() and sum(path.stat().st_size > 0 for path in locks.iterdir()) == 2):
            assert live.poll() is None
            time.sleep(0.05)
        os.killpg(live.pid, signal.SIGSTOP)  # alive for as long as it takes
        second = workspace.snakemake(STAGES["train"].target, status=1)
        assert "Nothing was built" in second.text and "--unlock" not in second.text
        assert "DVC has recorded" not in second.text, "that is the other run's to do"
        assert f"another snakemake is at work in this folder (process {live.pid} on" in second.text
    finally:
        os.killpg(live.pid, signal.SIGKILL)
        live.communicate()
    assert "its lock is taken away" in workspace.snakemake("-n", STAGES["train"].target).text
    assert not locks.is_dir() or not any(locks.iterdir())


def test_of_two_students_the_good_one_is_kept(workspace, changed):
    """Both train at once; one cannot load what it is to start from."""
    text = (workspace.folder / "params.yaml").read_text()
    start = text.index("    nano:\n")
    good = text[start : text.index("\nevaluate:")].rstrip()
    bad = re.sub(r"start: .*", "start: nowhere", good.replace("nano:", "broken:"))
    (workspace.folder / "params.yaml").write_text(text[:start] + bad + "\n" + text[start:])
    workspace.edit("params.yaml", "  starts:\n", "  starts:\n    nowhere: {source: nowhere, tokenizer: bpe}\n")
    workspace.edit("params.yaml", *LEARNING_RATE)
    ran = workspace.snakemake(status=1)
    assert ran.rules.count("train_student") == 2
    assert "'nowhere'" in ran.text and "cannot load" in ran.text, "the failed job's log is shown"
    assert "DVC has recorded" in ran.text
    kept = ("results/checkpoints/nano", "results/scores/nano", "results/predictions/nano")
    assert workspace.digests(*kept) == changed.digests(*kept), "the other is trained and scored"
    outputs = workspace.locked()
    assert {name: outputs[name] for name in kept} == {name: changed.locked()[name] for name in kept}
    assert "nano:" not in workspace.dvc("status", status=None).text
    again = workspace.snakemake("-n", "-p")
    assert "student=broken" in again.text and "student=nano" not in again.text
