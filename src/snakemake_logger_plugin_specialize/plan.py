"""What a dry run found: how many jobs of each rule would run, and why, a line a rule."""

import re
from collections import Counter

FOLLOWS = "Input files updated by another job"
"""Snakemake's reason for a job that runs because one before it does."""
RECIPE = re.compile(r"\S*/recipes/(?:[0-9a-f]{16}/)?(\S+)\.json")
"""The recipe of a job: a file that changes with its params, its code or its raw files."""


class Plan:
    """The jobs of a dry run, rule by rule in the order in which they would run."""

    def __init__(self) -> None:
        self.jobs: Counter[str] = Counter()
        self.reasons: dict[str, dict[str, set[str]]] = {}
        """Rule → kind of reason → files that Snakemake names with it."""

    def add(self, rule: str, reason: str) -> None:
        """Count a job. reason: as Snakemake says it, `Missing output files: a, b; Updated input files: c`."""
        self.jobs[rule] += 1
        kinds = self.reasons.setdefault(rule, {})
        for part in reason.split("; "):
            kind, _, files = part.partition(": ")
            kinds.setdefault(kind, set()).update(RECIPE.sub(r"recipe \1", file) for file in files.split(", ") if file)

    def lines(self) -> list[str]:
        """Return the plan, a line a rule. What follows from another job's run is said only where there is no more."""
        width = max(map(len, self.jobs))
        lines = [f"{count_of(self.jobs.total())} would run (each of them, in full: snakemake -n -p)"]
        for rule, count in self.jobs.items():
            kinds = self.reasons[rule]
            roots = {kind: files for kind, files in kinds.items() if kind != FOLLOWS} or {FOLLOWS: set[str]()}
            lines.append(f"  {rule:{width}} {count:5}  {'; '.join(_said(*root) for root in roots.items())}")
        return lines


def count_of(jobs: int) -> str:
    return f"{jobs} job{'s' * (jobs != 1)}"


def _said(kind: str, files: set[str]) -> str:
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return kind[:1].lower() + kind[1:] + (f": {min(files)}{more}" if files else "")
