"""A document on disk that a running daemon follows: read at the start, watched for changes, a bad one not used."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from cti.roster_file import write_private
from cti.toml_file import TomlRefused

log = structlog.get_logger()

T = TypeVar("T")


class WatchedFile(Generic[T]):
    """`current` is the last good one. `read(text, name)` raises TomlRefused; `shipped` is the text without a file.

    At a start with a broken file what was last in use counts, which is kept beside it. If nothing was: TomlRefused, or
    `shipped` where a call can do without the file (`needed` False).
    """

    def __init__(self, path: Path, read: Callable[[str, str], T], shipped: str, *, needed: bool = True) -> None:
        self.path = path
        self._read = read
        self._shipped, self._needed = shipped, needed
        self._good = path.with_name(f".{path.name}.good")
        self._seen = self._stamp()
        self.current = self._start()

    def check_with(self, read: Callable[[str, str], T]) -> None:
        """Reads with this from now on: more is known by which a text can be judged."""
        self._read = read

    def read_again(self) -> None:
        """By the next look, although it has not changed: what it is judged by has."""
        self._seen = (-1, -1, -1)

    async def watch(self, on_change: Callable[[T], None] = lambda _: None, poll_s: float = 0.5) -> None:
        """Until cancelled: takes over every change once the file looked the same twice, so no half-written one."""
        before = self._seen
        while True:
            await asyncio.sleep(poll_s)
            stamp = await asyncio.to_thread(self._stamp)
            if stamp != before:
                before = stamp
            elif stamp != self._seen:
                self._seen = stamp
                if await asyncio.to_thread(self._take):
                    log.info("document_taken", document=self.path.name)
                    on_change(self.current)

    def _start(self) -> T:
        try:
            found = read_document(self.path, self._read, self._shipped)
        except TomlRefused as error:
            if self._needed and not self._good.exists():
                raise
            log.error("document_refused", document=self.path.name, problem=str(error))
            try:
                return self._read(self._good.read_text(encoding="utf-8"), str(self._good))
            except (OSError, UnicodeDecodeError, TomlRefused):
                if self._needed:
                    raise
                return self._read(self._shipped, self.path.name)
        self._keep()
        return found

    def _take(self) -> bool:
        try:
            self.current = read_document(self.path, self._read, self._shipped)
        except TomlRefused as error:
            log.error("document_refused", document=self.path.name, problem=str(error))
            return False
        self._keep()
        return True

    def _keep(self) -> None:
        """A disk that is full must not cost what is good now."""
        try:
            if self.path.exists():
                write_private(self._good, self.path.read_text(encoding="utf-8"))
        except OSError as error:
            log.error("document_not_kept", document=self.path.name, problem=error.strerror)

    def _stamp(self) -> tuple[int, int, int]:
        try:
            stat = self.path.stat()
        except OSError:
            return (0, 0, 0)
        return (stat.st_mtime_ns, stat.st_size, stat.st_ino)


def read_document(path: Path, read: Callable[[str, str], T], shipped: str) -> T:
    """What stands in the file, or in `shipped` without one. TomlRefused."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        text = shipped
    except (OSError, UnicodeDecodeError) as error:
        raise TomlRefused([f"{path}:1: cannot be read: {error}"]) from None
    return read(text, str(path))
