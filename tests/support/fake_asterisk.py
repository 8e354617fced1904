"""Asterisk's side of AMI and AGI on real loopback sockets, acting by script: faults of the wire that a real one cannot
be asked for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Self

GREETING = b"Asterisk Call Manager/11.0.0\r\n"
NONCE = "nfedcba987654"
SECRET = "secret of the tests"

Headers = dict[str, str]


def frame(*lines: str) -> bytes:
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def event(name: str, *headers: tuple[str, str], nonce: str = NONCE) -> bytes:
    """An event as Asterisk 22 broadcasts it: SystemName stands before anything a caller could have chosen."""
    lines = [f"Event: {name}", "Privilege: call,all", "Timestamp: 1795299059.357208", f"SystemName: {nonce}"]
    return frame(*lines, *(f"{key}: {value}" for key, value in headers))


def channel_headers(uniqueid: str, name: str, *, state: int = 6, caller: str = "<unknown>") -> list[tuple[str, str]]:
    """The headers that every event about a channel has, in Asterisk's order."""
    return [
        ("Channel", name),
        ("ChannelState", str(state)),
        ("ChannelStateDesc", "Up"),
        ("CallerIDNum", caller),
        ("CallerIDName", "<unknown>"),
        ("ConnectedLineNum", "<unknown>"),
        ("ConnectedLineName", "<unknown>"),
        ("Language", "zh-CN"),
        ("AccountCode", ""),
        ("Context", "from-trunk"),
        ("Exten", "12345"),
        ("Priority", "1"),
        ("Uniqueid", uniqueid),
        ("Linkedid", uniqueid),
    ]


class FakeAmi:
    """One AMI port. `answers` overrides what an action gets: a function from its headers to bytes (b"": silence)."""

    def __init__(self) -> None:
        self.port = 0
        self.actions: list[Headers] = []
        self.logins = 0
        self.answers: dict[str, Callable[[Headers], bytes]] = {}
        self.booted = True
        self.listed: list[list[tuple[str, str]]] = []
        """Headers of each channel in CoreShowChannels."""
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Nothing listens on the port afterwards; `__aenter__` starts it again on the same one."""
        if self._server is not None:
            self._server.close()
            self.drop()
            await self._server.wait_closed()

    def drop(self) -> None:
        """Cuts every connection."""
        for writer in self._writers:
            writer.transport.abort()

    def send(self, data: bytes) -> None:
        """To every connection, in one write."""
        for writer in self._writers:
            writer.write(data)

    @property
    def connections(self) -> int:
        return len(self._writers)

    def names(self) -> list[str]:
        return [action["Action"] for action in self.actions]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        writer.write(GREETING)
        try:
            while data := await reader.readuntil(b"\r\n\r\n"):
                headers = dict(line.split(": ", 1) for line in data.decode().strip().split("\r\n"))
                self.actions.append(headers)
                name = headers["Action"]
                answer = self.answers[name](headers) if name in self.answers else self._answer(name, headers)
                writer.write(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    def _answer(self, name: str, headers: Headers) -> bytes:
        action_id = f"ActionID: {headers['ActionID']}"
        match name:
            case "Login":
                if headers["Secret"] != SECRET:
                    return frame("Response: Error", action_id, "Message: Authentication failed")
                self.logins += 1
                booted = frame("Event: FullyBooted", "Privilege: system,all", "Status: Fully Booted")
                return frame("Response: Success", action_id, "Message: Authentication accepted") + (
                    booted if self.booted else b""
                )
            case "Ping":
                return frame("Response: Success", action_id, "Ping: Pong", "Timestamp: 1795299059.353674")
            case "CoreShowChannels":
                items = [
                    frame(
                        "Event: CoreShowChannel", action_id, *(f"{key}: {value}" for key, value in item), "BridgeId: "
                    )
                    for item in self.listed
                ]
                done = frame(
                    "Event: CoreShowChannelsComplete", action_id, "EventList: Complete", f"ListItems: {len(items)}"
                )
                start = frame("Response: Success", action_id, "EventList: start", "Message: Channels will follow")
                return start + b"".join(items) + done
            case _:
                return frame("Response: Success", action_id, f"Message: {name} done")


ENVIRONMENT = {
    "agi_network": "yes",
    "agi_network_script": "citizen",
    "agi_request": "agi://127.0.0.1/citizen",
    "agi_channel": "PJSIP/trunk-00000001",
    "agi_language": "zh-CN",
    "agi_type": "PJSIP",
    "agi_uniqueid": f"{NONCE}-1795298962.1",
    "agi_callerid": "13800138000",
    "agi_calleridname": "unknown",
    "agi_dnid": "12345",
    "agi_context": "cti-citizen",
    "agi_extension": "s",
    "agi_arg_1": "call-id@example",
    "agi_arg_2": "12345",
    "agi_arg_3": "",
}


def environment(**changed: str) -> bytes:
    """What Asterisk sends first, as bytes. `agi_channel=""` and the like replace a line's value."""
    return "".join(f"{key}: {value}\n" for key, value in (ENVIRONMENT | changed).items()).encode() + b"\n"


class AgiCaller:
    """One call that Asterisk brings to an AGI server: reads its commands, gives the replies it is told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def command(self, limit_s: float = 5.0) -> str:
        """The next command, without its newline; "" at the end of the stream."""
        async with asyncio.timeout(limit_s):
            return (await self._reader.readline()).decode().removesuffix("\n")

    def say(self, *lines: str) -> None:
        self._writer.write("".join(f"{line}\n" for line in lines).encode())

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def expect(self, command: str, *reply: str) -> None:
        said = await self.command()
        assert said == command, f"{said!r} instead of {command!r}"
        self.say(*reply)

    def close(self) -> None:
        self._writer.close()


@contextlib.asynccontextmanager
async def agi_call(port: int, data: bytes | None = None) -> AsyncIterator[AgiCaller]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(environment() if data is None else data)
    try:
        yield AgiCaller(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
