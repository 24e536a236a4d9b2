"""How long jobs took on this machine, and from that how long the rest of a run will take.

A fact of the machine, kept beside Snakemake's own state and not tracked. Nothing of `specialize` is imported here: the
Snakefile imports it later, and from the copy of the project that it runs in (`dvc exp run --temp`).
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean

FILE = Path(".snakemake") / "job_seconds.json"


class Durations:
    """Seconds of jobs by rule and name (the values of its wildcards), from earlier runs and from this one."""

    def __init__(self, file: Path = FILE) -> None:
        self.file = file
        self.before: dict[str, dict[str, float]] = _read(file)
        self.now: dict[str, dict[str, float]] = defaultdict(dict)

    def add(self, rule: str, name: str, seconds: float) -> None:
        self.now[rule][name] = seconds

    def expected(self, rule: str, name: str) -> float | None:
        """Return the seconds of one job: as long as last time, at this run's pace; as its rule's others; or None."""
        before = self.before.get(rule, {})
        if name in before:
            return before[name] * self._pace(rule)
        known = self.now.get(rule) or before
        return fmean(known.values()) if known else None

    def remaining(self, waiting: Mapping[str, int], started: Mapping[str, set[str]]) -> tuple[list[float], int]:
        """Return the seconds of each job that has not started, and how many there are of which nothing is known.

        waiting: rule → jobs not started. Which ones these are Snakemake does not say before they start: they are taken
        to be those of the last run that have not started in this one.
        started: rule → names of the jobs that have.
        """
        seconds: list[float] = []
        unknown = 0
        for rule, count in waiting.items():
            names = self.before.get(rule, {}).keys() - started.get(rule, set())
            each = [one for name in names or [""] if (one := self.expected(rule, name)) is not None]
            # Taken one by one where the numbers agree: the longest decides how soon a run can end.
            seconds += each if len(each) == count else [fmean(each)] * count if each else []
            unknown += 0 if each else count
        return seconds, unknown

    def save(self) -> None:
        """Write what is known now. Other rules' jobs, and those of this rule that did not run, stay as they were."""
        if not self.now:
            return
        # Read again: another run may have written in between.
        known = _read(self.file)
        for rule, jobs in self.now.items():
            known.setdefault(rule, {}).update({name: round(seconds, 1) for name, seconds in jobs.items()})
        self.file.parent.mkdir(exist_ok=True)
        part = self.file.with_suffix(".part")
        part.write_text(json.dumps(known, indent=1, sort_keys=True), encoding="utf-8")
        part.replace(self.file)

    def _pace(self, rule: str) -> float:
        """How much longer this rule's jobs take now than last time."""
        pairs = [(took, self.before[rule][name]) for name, took in self.now[rule].items() if name in self.before[rule]]
        then = sum(before for _, before in pairs)
        return sum(took for took, _ in pairs) / then if then else 1.0


def _read(file: Path) -> dict[str, dict[str, float]]:
    try:
        known: dict[str, dict[str, float]] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # the first run here, or a file that was cut off
        return {}
    return known
