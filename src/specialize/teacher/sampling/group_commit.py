"""Rows written through to the disk without holding up the requests."""

import asyncio
from collections.abc import Sequence

from specialize.teacher.cache.row import Row
from specialize.teacher.cache.store import Cache


class GroupCommit:
    """Adds rows to a cache in a thread: waiting for the disk takes milliseconds per transaction, in which other answers
    arrive. All that wait together share the next transaction."""

    def __init__(self, cache: Cache) -> None:
        self.cache = cache
        self._waiting: list[tuple[Sequence[Row], asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def add(self, rows: Sequence[Row]) -> None:
        """Keep rows; on return they survive a power cut. Raises what Cache.add raises."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((rows, done))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        await done

    async def _write(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            failure: Exception | None = None
            try:
                await asyncio.to_thread(self.cache.add, [row for rows, _ in group for row in rows])
            except Exception as error:
                failure = error
            for _, done in group:
                if done.cancelled():
                    continue
                if failure is None:
                    done.set_result(None)
                else:
                    done.set_exception(failure)
