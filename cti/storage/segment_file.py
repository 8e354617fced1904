"""The journal file being written: batches all or nothing, durable when `write` returns, a new file when it is full."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from cti.spread import Spread
from cti.storage import segments
from cti.storage.segments import Position

SEGMENT_SECONDS = 86_400.0
_SYNC_BOUNDS_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class SegmentFile:
    """The file being written; all methods but `open` run on the journal's thread."""

    def __init__(self, folder: Path, segment_bytes: int) -> None:
        self._folder, self._segment_bytes = folder, segment_bytes
        self._handle = -1
        self._number = self._size = 0
        self._opened = 0.0
        self._broken = False
        self._next_look = 0.0
        self.free: int | None = None
        self.written_bytes = 0
        """Since the start."""
        self.syncs = Spread(_SYNC_BOUNDS_S)
        """How long the disk took to say that it has them."""

    def open(self, number: int) -> Position:
        path = segments.segment_path(self._folder, number)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.fsync(handle)
            segments.sync_folder(self._folder)
        except OSError:
            os.close(handle)
            raise
        self.close()
        self._handle, self._number, self._size = handle, number, os.fstat(handle).st_size
        self._opened = time.monotonic()
        self._broken = False
        return Position(number, self._size)

    def write(self, lines: bytes, head: Callable[[], bytes]) -> Position:
        """All or nothing: on OSError the file ends where it ended before, or is given up for a new one."""
        old = self._size >= self._segment_bytes or time.monotonic() - self._opened > SEGMENT_SECONDS
        if (self._broken or old) and self._size:
            self.open(self._number + 1)
        elif self._broken:
            os.ftruncate(self._handle, 0)
        if self._size == 0:
            lines = head() + lines
        # After a failed fsync the kernel may have thrown the pages away while calling them clean, so that a second
        # fsync would say yes to nothing: what is not acknowledged goes to a new file. A short write alone is undone.
        self._broken = True
        try:
            view = memoryview(lines)
            while view:
                view = view[os.write(self._handle, view) :]
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, self._size)
                self._broken = False
            raise
        began = time.monotonic()
        os.fdatasync(self._handle)
        self.syncs.add(time.monotonic() - began)
        self._broken = False
        self._size += len(lines)
        self.written_bytes += len(lines)
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + 5.0
            self.free = free_bytes(self._folder)
        return Position(self._number, self._size)

    def close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def free_bytes(folder: Path) -> int:
    stat = os.statvfs(folder)
    return stat.f_bavail * stat.f_frsize
