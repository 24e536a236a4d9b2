"""The teacher on loopback: routes, faults of the connection, counts of what was served.

aiohttp, which is there already (DVC and datasets need it), and not an ASGI server: a fault such as a reset or a body
that breaks off needs the connection itself, which ASGI hides.
"""

import asyncio
import json
import math
import random
import socket
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

from aiohttp import web

from specialize.core.log import get_logger
from specialize.teacher.simulated.corrupt_response import corrupt
from specialize.teacher.simulated.fault_rates import Faults
from specialize.teacher.simulated.parse_request import RefusalError
from specialize.teacher.simulated.teacher import MODEL, Teacher
from specialize.teacher.simulated.write_response import error_body, models_body

HOST = "127.0.0.1"
LARGEST_BODY = 16 * 2**20
BODY_S = 60.0
"""Seconds for the body of a request to come."""
_SERVER_ERRORS = (500, 502, 503, 504)
Answer = Callable[[Any], dict[str, Any]]


class Server:
    """Handlers of the routes. `stats` counts requests, answers, choices (all that a provider would bill, choices of
    answers that break off included), tokens, and each fault played."""

    def __init__(self, teacher: Teacher, faults: Faults) -> None:
        self.teacher, self.faults = teacher, faults
        self.stats: Counter[str] = Counter()
        self._allowance, self._seen = self._burst, time.monotonic()

    def app(self) -> web.Application:
        """Return the application with its routes."""
        app = web.Application(client_max_size=LARGEST_BODY)
        app.add_routes(
            [
                web.get("/v1/models", self._models),
                web.post("/v1/completions", self._completions),
                web.post("/v1/chat/completions", self._chat),
                web.get("/stats", self._stats),
            ]
        )
        return app

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response(models_body(MODEL))

    async def _completions(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, self.teacher.complete)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, self.teacher.chat)

    async def _stats(self, request: web.Request) -> web.Response:
        return web.json_response(dict(sorted(self.stats.items())))

    async def _answer(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        number = self.stats["requests"]
        self.stats["requests"] += 1
        fault, rng = self.faults.of_request(number)
        if fault is not None:
            self.stats[f"fault {fault}"] += 1
        try:
            async with asyncio.timeout(BODY_S):
                data = await request.read()
        except (TimeoutError, ConnectionError):  # a client that does not go on, or has gone
            return _error(RefusalError("the body did not come", status=408))
        if self.faults.latency_s:
            await asyncio.sleep(self.faults.latency_s)
        wait_s = self._over_the_limit()
        if wait_s:
            self.stats["over the limit"] += 1
            return _too_many(wait_s)
        refused = await self._before(request, fault, rng)
        if refused is not None:
            return refused
        try:
            asked = json.loads(data)
            if fault == "one_choice" and isinstance(asked, dict):
                asked["n"] = 1
            body = answer(asked)
        except RefusalError as refusal:
            return _error(refusal)
        except (ValueError, RecursionError):
            return _error(RefusalError("expected JSON as the body"))
        if fault is not None:
            corrupt(body, fault, rng)
        self.stats["answers"] += 1
        self.stats["choices"] += len(body["choices"])
        self.stats["completion_tokens"] += body["usage"]["completion_tokens"]
        sent = json.dumps(body).encode()
        if fault == "truncated_body":
            return await _broken_off(request, sent)
        if fault == "malformed_json":
            sent = sent[: len(sent) // 2]
        return web.Response(body=sent, content_type="application/json")

    async def _before(self, request: web.Request, fault: str | None, rng: random.Random) -> web.Response | None:
        """Play the faults that come in place of an answer; None: go on and answer."""
        match fault:
            case "too_many_requests":
                return _too_many(None)
            case "retry_after":
                return _too_many(self.faults.retry_after_s)
            case "server_error":
                status = rng.choice(_SERVER_ERRORS)
                return _error(RefusalError("the server had an error", status=status), "server_error")
            case "unauthorised":
                return _error(RefusalError("incorrect API key provided", status=401, code="invalid_api_key"))
            case "connection_reset":
                _reset(request)
                return web.Response(status=500)
            case "hang":
                while request.transport is not None and not request.transport.is_closing():
                    await asyncio.sleep(0.05)
                return web.Response(status=500)
            case "late":
                await asyncio.sleep(self.faults.late_s)
        return None

    @property
    def _burst(self) -> float:
        return max(1.0, (self.faults.requests_per_minute or 0.0) / 60)

    def _over_the_limit(self) -> float:
        """Take one request off the allowance; return the seconds to wait where there is none."""
        if self.faults.requests_per_minute is None:
            return 0.0
        now, per_second = time.monotonic(), self.faults.requests_per_minute / 60
        self._allowance = min(self._burst, self._allowance + (now - self._seen) * per_second)
        self._seen = now
        if self._allowance < 1:
            return (1 - self._allowance) / per_second
        self._allowance -= 1
        return 0.0


async def serve(teacher: Teacher, faults: Faults, port: int, with_parent: bool) -> None:
    """Listen on loopback (port 0: a free one), print the base URL, and serve until cancelled.

    `with_parent`: end when standard input is closed, which the system does too when the parent is killed.
    """
    asyncio.get_running_loop().set_exception_handler(_log_in_one_line)
    runner = web.AppRunner(Server(teacher, faults).app(), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port)
        await site.start()
        print(f"http://{HOST}:{runner.addresses[0][1]}/v1", flush=True)
        await (_parent_gone() if with_parent else asyncio.Event().wait())
    finally:
        await runner.cleanup()


def _log_in_one_line(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Of an error that no request is to blame for, such as file descriptors that ran out (asyncio tries again)."""
    _log_once(f"{context.get('message')}: {context.get('exception')}")


@cache
def _log_once(text: str) -> None:
    get_logger("teacher").warning("%s", text)


async def _parent_gone() -> None:
    loop, gone = asyncio.get_running_loop(), asyncio.Event()

    def watch() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        loop.call_soon_threadsafe(gone.set)

    threading.Thread(target=watch, daemon=True).start()
    await gone.wait()


def _error(refusal: RefusalError, kind: str = "invalid_request_error") -> web.Response:
    return web.json_response(error_body(refusal, kind), status=refusal.status)


def _too_many(wait_s: float | None) -> web.Response:
    refusal = RefusalError("rate limit reached", status=429, code="rate_limit_exceeded")
    response = _error(refusal, "requests")
    if wait_s is not None:
        # Whole seconds are the standard; the other header is OpenAI's.
        response.headers["Retry-After"] = str(math.ceil(wait_s))
        response.headers["Retry-After-Ms"] = str(math.ceil(wait_s * 1000))
    return response


def _reset(request: web.Request) -> None:
    """Close the connection by a reset: no lingering, no farewell."""
    if request.transport is not None:
        link = request.transport.get_extra_info("socket")
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()


async def _broken_off(request: web.Request, data: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = len(data)
    await response.prepare(request)
    await response.write(data[: len(data) // 2])
    if request.transport is not None:
        # What is written goes out before the connection closes.
        request.transport.close()
    return response
