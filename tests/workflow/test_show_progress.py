"""What `make` shows of a run: the jobs' lines, and how far the whole is."""

import re
import subprocess
import sys

import pytest
from workspaces import PROJECT

sys.path.insert(0, str(PROJECT / "workflow"))
from show_progress import TYPICAL_S, Watcher

SAID = """\
Using workflow specific profile profiles/default for setting default command line arguments.

SNAKEMAKE
=========
  Date: 2026-11-24 22:44:14
  Host: vm

Building DAG of jobs...
Job stats:
job                  count
-----------------  -------
train_student            2
score_checkpoint         2
all                      1
total                    5

Select jobs to execute...
Execute 1 jobs...

[Tue Nov 24 22:44:40 2026]
rule train_student:
    input: a
    jobid: 2
    reason: Missing output files: b
    wildcards: student=xs
    resources: tmpdir=/tmp
22:44:42 train    xs: 2 checkpoints
[Tue Nov 24 22:45:40 2026]
Finished jobid: 2 (Rule: train_student)
1 of 5 steps (20%) done
Error in rule score_checkpoint:
    jobid: 4
"""


@pytest.fixture
def told():
    watcher = Watcher(cores=2, now=0.0)
    return watcher, [shown for number, line in enumerate(SAID.splitlines()) for shown in watcher.read(line, number)]


def test_the_jobs_lines_and_errors_pass_and_the_rest_is_told_in_a_line(told):
    _, shown = told
    assert shown[0] == "22:44:42 train    xs: 2 checkpoints"
    assert re.fullmatch(r"---- 1 of 4 jobs: train student xs in 0:0\d; 0:2\d so far, about 0:0\d left", shown[1])
    assert shown[2:] == ["Error in rule score_checkpoint:", "    jobid: 4"]


def test_what_is_left_follows_from_what_was_seen(told):
    watcher, _ = told
    (seconds,) = watcher.took["train_student"]
    # One more student takes as long; a score takes its usual part of that, at the pace of this machine.
    score = TYPICAL_S["score_checkpoint"] * seconds / TYPICAL_S["train_student"]
    assert watcher.left_s(100.0) == pytest.approx((seconds + 2 * score) / 2)


def test_the_status_is_the_commands():
    for status in (0, 3):
        command = [
            sys.executable,
            str(PROJECT / "workflow" / "show_progress.py"),
            "bash",
            "-c",
            f"echo no >&2; exit {status}",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (status, "no\n")
