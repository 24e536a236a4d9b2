"""The local teacher, live on loopback."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import openai
from aiohttp import web
from local_problems import PROBLEMS

from specialize.teacher.simulated.fault_rates import FaultRates, Faults
from specialize.teacher.simulated.server import HOST, Server
from specialize.teacher.simulated.teacher import Teacher

Live = Callable[..., AbstractAsyncContextManager[tuple[openai.AsyncOpenAI, Server]]]


@asynccontextmanager
async def live_teacher(
    faults: Faults | None = None, **rates: float
) -> AsyncIterator[tuple[openai.AsyncOpenAI, Server]]:
    faults = faults or Faults(rates=FaultRates(**rates))
    server = Server(Teacher(PROBLEMS, 0.6), faults)
    runner = web.AppRunner(server.app(), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    url = f"http://{HOST}:{runner.addresses[0][1]}/v1"
    try:
        async with openai.AsyncOpenAI(base_url=url, api_key="unused", max_retries=0, timeout=5) as client:
            yield client, server
    finally:
        await runner.cleanup()
