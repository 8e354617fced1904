"""The schedule file on disk: read at the start, watched for changes; a bad one is not used."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from agents.schedule import Schedule, ScheduleError, read_schedule

log = structlog.get_logger()


class ScheduleFile:
    """`current` is the last good one; an empty one if there has been no file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.current = Schedule()

    def read(self) -> Schedule:
        """The schedule as it stands in the file; an empty one without a file. ScheduleError names file and line."""
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return Schedule()
        except (OSError, UnicodeDecodeError) as error:
            raise ScheduleError(f"{self.path}: cannot be read: {error}") from None
        return read_schedule(text, str(self.path))

    def load(self) -> None:
        """Takes the file over, or says in the log why not: calls do not wait for it."""
        try:
            self.current = self.read()
        except ScheduleError as error:
            log.error("schedule_refused", problem=str(error))

    async def watch(self, poll_s: float = 1.0) -> None:
        """Until cancelled: takes over every change."""
        seen = await asyncio.to_thread(self._stamp)
        while True:
            await asyncio.sleep(poll_s)
            stamp = await asyncio.to_thread(self._stamp)
            if stamp != seen:
                seen = stamp
                await asyncio.to_thread(self.load)
                log.info("schedule_changed", shifts=len(self.current.shifts))

    def _stamp(self) -> tuple[int, int]:
        try:
            stat = self.path.stat()
        except OSError:
            return (0, 0)
        return (stat.st_mtime_ns, stat.st_size)
