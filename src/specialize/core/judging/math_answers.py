"""Whether two mathematical expressions are the same, by math-verify, within a time limit.

math-verify hands model output to sympy, which may compute without end (`9^{9^{9^9}}`). Its own limit is an alarm
signal, which neither reaches into C code nor works outside the main thread. So it runs in a process of its own, which
is started with the first question, answers one at a time, and is killed when it takes longer than the limit.
"""

import atexit
import multiprocessing
from multiprocessing.connection import Connection
from threading import Lock

SECONDS = 5.0
"""Limit for one comparison. What takes longer is not the same."""
LONGEST = 1000
"""Longer expressions, in characters, are not compared."""

_START_SECONDS = 60.0


def same_expression(answer: str, gold: str, seconds: float = SECONDS) -> bool:
    """Whether math-verify finds `answer` equal to `gold` (LaTeX or plain); False where it cannot say in time."""
    if max(len(answer), len(gold)) > LONGEST:
        return False
    with _LOCK:
        return _WORKER.ask(answer, gold, seconds)


class _Worker:
    """The process that imports math-verify; it is started again after it was killed."""

    def __init__(self) -> None:
        self._process: multiprocessing.process.BaseProcess | None = None
        self._connection: Connection | None = None

    def ask(self, answer: str, gold: str, seconds: float) -> bool:
        connection = self._connected()
        try:
            connection.send((answer, gold))
            if connection.poll(seconds):
                return bool(connection.recv())
        except (EOFError, OSError):
            pass  # the process died, of memory or of its recursion
        self.stop()
        return False

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._connection is not None:
            self._connection.close()
        self._process = self._connection = None

    def _connected(self) -> Connection:
        if self._process is None or not self._process.is_alive() or self._connection is None:
            self.stop()
            context = multiprocessing.get_context("spawn")
            self._connection, other = context.Pipe()
            self._process = context.Process(target=_serve, args=(other,), daemon=True)
            self._process.start()
            other.close()
            if not self._connection.poll(_START_SECONDS) or self._connection.recv() != "ready":
                raise RuntimeError("math-verify did not start")
        return self._connection


def _serve(connection: Connection) -> None:
    from math_verify import parse, verify

    connection.send("ready")
    while True:
        try:
            answer, gold = connection.recv()
        except EOFError:
            return
        try:
            # The caller's limit holds, so no alarm signals.
            found = [parse(_delimited(text), parsing_timeout=None) for text in (gold, answer)]
            same = verify(found[0], found[1], timeout_seconds=None)
        except Exception:
            same = False
        connection.send(bool(same))


def _delimited(text: str) -> str:
    """math-verify reads LaTeX only between delimiters."""
    text = text.strip().rstrip(".").strip()
    return text if "$" in text or "\\boxed" in text or "\\(" in text or "\\[" in text else f"${text}$"


_WORKER = _Worker()
_LOCK = Lock()
atexit.register(_WORKER.stop)
