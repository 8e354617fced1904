"""Viewers of a board that only read: `python -m cti.bench.wall_viewers PORT TOKEN COUNT TOPICS`, a process of its own.

Says {"open": n} when all are connected, and answers each line on its input with the messages that came until then.
"""

from __future__ import annotations

import asyncio
import sys

_HEAD = (
    "GET /api/board?topics={topics} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


class Viewer(asyncio.Protocol):
    """Counts the messages of its connection, and keeps none."""

    messages = 0
    """Of all viewers."""

    def __init__(self, head: bytes) -> None:
        self._head = head
        self._rest = b""
        self.opened = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.write(self._head)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        data = self._rest + data if self._rest else data
        if not self.opened.done():
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._rest = head
                return
            self.opened.set_result(head.startswith(b"HTTP/1.1 101"))
        at = 0
        while len(data) - at >= 2:
            length, start = data[at + 1], at + 2
            if length >= 126:
                start += 2 if length == 126 else 8
                length = int.from_bytes(data[at + 2 : start], "big")
            if len(data) < start + length:
                break
            Viewer.messages += 1
            at = start + length
        self._rest = data[at:]


async def view(port: int, token: str, count: int, topics: str) -> None:
    loop = asyncio.get_running_loop()
    head = _HEAD.format(port=port, token=token, topics=topics).encode()
    for _ in range(count):
        _, viewer = await loop.create_connection(lambda: Viewer(head), "127.0.0.1", port)
        if not await viewer.opened:
            sys.exit("a viewer was not let in")
    print(f'{{"open": {count}}}', flush=True)
    asked = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(asked), sys.stdin)
    while await asked.readline():
        print(f'{{"messages": {Viewer.messages}}}', flush=True)


if __name__ == "__main__":
    asyncio.run(view(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]))
