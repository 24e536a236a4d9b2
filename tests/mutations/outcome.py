"""A command of the project in a process of its own, with limits, and what is to be held against it."""

import io
import os
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile

from specialize.core.files import sha256_file

MOST_LINES = 20
MEMORY_MIB = 6000
"""Address space of a command: torch alone takes about 3,500."""


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    status: int
    """Exit status; below 0: the number of the signal that ended it."""
    said: str
    """Standard error."""
    seconds: float

    def faults(self) -> list[str]:
        """Return what a user should not have seen: nothing for status 0, and for status 2 with 1 to 20 plain lines."""
        lines = self.said.splitlines()
        errors = [line for line in lines if line.startswith("error: ") or ": error: " in line]
        found = []
        if self.status not in (0, 2):
            found.append(f"status {self.status}")
        if "Traceback (most recent call last)" in self.said:
            found.append(f"a traceback: {lines[-1][:200]}")
        if "error: unexpected" in self.said:
            found.append(f"an error that nothing expected: {errors[0][:300]}")
        if self.status == 2 and not (errors and 1 <= len(lines) <= MOST_LINES):
            found.append(f"{len(lines)} lines, {len(errors)} of them errors")
        if any(not character.isprintable() and character not in "\n\t" for character in self.said):
            found.append("control characters")
        return found


def attempt(command: Callable[[], int], seconds: float = 60) -> Outcome:
    """Run a command in a forked process, its memory and processor time limited."""
    sys.stdout.flush()
    sys.stderr.flush()
    began = time.monotonic()
    with TemporaryFile() as said:
        child = os.fork()
        if child == 0:
            _run(command, said.fileno(), int(seconds))
        status = _wait(child, began + 3 * seconds)
        said.seek(0)
        return Outcome(status, said.read().decode("utf-8", "replace"), time.monotonic() - began)


def _run(command: Callable[[], int], said: int, seconds: int) -> None:
    status = 1
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(said, 2)
        sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
        sys.stdin = io.StringIO()
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MIB << 20, MEMORY_MIB << 20))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        status = command()
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _wait(child: int, until: float) -> int:
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.killpg(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def digests(*folders: Path) -> Mapping[str, str]:
    """Return file → sha256 of everything below some folders: work that must not be lost."""
    files = (path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path): sha256_file(path) for path in files}


@dataclass
class Tally:
    """The outcomes of many attempts."""

    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")

    def add(self, kind: str, what: str, outcome: Outcome, *more: str) -> None:
        """Count one attempt. more: faults besides those of the outcome."""
        faults = [*outcome.faults(), *more]
        verdict = "FAILED" if faults else {0: "taken", 2: "refused"}[outcome.status]
        self.counts[f"{kind}: {verdict}"] += 1
        self.slowest = max(self.slowest, (outcome.seconds, f"{kind}: {what}"))
        if faults:
            self.failures.append(f"{kind}: {what}: {'; '.join(faults)}")

    def lines(self) -> list[str]:
        """Return a report, failures first."""
        total = sum(self.counts.values())
        return [
            *self.failures,
            *(f"{count:6,}  {name}" for name, count in sorted(self.counts.items())),
            f"{total:6,} mutations, {len(self.failures)} failed; slowest {self.slowest[0]:.1f} s ({self.slowest[1][:150]})",
        ]
