"""Progress on standard error: done, total, rate, time left, and not too often."""

import logging

import pytest

from specialize.core import log
from specialize.core.log import Progress, get_logger


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands where a test puts it."""
    now = [100.0]
    monkeypatch.setattr(log.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def logger(lines: list[str]) -> logging.Logger:
    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    logger = logging.Logger("test", logging.INFO)
    logger.addHandler(Keep())
    return logger


def test_one_line_in_so_many_seconds_and_one_at_the_end(
    clock: list[float], logger: logging.Logger, lines: list[str]
) -> None:
    progress = Progress(logger, "steps", total=40, every_s=10)
    for _ in range(40):
        clock[0] += 1
        progress.advance(note="loss 1.5")
    assert lines == [
        "steps 10/40  1.0/s  0:30 left  loss 1.5",
        "steps 20/40  1.0/s  0:20 left  loss 1.5",
        "steps 30/40  1.0/s  0:10 left  loss 1.5",
        "steps 40/40  1.0/s  0:00 left  loss 1.5",
    ]


def test_what_an_earlier_run_did_does_not_count_in_the_rate(
    clock: list[float], logger: logging.Logger, lines: list[str]
) -> None:
    progress = Progress(logger, "steps", total=1000, done=800, every_s=10)
    clock[0] += 20
    progress.advance(10)
    assert lines == ["steps 810/1000  0.5/s  6:20 left"]


def test_without_progress_no_time_is_shown(clock: list[float], logger: logging.Logger, lines: list[str]) -> None:
    progress = Progress(logger, "steps", total=10, every_s=10)
    clock[0] += 20
    progress.advance(0)
    assert lines == ["steps 0/10  0.0/s  ? left"]


def test_a_logger_has_one_handler_however_often_it_is_asked_for() -> None:
    assert get_logger("a_test_phase") is get_logger("a_test_phase")
    assert len(get_logger("a_test_phase").handlers) == 1
