"""The form of tickets on disk: the shipped files, and in front of them those of the city; a bad one is not used."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from cti.tickets.form import Form, FormError, load_form

log = structlog.get_logger()


class FormFiles:
    """`current` is the last good form; the shipped one if the city's has never been good."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shipped = load_form()
        self.current: Form = self._shipped
        self._take()

    async def watch(self, poll_s: float = 1.0) -> None:
        """Until cancelled: takes over every change."""
        seen = await asyncio.to_thread(self._stamp)
        while True:
            await asyncio.sleep(poll_s)
            stamp = await asyncio.to_thread(self._stamp)
            if stamp != seen:
                seen = stamp
                await asyncio.to_thread(self._take)

    def _take(self) -> None:
        try:
            self.current = load_form(self._folder)
        except FormError as error:
            log.error("ticket_form_refused", problem=str(error))
        else:
            log.info("ticket_form_taken", samples=list(self.current.sample))

    def _stamp(self) -> tuple[tuple[str, int, int], ...]:
        files = sorted(self._folder.glob("*.toml")) if self._folder.is_dir() else []
        stamps = []
        for file in files:
            try:
                stat = file.stat()
            except OSError:
                continue
            stamps.append((file.name, stat.st_mtime_ns, stat.st_size))
        return tuple(stamps)
