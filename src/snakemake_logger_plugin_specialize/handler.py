"""Snakemake's events → the lines that a person reads."""

import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from logging import INFO, LogRecord
from pathlib import Path

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_specialize.durations import Durations
from snakemake_logger_plugin_specialize.plan import Plan, count_of

ROUTINE = (
    "Assuming unrestricted shared filesystem",
    "Building DAG of jobs",
    "Using shell",
    "Select jobs to execute",
    "Elapsed time",
    "Complete log(s)",
    "Reasons:\n",
    "This was a dry-run",
)
"""How messages begin that are no event and say nothing that is not said here. All others are shown."""
SILENT = {
    LogEvent.WORKFLOW_STARTED,
    LogEvent.JOB_STARTED,
    LogEvent.RESOURCES_INFO,
    LogEvent.GROUP_INFO,
    LogEvent.PROGRESS,
    LogEvent.RULEGRAPH,
}
FAILED_COMMAND = "CalledProcessError in file"
LOG_LINES = 40
"""Of a failed job's log at most so many lines are shown, the last ones."""
SAVE_S = 10.0
"""Durations are written at most so often (seconds), and at the end."""


@dataclass(frozen=True)
class Job:
    """A job that has started."""

    rule: str
    name: str
    """Values of its wildcards."""
    began: float
    """Seconds since the epoch."""
    runs: bool
    """Whether it runs a command: the jobs of target rules (`all`) only wait for others."""

    def __str__(self) -> str:
        return f"{self.rule} {self.name}".strip()


class LogHandler(LogHandlerBase):
    """Snakemake calls `emit` from one thread of its own, record after record, and `close` at the end."""

    def __post_init__(self) -> None:
        self.stream = sys.stdout if self.common_settings.stdout else sys.stderr
        self.plan = Plan() if self.common_settings.dryrun else None
        self.durations = Durations()
        self.waiting: Counter[str] = Counter()
        self.started: dict[str, set[str]] = defaultdict(set)
        self.jobs: dict[int, Job] = {}
        self.total, self.ended = 0, 0
        self.slots = 1  # cores, or on a cluster nodes
        self.any_failed = False
        self.begun = self.saved = 0.0

    writes_to_stream = True
    writes_to_file = False
    has_filter = False  # Snakemake's own: it knows --quiet and its like
    has_formatter = False
    needs_rulegraph = False

    def emit(self, record: LogRecord) -> None:
        try:
            for line in self.lines(record):
                print(line, file=self.stream, flush=True)
        except BrokenPipeError:
            raise
        except Exception:
            self.handleError(record)

    def lines(self, record: LogRecord) -> list[str]:
        """Take a record and return the lines to show."""
        event: LogEvent | None = getattr(record, "event", None)
        shown = self._shown(event, record)
        settings = self.common_settings
        if (settings.printshellcmds or settings.verbose or settings.debug_dag) and event != LogEvent.JOB_FINISHED:
            text = self.format(record)
            return [text] if text not in ("", "None") else []
        return shown

    def close(self) -> None:
        self.durations.save()
        super().close()

    def _shown(self, event: LogEvent | None, record: LogRecord) -> list[str]:
        fields = record.__dict__
        if event == LogEvent.RUN_INFO:
            return self._run(record, fields["stats"])
        if event == LogEvent.JOB_INFO:
            self._start(record)
        elif event == LogEvent.JOB_FINISHED:
            return self._end(fields["job_id"], record.created)
        elif event == LogEvent.JOB_ERROR:
            return self._fail(record)
        elif event == LogEvent.RESOURCES_INFO:
            self.slots = fields.get("cores") or fields.get("nodes") or self.slots
        elif event == LogEvent.ERROR:
            return self._error(record)
        elif event not in SILENT and self._is_worth_showing(record):
            return [self.format(record)]
        return []

    def _is_worth_showing(self, record: LogRecord) -> bool:
        text = record.getMessage()
        if text.startswith("Complete log(s)"):
            return self.any_failed
        return text not in ("", "None") and (record.levelno > INFO or not text.startswith(ROUTINE))

    def _error(self, record: LogRecord) -> list[str]:
        exception, text = record.__dict__["exception"], self.format(record)
        if exception == "LockException":
            # The line above this one says who is at work (specialize.lineage.run_lock). Never --unlock: a dead run's
            # lock is taken away without a question.
            return ["Nothing was built: the other run builds the same files. Run this again when it has ended."]
        if exception == "RuleException" and FAILED_COMMAND in text:
            # The command itself is in .snakemake/log; which job's it was says the next event.
            outcome = text.rpartition("' ")[2]
            return [f"---- a job's command {outcome}"]
        return [text]

    def _run(self, record: LogRecord, stats: dict[str, int]) -> list[str]:
        """The jobs of each rule are counted: at the start of a run, and at both ends of a dry run."""
        if self.plan:
            return self.plan.lines() if self.plan.jobs else []
        self.waiting = Counter({rule: count for rule, count in stats.items() if rule != "total"})
        self.total, self.begun = self.waiting.total(), record.created
        return [f"---- {count_of(self.total)}: {self._left(record.created)}"]

    def _start(self, record: LogRecord) -> None:
        fields = record.__dict__
        name = " ".join(str(value) for value in fields["wildcards"].values())
        job = Job(fields["rule_name"], name, record.created, bool(fields["output"] or fields["shellcmd"]))
        self.jobs[fields["jobid"]] = job
        if self.plan:
            self.plan.add(job.rule, fields["reason"])
        elif job.name not in self.started[job.rule]:  # not where a job is tried again
            self.started[job.rule].add(job.name)
            self.waiting[job.rule] -= 1

    def _end(self, number: int, now: float) -> list[str]:
        job = self.jobs.pop(number, None)
        self.ended += 1
        if job is None:  # --quiet rules
            return [f"---- {self.ended} of {count_of(self.total)}; {clock(now - self.begun)} so far"]
        self.durations.add(job.rule, job.name, now - job.began)
        if not job.runs:
            done = f"---- all of {count_of(self.total)} done in {clock(now - self.begun)}"
            return [done] if self.ended == self.total else []
        if now - self.saved > SAVE_S:
            self.durations.save()
            self.saved = now
        so_far = f"{clock(now - self.begun)} so far, {self._left(now)}"
        return [f"---- {self.ended} of {count_of(self.total)}: {job} in {clock(now - job.began)}; {so_far}"]

    def _fail(self, record: LogRecord) -> list[str]:
        fields = record.__dict__
        logs = [Path(name) for name in fields["log"]]
        self.any_failed = True
        job = self.jobs.pop(fields["jobid"], None)
        after = f" after {clock(record.created - job.began)}" if job else ""
        lines = [f"---- failed: {job or fields['rule_name']}{after}"]
        if not logs:
            return [*lines, f"its command: {fields['shellcmd']}"]
        for log in logs:
            text = log.read_text(errors="replace").splitlines() if log.is_file() else []
            lines.append(f"its log, {log}:" if text else f"its log, {log}, is empty; its command: {fields['shellcmd']}")
            if self.common_settings.show_failed_logs:
                lines += [f"  {line}" for line in text[-LOG_LINES:]]
        return lines

    def _left(self, now: float) -> str:
        """Return what is left, in words: were the cores never idle, and no sooner than the longest job."""
        seconds, unknown = self.durations.remaining(self.waiting, self.started)
        for job in self.jobs.values():
            expected = self.durations.expected(job.rule, job.name)
            if expected is None:
                unknown += 1
            else:
                seconds.append(max(expected - (now - job.began), 0.0))
        known = f"about {clock(max(sum(seconds) / self.slots, *seconds, 0.0))} left" if seconds else ""
        untimed = f"{count_of(unknown)} of kinds that have not run here before" if unknown else ""
        return ", and ".join(filter(None, [known, untimed])) or "nothing left"


def clock(seconds: float) -> str:
    """Return minutes and seconds, `9:05`, or hours too, `1:09:05`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
