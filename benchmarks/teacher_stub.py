"""A server for benchmarks: one recorded answer to every request, as cheap as asyncio can make it.

    python benchmarks/teacher_stub.py ANSWER.json LATENCY_S REQUESTS_PER_MINUTE|0      prints its base URL

Above the limit, counted in a sliding window of a minute as providers do, comes a 429 with `Retry-After`.
"""

import asyncio
import sys
import time
from collections import deque
from pathlib import Path
from typing import ClassVar


class Stub(asyncio.Protocol):
    """HTTP/1.1 with kept connections, just enough of it."""

    answer = b""
    latency_s = 0.0
    limit = 0
    window: ClassVar[deque[float]] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.buffer = transport, b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, blank, body = self.buffer.partition(b"\r\n\r\n")
        if not blank:
            return
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        if len(body) >= length:
            self.buffer = b""
            asyncio.get_running_loop().call_later(self.latency_s, self.reply)

    def reply(self) -> None:
        now, window = time.monotonic(), type(self).window
        while window and window[0] < now - 60:
            window.popleft()
        if self.limit and len(window) >= self.limit:
            body = b'{"error": {"message": "slow down"}}'
            wait = str(max(1, round(window[0] + 60 - now))).encode()
            head = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: " + wait + b"\r\n"
        else:
            window.append(now)
            body, head = self.answer, b"HTTP/1.1 200 OK\r\n"
        self.transport.write(
            head + b"Content-Type: application/json\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
        )


async def main(answer: str, latency_s: str, limit: str) -> None:
    Stub.answer, Stub.latency_s, Stub.limit = Path(answer).read_bytes(), float(latency_s), int(limit)
    if not Stub.limit:
        Stub.window = deque(maxlen=0)
    server = await asyncio.get_running_loop().create_server(Stub, "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
