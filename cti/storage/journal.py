"""The journal: every milestone is on disk within about 50 ms, in order, before anybody is told of it.

Used on the event loop; writing and fsync happen on a thread of its own. A full or failing disk never blocks a call
and never changes the order: milestones wait in memory (bounded and counted) until the disk takes them again.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from cti.calls import Milestone
from cti.spread import Spread
from cti.storage import segments
from cti.storage.kept import Kept
from cti.storage.segment_file import SegmentFile, free_bytes
from cti.storage.segments import Damage, JournalError, Position, read
from cti.storage.worker import Worker

__all__ = ["Damage", "Health", "Journal", "JournalError", "Position", "read"]

log = structlog.get_logger()

SEGMENT_BYTES = 4 * 2**20
"""About 25,000 lines: a quarter of a second to read at a start."""
MAX_PENDING = 200_000
"""Milestones kept in memory while the disk fails: some hours of a city of 300 seats, about 150 MB."""
_MAX_BATCH = 5_000
_RETRY_S = (0.05, 0.1, 0.2, 0.5, 1.0)
_SLOW_DISK_MS = 2_000.0


@dataclass(frozen=True, slots=True)
class Health:
    """`ok` False: `reason` says what fails and what helps."""

    ok: bool
    reason: str = ""


@dataclass(slots=True)
class _Entry:
    milestone: Milestone
    line: bytes
    since: float


class Journal:
    """Append-only files in `folder`; one writer per folder.

    `on_durable` gets each batch on the loop, in order, once it is on disk; it must not raise. JournalError when the
    folder cannot be used or has less than `min_free_bytes` left. A torn tail of the last run is cut off here.
    """

    def __init__(
        self,
        folder: Path,
        *,
        flush_after_s: float = 0.02,
        on_durable: Callable[[Sequence[Milestone]], None] = lambda batch: None,
        min_free_bytes: int = 0,
        segment_bytes: int = SEGMENT_BYTES,
        max_pending: int = MAX_PENDING,
    ) -> None:
        self.folder = folder
        self.torn_bytes = 0
        self.damaged: list[Damage] = []
        self.dropped = 0
        """Milestones that are lost because the disk failed for longer than memory lasts."""
        self._flush_after_s = flush_after_s
        self.on_durable = on_durable
        self._min_free = min_free_bytes
        self._max_pending = max_pending
        self._pending: deque[_Entry] = deque()
        self._appended = self._durable = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._work = asyncio.Event()
        self._hurry = asyncio.Event()
        self._moved = asyncio.Event()
        self._inflight: tuple[list[_Entry], asyncio.Future[Position]] | None = None
        self._writing = asyncio.Lock()
        self._closing = False
        self._failure = ""
        self._free: int | None = None
        self._kept = Kept()
        self._file = SegmentFile(folder, segment_bytes)
        self._numbers: set[int] = set()
        self._end = Position(1, 0)
        self._open()
        self._worker = Worker("journal")

    def append(self, milestone: Milestone) -> None:
        """At once, never blocks, never fails: durability is told by `on_durable` and `durable()`."""
        if len(self._pending) >= self._max_pending:
            if self.dropped == 0:
                log.critical("journal_memory_full", kept=len(self._pending), reason=self._failure)
            self.dropped += 1
            return
        self._pending.append(_Entry(milestone, segments.encode(milestone), time.monotonic()))
        self._appended += 1
        self._work.set()

    async def durable(self) -> None:
        """Waits until everything appended so far is on disk, and writes it without further gathering."""
        if self._durable >= self._appended:
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((self._appended, done))
        self._hurry.set()
        await done

    async def run(self) -> None:
        """The writer task; ends by `close()`."""
        failures = 0
        while not self._closing or self._pending:
            if not self._pending:
                self._work.clear()
                await self._work.wait()
                continue
            await self._gather()
            try:
                await self._write_batch()
                failures = 0
            except OSError as error:
                self._fail(error)
                delay = _RETRY_S[min(failures, len(_RETRY_S) - 1)]
                failures += 1
                if self._closing:
                    return
                await asyncio.sleep(delay)

    async def close(self, timeout_s: float = 5.0) -> None:
        """Writes what is left, trying for `timeout_s`; what a failing disk still refuses then is lost, and logged."""
        self._closing = True
        self._work.set()
        self._hurry.set()
        deadline = time.monotonic() + timeout_s
        while self._pending and time.monotonic() < deadline:
            try:
                async with asyncio.timeout(deadline - time.monotonic()):
                    await self._write_batch()
            except TimeoutError:
                break
            except OSError as error:
                self._fail(error)
                await asyncio.sleep(_RETRY_S[1])
        if self._pending:
            log.critical("journal_unwritten_at_close", milestones=len(self._pending), reason=self._failure)
        self._work.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await self._worker.run(self._file.close)
        self._worker.stop()
        os.close(self._id_file)

    @property
    def lag_ms(self) -> float:
        """Age of the oldest milestone that is not on disk yet."""
        return (time.monotonic() - self._pending[0].since) * 1000 if self._pending else 0.0

    @property
    def pending(self) -> int:
        """Milestones that are not on disk yet."""
        return len(self._pending)

    @property
    def written(self) -> int:
        """Milestones put on disk since the start …"""
        return self._durable

    @property
    def written_bytes(self) -> int:
        """… and what that came to, with what stands at the head of each file."""
        return self._file.written_bytes

    @property
    def syncs(self) -> Spread:
        """How long the disk took for each batch."""
        return self._file.syncs

    @property
    def free_bytes(self) -> int | None:
        """On its disk, as last looked at; None: nothing was written yet."""
        return self._free

    @property
    def state(self) -> Health:
        if self.dropped:
            return Health(False, f"{self.dropped} milestones lost: {self._failure or 'the disk failed for too long'}")
        if self._failure:
            return Health(False, f"{len(self._pending)} milestones wait in memory: {self._failure}")
        if self.lag_ms > _SLOW_DISK_MS:
            return Health(False, f"the disk of {self.folder} has not answered for {self.lag_ms / 1000:.1f} s")
        if self._free is not None and self._free < self._min_free:
            return Health(False, _too_little(self.folder, self._free, self._min_free))
        if self.damaged:
            return Health(False, str(self.damaged[0]))
        return Health(True)

    @property
    def end(self) -> Position:
        """Everything before it is on disk."""
        return self._end

    async def moved(self, since: Position) -> None:
        """Waits until there is something on disk after `since`."""
        while self._end <= since:
            self._moved.clear()
            await self._moved.wait()

    async def drained(self, position: Position) -> None:
        """Everything before `position` is in SQL: deletes files that nobody needs any more."""
        passed = {number for number in self._numbers if number < min(position.segment, self._end.segment)}
        for number in sorted(passed and passed - self._kept.needed()):
            await self._worker.run(
                lambda path: path.unlink(missing_ok=True), segments.segment_path(self.folder, number)
            )
            self._numbers.discard(number)
            log.info("journal_segment_deleted", segment=number)
        if passed:
            self._kept.forget(min(self._numbers))

    def _open(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.id = self._lock()
            numbers = segments.segments(self.folder)
            for number in numbers:
                self._scan(number, last=number == numbers[-1])
            self._end = self._file.open(numbers[-1] if numbers else 1)
            self._numbers = {*numbers, self._end.segment}
            free = free_bytes(self.folder)
        except OSError as error:
            raise JournalError(
                f"{self.folder}: the journal cannot be opened ({error.strerror}); "
                "make the folder writable for this user and leave some space on its disk"
            ) from None
        if free < self._min_free:
            self._file.close()
            os.close(self._id_file)
            raise JournalError(_too_little(self.folder, free, self._min_free))

    def _lock(self) -> str:
        """Makes this process the one writer of the folder (until it ends, however it ends) and gives the journal's id.

        The id is what SQL keeps the drain position under: a folder begun anew is never taken for the old one.
        """
        self._id_file = os.open(self.folder / "id", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._id_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._id_file)
            raise JournalError(f"{self.folder}: another process writes this journal; stop the other daemon") from None
        identity = os.read(self._id_file, 64).decode("ascii", "replace").strip()
        if not identity:
            identity = uuid.uuid4().hex
            os.write(self._id_file, identity.encode())
            os.fsync(self._id_file)
        return identity

    def _scan(self, number: int, *, last: bool) -> None:
        """Learns what earlier runs left open; cuts a torn tail, so that new lines follow good ones."""
        path = segments.segment_path(self.folder, number)
        good = 0
        for item, after in segments.read_segment(path):
            if not isinstance(item, Damage):
                self._kept.add(item, number)
                good = after
                continue
            segments.log_damage(item)
            if not item.tail:
                self.damaged.append(item)
            else:
                self.torn_bytes += item.size
                if last:
                    os.truncate(path, good)

    async def _gather(self) -> None:
        """Lets the batch grow until its first milestone is `flush_after_s` old, or somebody waits for it."""
        if self._waiting or self._closing:
            return
        self._hurry.clear()
        rest = self._flush_after_s - self.lag_ms / 1000
        if rest > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rest):
                    await self._hurry.wait()

    async def _write_batch(self) -> None:
        """One batch to disk and told. OSError: nothing is lost, the same batch is written by the next call."""
        async with self._writing:
            if self._inflight is None:
                if not self._pending:
                    return
                batch = [entry for entry, _ in zip(self._pending, range(_MAX_BATCH), strict=False)]
                lines = b"".join(entry.line for entry in batch)
                self._inflight = batch, self._worker.submit(self._file.write, lines, self._kept.lasting_lines)
            batch, written = self._inflight
            try:
                # A cancelled writer task must not forget a batch on its way to the disk: it would be written twice.
                end = await asyncio.shield(written)
            except OSError:
                self._inflight = None
                raise
            self._inflight = None
            for _ in batch:
                self._pending.popleft()
            self._end = end
            self._numbers.add(end.segment)
            self._durable += len(batch)
            if self._failure:
                log.info("journal_recovered", waited_ms=round((time.monotonic() - batch[0].since) * 1000))
                self._failure = ""
            self._free = self._file.free
            for entry in batch:
                self._kept.add(entry.milestone, end.segment)
            self.on_durable([entry.milestone for entry in batch])
            while self._waiting and self._waiting[0][0] <= self._durable:
                _, done = self._waiting.popleft()
                if not done.done():
                    done.set_result(None)
            self._moved.set()

    def _fail(self, error: OSError) -> None:
        if not self._failure:
            log.error("journal_write_failed", folder=str(self.folder), error=error.strerror, waiting=len(self._pending))
        self._failure = f"{self.folder}: {error.strerror}; free space on this disk, the journal goes on by itself"


def _too_little(folder: Path, free: int, needed: int) -> str:
    return (
        f"{folder}: {free // 2**20} MB free, {needed // 2**20} MB needed; "
        "remove old recordings or put `var` on a larger disk (settings: var, calls.min_free_mb)"
    )
