"""One process at a time asks a server for what a cache lacks: two that ask side by side pay for everything twice.

Two experiments of a queue do, and so does a run beside the job that an earlier run, killed, has left alive.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from specialize.core.errors import SpecializeError
from specialize.core.log import get_logger
from specialize.teacher.cache import Cache

LOG = get_logger("teacher")


@contextmanager
def alone(cache: Cache, work: str, wait: bool) -> Iterator[None]:
    """Be the only process that does `work` for this cache; the system lets go of the lock when we die.

    wait: wait for the other one to end, or raise SpecializeError.
    """
    with cache.path.with_suffix(f".{work}-lock").open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                raise SpecializeError(f"{cache.path.parent}: another process is working on the batches") from None
            LOG.info("another process asks the same server: waiting for it to end, to ask only for what it leaves")
            fcntl.flock(stream, fcntl.LOCK_EX)
        except OSError:
            pass  # a file system without locks
        yield
