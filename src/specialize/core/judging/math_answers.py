"""Whether two mathematical expressions are the same, by math-verify, within a time limit.

math-verify hands model output to sympy, which may compute without end (`9^{9^{9^9}}`). Its own limit is an alarm
signal, which neither reaches into C code nor works outside the main thread. So it runs in a process of its own, which
is started with the first question, answers one at a time, and is killed when it takes longer than the limit. The limit
is processor time: on a busy machine the verdicts stay the same.
"""

import atexit
import json
import math
import os
import resource
import select
import subprocess
import sys
import time
from pathlib import Path
from threading import Lock

from specialize.core.errors import SpecializeError

SECONDS = 5
"""Limit for one comparison, of processor time. What takes longer is not the same."""
LONGEST = 1000
"""Longer expressions, in characters, are not compared."""

_WAIT = 300.0
"""How long the process is waited for, in seconds, however little of a processor it gets."""
_SOURCES = Path(__file__).parents[3]


def same_expression(answer: str, gold: str, seconds: int = SECONDS) -> bool:
    """Whether math-verify finds `answer` equal to `gold` (LaTeX or plain); False where it cannot say in time.

    Raises SpecializeError where math-verify does not start.
    """
    if max(len(answer), len(gold)) > LONGEST:
        return False
    with _LOCK:
        return _WORKER.ask(answer, gold, seconds)


class _Worker:
    """The process that imports math-verify; it is started again after it was killed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, answer: str, gold: str, seconds: int) -> bool:
        process = self._started()
        assert process.stdin is not None  # it is a pipe
        try:
            process.stdin.write(json.dumps([answer, gold, seconds]).encode() + b"\n")
            line = _line(process)
        except OSError:  # the process died before, of memory or of its recursion
            line = None
        if not line:
            self.stop()
            return False
        return bool(json.loads(line))

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.stop()
            path = os.pathsep.join(filter(None, [str(_SOURCES), os.environ.get("PYTHONPATH")]))
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
                env={**os.environ, "PYTHONPATH": path},
            )  # fmt: skip
            if not _line(self._process):
                self.stop()
                raise SpecializeError("answers of kind 'math' need math-verify, which does not start; install it again")
        return self._process


def _line(process: subprocess.Popen[bytes]) -> bytes | None:
    """Return the next line that the process writes, None where it writes none in time; empty where it has ended."""
    assert process.stdout is not None  # it is a pipe
    ready, _, _ = select.select([process.stdout.fileno()], [], [], _WAIT)
    return process.stdout.readline() if ready else None


def _serve() -> None:
    """Read [answer, gold, seconds] lines from standard input; write for each whether the two are the same.

    The process is ended by the system where one of them takes more seconds of the processor.
    """
    from math_verify import parse, verify

    print("true", flush=True)
    for line in sys.stdin:
        answer, gold, seconds = json.loads(line)
        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time()) + seconds, most))
        try:
            # The system holds the limit, so no alarm signals.
            found = [parse(_delimited(text), parsing_timeout=None) for text in (gold, answer)]
            same = bool(verify(found[0], found[1], timeout_seconds=None))
        except Exception:
            same = False
        print(json.dumps(same), flush=True)


def _delimited(text: str) -> str:
    """math-verify reads LaTeX only between delimiters."""
    text = text.strip().rstrip(".").strip()
    return text if any(mark in text for mark in ("$", "\\boxed", "\\(", "\\[")) else f"${text}$"


_WORKER = _Worker()
_LOCK = Lock()
atexit.register(_WORKER.stop)

if __name__ == "__main__":
    _serve()
