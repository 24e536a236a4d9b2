"""Run Snakemake and tell how far the whole run is: `python workflow/show_progress.py snakemake --cores 2`.

The jobs' own lines pass through. Instead of Snakemake's account of each job one line comes when a job ends: which one,
how long it took, and how long the rest will take. Snakemake's own words stand in .snakemake/log as ever.
"""

import re
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from statistics import fmean

TYPICAL_S = {"make_start": 60.0, "train_student": 95.0, "score_checkpoint": 10.0, "sample_completions": 30.0}
"""Seconds of a job in the default run, until one of its kind has ended here."""
OTHERS_S = 5.0
TOLD = re.compile(
    r"Using workflow specific profile|Assuming unrestricted|SNAKEMAKE$|=+$|Building DAG|Using shell|Provided cores"
    r"|Rules claiming|Select jobs|Execute \d+ jobs|\[\w{3} \w{3} .*\]$|\d+ of \d+ steps|Complete log|Elapsed time|$"
)
"""What Snakemake says beside what is told here."""
RULE = re.compile(r"(?:local)?rule (\w+):$")
ENDED = re.compile(r"Finished jobid: (\d+) \(Rule: (\w+)\)$")


class Watcher:
    """Reads what Snakemake prints, line by line."""

    def __init__(self, cores: int, now: float) -> None:
        self.cores, self.begun = max(cores, 1), now
        self.planned: Counter[str] = Counter()
        self.running: dict[str, tuple[str, str, float]] = {}
        self.took: dict[str, list[float]] = defaultdict(list)
        self._block = ""
        self._rule, self._job = "", ""

    def read(self, line: str, now: float) -> list[str]:
        """Take a line that Snakemake printed at `now` (seconds); return the lines to show."""
        if self._in_block(line, now):
            return []
        if match := RULE.match(line):
            self._block, self._rule, self._job = "rule", match[1], ""
        elif line in ("Job stats:", "SNAKEMAKE"):
            self._block = line
        elif match := ENDED.match(line):
            return self._end(match[1], now)
        elif not TOLD.match(line):
            return [line]
        return []

    def left_s(self, now: float) -> float:
        """Return about how many seconds are left, were the cores never idle."""
        known = [(seconds, _typical(rule)) for rule, all_of in self.took.items() for seconds in all_of]
        pace = sum(seconds for seconds, _ in known) / sum(typical for _, typical in known) if known else 1.0
        each = {rule: fmean(self.took[rule]) if self.took[rule] else pace * _typical(rule) for rule in self.planned}
        left = sum(count * each[rule] for rule, count in self.planned.items())
        done = sum(min(now - begun, each.get(rule, 0.0)) for rule, _, begun in self.running.values())
        return max(left - done, 0.0) / self.cores

    def _in_block(self, line: str, now: float) -> bool:
        """Whether a line belongs to the heading, the table of jobs or the account of a job."""
        if self._block == "rule":
            name, _, value = line.strip().partition(": ")
            if name == "jobid":
                self._job = value
                self.running[value] = (self._rule, "", now)
            if name == "wildcards" and self._job:
                named = " ".join(part.partition("=")[2] for part in value.split(", "))
                self.running[self._job] = (self._rule, named, now)
        if self._block == "Job stats:":
            words = line.split()
            if len(words) == 2 and words[1].isdigit() and words[0] not in ("total", "all"):
                self.planned[words[0]] = int(words[1])
        inside = bool(self._block and line) and (line[0] in " =" or self._block == "Job stats:")
        if not inside:
            self._block = ""
        return inside

    def _end(self, job: str, now: float) -> list[str]:
        rule, named, begun = self.running.pop(job, ("", "", now))
        if rule not in self.planned:
            return []
        self.planned[rule] -= 1
        self.took[rule].append(now - begun)
        ended = sum(map(len, self.took.values()))
        what = f"{rule.replace('_', ' ')} {named}".strip()
        so_far = f"{_clock(now - self.begun)} so far, about {_clock(self.left_s(now))} left"
        return [f"---- {ended} of {ended + self.planned.total()} jobs: {what} in {_clock(now - begun)}; {so_far}"]


def _typical(rule: str) -> float:
    return TYPICAL_S.get(rule, OTHERS_S)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def main(command: Sequence[str]) -> int:
    cores = command[command.index("--cores") + 1] if "--cores" in command[:-1] else "1"
    watcher = Watcher(int(cores) if cores.isdigit() else 1, time.monotonic())
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, errors="replace") as process:
        assert process.stderr
        while True:
            try:
                for line in process.stderr:
                    for shown in watcher.read(line.rstrip("\n"), time.monotonic()):
                        print(shown, file=sys.stderr, flush=True)
                return process.wait()
            except KeyboardInterrupt:  # Snakemake has it too: wait until it has ended its jobs
                continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
