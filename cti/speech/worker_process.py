"""A speech worker as the daemon sees it: a process that takes sound and says what it has understood.

Nothing here waits for it: what it does not take in time piles up within bounds (the sessions see to that), and one that
answers nothing for `STUCK_S` although it has work is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from cti.child_process import plain_environment
from cti.speech.errors import SpeechError
from cti.speech.frames import Decoder, Frame, FrameError, Kind, encode

READY_S = 180.0
"""A large model takes its time to be read from a slow disk."""
STUCK_S = 5.0
"""A single call of a large model takes up to 0.7 s; with all its streams talking it still answers several times a
second."""
_STOP_S = 1.0


class WorkerFailed(SpeechError):
    """It did not get ready; the text says how it ended."""


class Sink(Protocol):
    """Who wants to know what becomes of a stream."""

    @property
    def owed(self) -> bool:
        """Whether the worker has something to do for it."""

    def on_frame(self, frame: Frame) -> None: ...

    def on_lost(self) -> None:
        """The worker is gone."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What a worker says of itself once its model is loaded and warm."""

    rss_mb: float
    real_time: float | None
    """Processor seconds for a second of speech."""
    phrases: bool


class SpeechWorker:
    """Started once and ended once. `on_change`: a stream is over, it retires, it is gone."""

    def __init__(
        self,
        argv: Sequence[str],
        log: Path,
        clock: Callable[[], float],
        growth_mb: float,
        on_change: Callable[[], object] = lambda: None,
    ) -> None:
        self._argv, self._log, self._clock = argv, log, clock
        self._growth_mb, self._on_change = growth_mb, on_change
        self._process: asyncio.subprocess.Process | None = None
        self._transport: asyncio.WriteTransport | None = None
        self._ready: asyncio.Future[Ready] | None = None
        self._owed_since: float | None = None
        self.ready = Ready(0.0, None, False)
        self.rss_mb = 0.0
        self.streams: dict[int, Sink | None] = {}
        """None: dropped, and not yet confirmed."""
        self.retiring = False
        """It takes nothing new, and ends with its last stream."""
        self.left = asyncio.Event()
        """It retires or is gone."""
        self.gone = asyncio.Event()

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    @property
    def usable(self) -> bool:
        return self._transport is not None and not self.left.is_set()

    async def start(self) -> None:
        """Returns when its model is warm. WorkerFailed; nothing of it is left then."""
        self._ready = asyncio.get_running_loop().create_future()
        try:
            await self._connect()
            async with asyncio.timeout(READY_S):
                self.ready = await self._ready
        except (OSError, TimeoutError, WorkerFailed) as fault:
            how = await self.end()
            said = str(fault) if isinstance(fault, WorkerFailed) else type(fault).__name__
            raise WorkerFailed(f"{said} ({how})") from None
        except BaseException:
            self.kill()
            await self._end()
            raise
        self.rss_mb = self.ready.rss_mb

    def send(self, kind: Kind, stream: int, body: bytes | dict[str, Any] = b"") -> None:
        if self._transport is not None and not self.gone.is_set():
            self._transport.write(encode(kind, stream, body))
            if self._owed_since is None and self._owes():
                self._owed_since = self._clock()

    def drop(self, stream: int) -> None:
        if stream in self.streams:
            self.streams[stream] = None
            self.send(Kind.DROP, stream)

    def is_stuck(self) -> bool:
        since = self._owed_since
        return since is not None and self._clock() - since > STUCK_S

    def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGKILL)

    def retire(self) -> None:
        """It ends when its last stream is over."""
        self.retiring = True
        self.left.set()
        self._on_change()

    async def end(self) -> str:
        """Ends it, whatever it does, and is not broken off half-way; says how it ended."""
        try:
            return await self._end()
        except asyncio.CancelledError:
            self.kill()
            await self._end()
            raise

    async def _end(self) -> str:
        if self._transport is not None:
            self._transport.close()
        process = self._process
        if process is None:
            return "not started"
        if not self.is_stuck():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_STOP_S):
                    await process.wait()
        self.kill()
        return _how(await process.wait())

    async def _connect(self) -> None:
        """OSError."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                await self._spawn(theirs)
            self._transport, _ = await asyncio.get_running_loop().create_unix_connection(
                lambda: _Wire(self._on_frame, self._on_end), sock=ours
            )
        except BaseException:
            ours.close()
            raise

    async def _spawn(self, theirs: socket.socket) -> None:
        log = await asyncio.to_thread(self._open_log)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._argv,
                stdin=theirs.fileno(),
                stdout=log,
                stderr=log,
                env=_environment(),
                start_new_session=True,
            )
        finally:
            os.close(log)

    def _open_log(self) -> int:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        return os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def _on_frame(self, frame: Frame) -> None:
        if frame.kind is Kind.READY:
            said = frame.json()
            if self._ready is not None and not self._ready.done():
                self._ready.set_result(Ready(said["rss_mb"], said["real_time"], said["phrases"]))
        elif frame.kind is Kind.MEMORY:
            self.rss_mb = frame.json()["rss_mb"]
            if not self.retiring and self.rss_mb > self.ready.rss_mb + self._growth_mb:
                self.retire()
        else:
            self._on_stream(frame)
        self._owed_since = self._clock() if self._owes() else None

    def _owes(self) -> bool:
        return any(sink is None or sink.owed for sink in self.streams.values())

    def _on_stream(self, frame: Frame) -> None:
        sink = self.streams.get(frame.stream)
        over = frame.kind is Kind.ENDED
        if over:
            self.streams.pop(frame.stream, None)
        if sink is not None:
            sink.on_frame(frame)
        if over:
            self._on_change()

    def _on_end(self) -> None:
        """It has closed its end: it is dead or dying."""
        self.gone.set()
        self.left.set()
        if self._ready is not None and not self._ready.done():
            self._ready.set_exception(WorkerFailed("it ended before it was ready"))
        self._owed_since = None
        lost, self.streams = list(self.streams.values()), {}
        for sink in lost:
            if sink is not None:
                sink.on_lost()
        self._on_change()


class _Wire(asyncio.Protocol):
    """The connection: frames in, and its end."""

    def __init__(self, on_frame: Callable[[Frame], None], on_end: Callable[[], None]) -> None:
        self._decoder, self._on_frame, self._on_end = Decoder(), on_frame, on_end
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            for frame in self._decoder.feed(data):
                self._on_frame(frame)
        except (FrameError, KeyError, TypeError, ValueError):
            # It does not speak our language: as good as dead.
            if self._transport is not None:
                self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._on_end()


def _environment() -> dict[str, str]:
    """None of our secrets; and one thread each, for the streams of a worker take turns and workers share the cores."""
    return {**plain_environment(), "OMP_NUM_THREADS": "1"}


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
