"""Ctrl-C and SIGTERM: no further request is sent, those in flight are waited for."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def on_interrupt(stop: Callable[[str], None]) -> Iterator[None]:
    """Call `stop` with the signal's name at the first one; a second one ends the process at once."""
    loop = asyncio.get_running_loop()

    def handle(name: str) -> None:
        stop(name)
        for number in SIGNALS:
            loop.remove_signal_handler(number)

    for number in SIGNALS:
        loop.add_signal_handler(number, handle, number.name)
    try:
        yield
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
