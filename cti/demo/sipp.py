"""Starts SIPp with our scenarios, reads what it logs while it runs, and gives orders to single calls of it.

SIPp traps handled here: it must not read stdin; a `[authentication]` with fields inside works only as a whole field;
`[last_*]` headers are those of the last message, also of an order; its own Call-IDs recur with the process number.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cti.demo.account import LogLine
from cti.programs import find_program

SCENARIOS = Path(__file__).resolve().parent / "scenarios"
CITIZEN_HOST = "127.0.0.2"
"""Where citizens call from: an address in `asterisk.trunk_addresses`"""
AGENT_HOST = "127.0.0.1"
_LAST_LINES_S = 1.0


class SippError(Exception):
    """SIPp could not do its work; the text has its own words."""


@dataclass(frozen=True, slots=True)
class Server:
    host: str
    port: int


@dataclass(slots=True)
class Sipp:
    """One running SIPp. Its log lines go to `on_line` as they are written, in order."""

    name: str
    folder: Path
    port: int
    process: asyncio.subprocess.Process
    _reader: asyncio.Task[None]

    @staticmethod
    async def start(
        scenario: str,
        server: Server,
        host: str,
        folder: Path,
        on_line: Callable[[LogLine], object],
        rows: Sequence[Sequence[str]] = (),
        options: Sequence[str] = (),
        timeout_s: float = 600.0,
        port: int | None = None,
    ) -> Sipp:
        """`rows` become the scenario's fields. Ends by itself when its calls are over, or after `timeout_s`."""
        fields: tuple[str, ...] = ()
        if rows:
            (folder / f"{scenario}s.csv").write_text(csv(rows), encoding="ascii")
            fields = ("-inf", f"{scenario}s.csv")
        port = port or free_udp_port(host)
        log = folder / f"{scenario}.log"
        argv = [
            *find_program("sipp").argv_prefix, f"{server.host}:{server.port}",
            "-sf", str(SCENARIOS / f"{scenario}.xml"), *fields, "-i", host, "-p", str(port), "-nostdin", "-skip_rlimit",
            "-cid_str", f"%u-{secrets.token_hex(6)}@%s", "-trace_logs", "-log_file", log.name,
            "-trace_err", "-error_file", f"{scenario}.err", "-timeout", f"{max(1, round(timeout_s))}",
            *options,
        ]  # fmt: skip
        os.mkfifo(log)  # read as a pipe: nobody has to look for new lines
        lines = await _open_pipe(log)
        process = await asyncio.create_subprocess_exec(
            *argv,
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        reader = asyncio.create_task(_follow(lines, on_line), name=f"sipp-{scenario}-log")
        return Sipp(scenario, folder, port, process, reader)

    def order(self, call_id: str, method: str, host: str) -> None:
        """Sends a request of this Call-ID to our own SIPp: the scenario says what the citizen or agent then does."""
        text = (
            f"{method} sip:order@{host}:{self.port} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {host}:9;branch=z9hG4bK{secrets.token_hex(6)}\r\n"
            f"From: <sip:director@{host}>;tag=d\r\nTo: <sip:order@{host}>\r\n"
            f"Call-ID: {call_id}\r\nCSeq: 1 {method}\r\nMax-Forwards: 1\r\nContent-Length: 0\r\n\r\n"
        )
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(text.encode("ascii"), (host, self.port))

    async def wait(self) -> int:
        """Its exit code, when it has ended and its last line has been read. Raises what `on_line` raised."""
        code = await self.process.wait()
        with contextlib.suppress(TimeoutError):  # a SIPp that fails at once never opens its log, which then never ends
            await asyncio.wait_for(self._reader, _LAST_LINES_S)
        return code

    async def stop(self) -> None:
        """Ends it at once, whatever it is doing."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
            await self.process.wait()
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)

    def complaints(self) -> list[str]:
        """What SIPp found unexpected, one line each."""
        path = self.folder / f"{self.name}.err"
        text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        return [line.strip() for line in text.splitlines() if "nexpected" in line or "Abort" in line or "rror" in line]


async def register(agents: Sequence[tuple[str, str]], port: int, server: Server, folder: Path) -> None:
    """Registers agents (id, password) from this port, to which their calls then go; SippError names who failed."""
    done: list[str] = []
    rows = [(name, f"[authentication username={name} password={word}]") for name, word in agents]
    # Asterisk asks a new telephone at once whether it is there; one that does not answer is not rung for seconds.
    options = ("-m", str(len(rows)), "-r", "20", "-oocsf", str(SCENARIOS / "options.xml"))
    sipp = await Sipp.start(
        "register",
        server,
        AGENT_HOST,
        folder,
        lambda line: done.append(line.rest[0]),
        rows,
        options,
        timeout_s=20,
        port=port,
    )
    try:
        await sipp.wait()
    finally:
        await sipp.stop()
    if missing := sorted({name for name, _ in agents} - set(done)):
        raise SippError(
            f"{', '.join(missing)} could not register at {server.host}:{server.port}: {sipp.complaints()[:3]}"
        )


def csv(rows: Iterable[Sequence[str]]) -> str:
    """An injection file: one line a call, fields [field0], [field1], ..."""
    return "".join(line + "\n" for line in ["SEQUENTIAL", *(";".join(row) + ";" for row in rows)])


async def _open_pipe(path: Path) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), file)
    return reader


async def _follow(lines: asyncio.StreamReader, on_line: Callable[[LogLine], object]) -> None:
    async for raw in lines:
        if text := raw.decode("utf-8", "replace").strip():
            on_line(LogLine.parse(text))


def free_udp_port(host: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        port: int = sock.getsockname()[1]
        return port
