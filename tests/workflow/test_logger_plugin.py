"""What Snakemake shows of a run and of a dry run, with the project's logger plugin."""

import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.tests import TestLogHandlerBase as InterfaceTests
from workspaces import BIN

from snakemake_logger_plugin_specialize.durations import FILE, Durations
from snakemake_logger_plugin_specialize.handler import LogHandler, clock
from snakemake_logger_plugin_specialize.plan import Plan

SNAKEFILE = """
rule all:
    input: "sum.txt"

rule part:
    output: "parts/{name}.txt"
    log: "logs/{name}.log"
    shell: "echo part {wildcards.name} | tee {log} >&2; ! [ -e fail-{wildcards.name} ] && touch {output}"

rule merge:
    input: expand("parts/{name}.txt", name=["a", "b"])
    output: "sum.txt"
    shell: "cat {input} > {output}"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    return tmp_path


def run(folder: Path, *arguments: str) -> SimpleNamespace:
    command = [BIN / "snakemake", "--cores", "1", "--keep-going", "--show-failed-logs", "--logger", "specialize"]
    done = subprocess.run([*command, *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    return SimpleNamespace(out=done.stdout, err=done.stderr.splitlines(), status=done.returncode)


def test_a_run_shows_the_jobs_lines_and_what_is_left(folder):
    first = run(folder)
    times = r"in \d:\d\d; \d:\d\d so far, "
    expected = [
        r"---- 4 jobs: 4 jobs of kinds that have not run here before",
        r"part (a|b)",
        rf"---- 1 of 4 jobs: part (a|b) {times}about \d:\d\d left, and 2 jobs of kinds .*",
        r"part (a|b)",
        rf"---- 2 of 4 jobs: part (a|b) {times}2 jobs of kinds .*",
        rf"---- 3 of 4 jobs: merge {times}1 job of kinds .*",
        r"---- all of 4 jobs done in \d:\d\d",
    ]
    assert len(first.err) == len(expected), first.err
    assert all(re.fullmatch(*pair) for pair in zip(expected, first.err, strict=True)), first.err
    (log,) = (folder / ".snakemake" / "log").iterdir()
    for said in (
        "Building DAG of jobs...",
        "rule part:",
        "Finished jobid: 1 (Rule: merge)",
        "4 of 4 steps (100%) done",
    ):
        assert said in log.read_text(), "Snakemake's own log has everything"
    (folder / "sum.txt").unlink()
    assert run(folder).err[0] == "---- 2 jobs: about 0:00 left", "from what the last run took"


def test_a_dry_run_counts_the_jobs_of_each_rule_and_says_why(folder):
    said = run(folder, "-n").out.splitlines()
    assert said == [
        "4 jobs would run (each of them, in full: snakemake -n -p)",
        "  part      2  missing output files: parts/a.txt and 1 more",
        "  merge     1  missing output files: sum.txt",
        "  all       1  input files updated by another job",
    ]
    assert not (folder / FILE).exists(), "nothing ran"
    full = run(folder, "-n", "-p").out
    assert full.count("rule part:") == 2 and "cat parts/a.txt parts/b.txt > sum.txt" in full
    run(folder)
    assert run(folder, "-n").out == "Nothing to be done (all requested files are present and up to date).\n"


def test_a_failure_is_named_with_its_status_and_log(folder):
    (folder / "fail-b").touch()
    ran = run(folder)
    assert ran.status == 1
    at = next(number for number, line in enumerate(ran.err) if line.startswith("---- failed"))
    assert ran.err[at - 1] == "---- a job's command returned non-zero exit status 1."
    assert re.fullmatch(r"---- failed: part b after \d:\d\d", ran.err[at])
    assert ran.err[at + 1 : at + 3] == ["its log, logs/b.log:", "  part b"]
    assert any(line.startswith("Complete log(s): ") for line in ran.err[at:])
    assert not any("Traceback" in line or "set -euo" in line for line in ran.err)


def test_a_locked_folder_is_no_reason_to_unlock(folder):
    run(folder)
    locks = folder / ".snakemake" / "locks"
    locks.mkdir(exist_ok=True)
    (locks / "0.output.lock").write_text("sum.txt\n")
    (folder / "sum.txt").unlink()
    ran = run(folder)
    assert ran.status == 1
    assert ran.err == ["Nothing was built: the other run builds the same files. Run this again when it has ended."]


def test_what_is_left_goes_by_last_time_and_this_runs_pace(tmp_path):
    file = tmp_path / "seconds.json"
    file.write_text(json.dumps({"train": {"xs": 10.0, "s": 30.0, "m": 90.0}, "score": {"xs": 4.0, "s": 6.0}}))
    durations = Durations(file)
    waiting = {"train": 2, "score": 3, "report": 1}
    seconds, unknown = durations.remaining(waiting, {"train": {"xs"}})
    assert (sorted(seconds), unknown) == ([5.0, 5.0, 5.0, 30.0, 90.0], 1), "three scores as the two of last time"
    durations.add("train", "xs", 20.0)
    seconds, _ = durations.remaining(waiting, {"train": {"xs"}})
    assert sorted(seconds)[-2:] == [60.0, 180.0], "twice as slow as last time"
    assert durations.expected("train", "m") == 180.0
    assert durations.expected("train", "new") == 20.0, "as its rule's others in this run"
    assert durations.expected("report", "") is None
    durations.save()
    assert json.loads(file.read_text())["train"] == {"xs": 20.0, "s": 30.0, "m": 90.0}
    file.write_text("{cut off")
    assert Durations(file).before == {}


def test_reasons_that_only_follow_are_left_out_where_there_is_a_cause():
    plan = Plan()
    recipes = ".snakemake/recipes/0123456789abcdef/train"
    plan.add("train", f"Updated input files: {recipes}/xs.json; Input files updated by another job: t.parquet")
    for name in ("s", "m"):
        plan.add("train", f"Updated input files: {recipes}/{name}.json")
    plan.add("score", "Input files updated by another job: c/xs")
    assert plan.lines()[1:] == [
        "  train     3  updated input files: recipe train/m and 2 more",
        "  score     1  input files updated by another job",
    ]


def test_quiet_is_quiet(folder):
    said = run(folder, "--quiet", "rules").err
    assert [line for line in said if line.startswith("----")][1].startswith("---- 1 of 4 jobs; 0:0")
    assert not any("Traceback" in line for line in said)
    (folder / "sum.txt").unlink()
    assert run(folder, "--quiet", "all").err == []


def test_the_plugin_brings_no_copy_of_the_project_along():
    """Snakemake imports it before the Snakefile, which takes `specialize` from its own folder (dvc exp run --temp)."""
    code = "import snakemake_logger_plugin_specialize, sys; sys.exit('specialize' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0


def test_clock():
    assert [clock(seconds) for seconds in (0.4, 65, 3605)] == ["0:00", "1:05", "1:00:05"]


class TestInterface(InterfaceTests):
    """The interface's own tests: every event it knows is taken."""

    __test__ = True

    @pytest.fixture(autouse=True)
    def in_a_folder(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)

    def get_log_handler_cls(self):
        return LogHandler

    def get_log_handler_settings(self):
        return None

    def _create_handler(self):
        handler = super()._create_handler()
        handler.common_settings.printshellcmds = False

        def fail(record):
            raise AssertionError(f"{getattr(record, 'event', None)} was not taken")

        handler.handleError = fail
        return handler

    def test_job_finished_event(self):
        handler = self._create_handler()
        handler.emit(self._create_event_record(LogEvent.RUN_INFO, stats={"test_rule": 1, "total": 1}))
        info = {"rule_name": "test_rule", "wildcards": {}, "output": ["x"], "shellcmd": None, "reason": ""}
        handler.emit(self._create_event_record(LogEvent.JOB_INFO, jobid=1, **info))
        (line,) = handler.lines(self._create_event_record(LogEvent.JOB_FINISHED, job_id=1))
        assert line.startswith("---- 1 of 1 job: test_rule in 0:00;")
