"""A killed run's lock goes, a live run's stays."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from specialize.lineage import run_lock

ALIVE = """
import sys
from pathlib import Path
from specialize.lineage.run_lock import join_runs
join_runs(Path(sys.argv[1]))
print("joined", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def locked(tmp_path: Path) -> Path:
    """A project that a run of this machine has left locked."""
    run_lock.join_runs(tmp_path)
    run_lock._held.pop(tmp_path).close()
    lock = tmp_path / ".snakemake" / "locks" / "0.input.lock"
    lock.parent.mkdir()
    lock.touch()
    return tmp_path


def another(project: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", ALIVE, str(project)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout and process.stdout.readline() == "joined\n"
    return process


def test_where_nothing_is_locked_nothing_is_told(tmp_path: Path) -> None:
    assert run_lock.join_runs(tmp_path) is None
    assert run_lock.join_runs(tmp_path) is None


def test_the_lock_of_a_dead_run_is_taken_away(locked: Path) -> None:
    told = run_lock.join_runs(locked)
    assert told and "killed" in told
    assert not run_lock.is_locked(locked)


def test_the_lock_of_a_live_run_stays(tmp_path: Path, locked: Path) -> None:
    lock = locked / ".snakemake" / "locks"
    lock.rename(locked / "aside")
    process = another(locked)
    (locked / "aside").rename(lock)
    try:
        told = run_lock.join_runs(locked)
        assert told and f"process {process.pid}" in told
        assert run_lock.is_locked(locked)
    finally:
        process.kill()
        process.communicate()
    told = run_lock.join_runs(locked)
    assert told and "killed" in told, "and goes when that run is killed"
    assert not run_lock.is_locked(locked)


JOB = """
import sys
from specialize.core import cli
def command(_):
    print("at work", flush=True)
    sys.stdin.read()
parser = cli.parser_for("phase", "x")
parser.set_defaults(command=command)
cli.run(parser, [])
"""


def test_a_job_that_outlives_its_run_keeps_the_lock(locked: Path) -> None:
    (locked / run_lock.FILE).write_text(f"{run_lock.platform.node()} {2**22 + 1}\n")  # no process has this number
    environment = {**os.environ, run_lock.VARIABLE: str(locked / run_lock.FILE)}
    with subprocess.Popen(
        [sys.executable, "-c", JOB], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as job:
        assert job.stdout and job.stdout.readline() == "at work\n"
        told = run_lock.join_runs(locked)
        assert told and "jobs of a run that was killed are still at work" in told
        assert run_lock.is_locked(locked)
        job.communicate()
    told = run_lock.join_runs(locked)
    assert told and "taken away" in told


def test_a_lock_of_another_machine_is_never_judged(locked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_lock.platform, "node", lambda: "elsewhere")
    told = run_lock.join_runs(locked)
    assert told and "another machine" in told
    assert run_lock.is_locked(locked)
