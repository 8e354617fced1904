"""Pictures of a talk, recorded by the agent's page and sent second by second: each part is one file beside the sound.

A page that is loaded anew begins a new part, so a crash of it costs its last chunk at most.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import structlog

from cti.calls import AgentId, CallFact, CallId, Value
from cti.exchange import Exchange

log = structlog.get_logger()

CHUNK_BYTES = 2 * 1024 * 1024
_END_LIMIT_S = 5.0
"""A call that is over waits so long for the last chunk: a page that makes a film on a busy machine takes seconds."""


class PictureRefused(Exception):
    """`code` is stable; `next` is the chunk that is waited for, where that helps."""

    def __init__(self, code: str, message: str, awaited: int = -1) -> None:
        super().__init__(message)
        self.code, self.awaited = code, awaited


@dataclass(slots=True)
class _Part:
    file: PurePosixPath
    agent: AgentId
    chunk: int = 0
    """The number of the next one."""
    bytes: int = 0
    over: asyncio.Event = field(default_factory=asyncio.Event)
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)


class Pictures:
    """`file_of(call, segment)`: a recording's place in `folder`; `most_bytes` of one call, and never the last
    `min_free_bytes` of the disk."""

    def __init__(
        self,
        exchange: Exchange,
        folder: Path,
        file_of: Callable[[CallId, str], PurePosixPath],
        most_bytes: int,
        min_free_bytes: int,
    ) -> None:
        self._exchange = exchange
        self.folder = folder
        self._file_of = file_of
        self._most_bytes = most_bytes
        self._min_free_bytes = min_free_bytes
        self._parts: dict[CallId, dict[int, _Part]] = {}

    async def begin(self, call_id: CallId, agent: AgentId) -> int:
        """The number of a new part of this live call. PictureRefused."""
        parts = self._parts.setdefault(call_id, {})
        number = max(parts, default=0) + 1
        while await asyncio.to_thread(self.path(call_id, number).exists):  # a daemon before us had them
            number += 1
        for other in list(parts):
            self._end(call_id, other)
        parts[number] = _Part(self._file(call_id, number), agent)
        self._note(call_id, number)
        return number

    async def append(self, call_id: CallId, number: int, chunk: int, data: bytes, last: bool) -> None:
        """The next chunk; one that has come before changes nothing. PictureRefused."""
        part = self._parts.get(call_id, {}).get(number)
        if part is None:
            raise PictureRefused("unknown_part", "begin a new part")
        async with part.writing:
            if chunk > part.chunk:
                raise PictureRefused("missing_chunk", f"chunk {part.chunk} is missing", part.chunk)
            if chunk == part.chunk:
                if part.over.is_set():
                    raise PictureRefused("unknown_part", "begin a new part")
                used = sum(one.bytes for one in self._parts[call_id].values())
                if used + len(data) > self._most_bytes:
                    self._end(call_id, number)
                    raise PictureRefused("too_large", "the pictures of this call are more than is kept")
                if data:
                    await asyncio.to_thread(self._write, part, data)
                part.chunk, part.bytes = chunk + 1, part.bytes + len(data)
        if last:
            self._end(call_id, number)

    def agent_of(self, call_id: CallId, number: int) -> AgentId | None:
        """Whose part it is; None: there is no such part (any more)."""
        part = self._parts.get(call_id, {}).get(number)
        return part.agent if part is not None else None

    async def settled(self, call_id: CallId) -> None:
        """The call is about to end: waits for the last chunks, and notes what there is."""
        parts = self._parts.get(call_id, {})
        try:
            async with asyncio.timeout(_END_LIMIT_S):
                for part in parts.values():
                    await part.over.wait()
        except TimeoutError:
            log.info("picture_without_its_end", call_id=call_id)
        for number, part in parts.items():
            async with part.writing:  # what is noted of a film is what there is of it
                self._end(call_id, number)
        self._parts.pop(call_id, None)

    def path(self, call_id: CallId, number: int) -> Path:
        return self.folder / self._file(call_id, number)

    def _file(self, call_id: CallId, number: int) -> PurePosixPath:
        return self._file_of(call_id, f"v{number}").with_suffix(".webm")

    def _write(self, part: _Part, data: bytes) -> None:
        path = self.folder / part.file
        path.parent.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(path.parent).free < self._min_free_bytes + len(data):
            raise PictureRefused("disk_full", "there is no room for pictures")
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
            file.truncate(part.bytes)  # what a write that failed has left
            file.write(data)

    def _end(self, call_id: CallId, number: int) -> None:
        part = self._parts[call_id][number]
        if not part.over.is_set():
            part.over.set()
            self._note(call_id, number)

    def _note(self, call_id: CallId, number: int) -> None:
        part = self._parts[call_id][number]
        data: dict[str, Value] = {"part": number, "file": str(part.file), "bytes": part.bytes, "agent": part.agent}
        if call_id in self._exchange.board.calls:
            self._exchange.call(CallFact.VIDEO_RECORDED, call_id, data)
