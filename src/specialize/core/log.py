"""Log lines and progress on standard error. Not part of the code digest, since it cannot change an artifact."""

import logging
import sys
import time
from typing import TextIO


def get_logger(phase: str) -> logging.Logger:
    """Return the phase's logger: `HH:MM:SS phase message` on standard error."""
    logger = logging.getLogger(f"specialize.{phase}")
    if not logger.handlers:
        handler = _StandardError()
        handler.setFormatter(logging.Formatter(f"%(asctime)s {phase:<8} %(message)s", "%H:%M:%S"))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    return logger


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to whatever standard error is now, not to what it was when the logger was made."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


class Progress:
    """One line at most every `every_s` seconds: done, total, rate, time left."""

    def __init__(self, logger: logging.Logger, what: str, total: int, done: int = 0, every_s: float = 10.0) -> None:
        self.logger, self.what, self.total, self.every_s = logger, what, total, every_s
        self.done = self.begun = done
        self.start = self.last = time.monotonic()

    def advance(self, count: int = 1, note: str = "") -> None:
        """Count `count` items as done and print a line if one is due."""
        self.done += count
        now = time.monotonic()
        if now - self.last < self.every_s and self.done < self.total:
            return
        self.last = now
        rate = (self.done - self.begun) / max(now - self.start, 1e-9)
        left = (self.total - self.done) / rate if rate > 0 else float("inf")
        text = f"{self.what} {self.done}/{self.total}  {rate:.1f}/s  {_clock(left)} left"
        self.logger.info("%s%s", text, f"  {note}" if note else "")


def _clock(seconds: float) -> str:
    if seconds == float("inf"):
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
