"""Reports as pages ask for them: made one after the other on a thread and a connection of their own.

Calls and records do not wait for a report, and memory is that of one report, however many are asked for.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any, Final, Literal, TypeVar

from agents.schedule import Schedule
from cti.calls import CallId
from cti.metrics.asked import Asked
from cti.metrics.losses import Loss
from cti.metrics.table_view import loss_view, table_view
from cti.metrics.words import Lang, Words
from cti.report_making import Making
from cti.settings import Settings
from cti.storage.sql import SqlStore
from cti.storage.store import StoreError
from cti.storage.worker import Worker

_MOST_WAITING: Final = 8

T = TypeVar("T")


class ReportsBusy(Exception):
    """So many reports are asked for already that another one would be waited for too long."""


class ReportDesk:
    """TimeoutError: the records are away. ReportsBusy. `tasks_of`: the callback tasks that calls have gone into."""

    def __init__(
        self,
        settings: Settings,
        schedule: Callable[[], Schedule],
        words: Callable[[Lang], Words],
        tasks_of: Callable[[Collection[CallId]], Mapping[CallId, Mapping[str, Any]]],
        drained: Callable[[], Awaitable[None]],
        wall: Callable[[], float],
    ) -> None:
        """`drained`: returns soon, with what has happened in the records if that was possible."""
        self._settings = settings
        self._schedule = schedule
        self._words = words
        self._tasks_of = tasks_of
        self._drained = drained
        self._wall = wall
        self._worker = Worker("reports")
        self._waiting = 0

    async def view(self, asked: Asked) -> dict[str, Any]:
        """SpanError if there is nothing to compare with."""
        voices = self._voices()

        def job(making: Making) -> dict[str, Any]:
            found = making.report(asked)
            return table_view(found.table, found.about, voices)

        return await self._run(job)

    async def losses(
        self, asked: Asked, row: str | None, place: str | None, skip: int, most: int
    ) -> tuple[list[dict[str, Any]], bool]:
        """So many of the lost calls behind a figure after the first ones, and whether there are more."""

        def job(making: Making) -> list[Loss]:
            return list(islice(making.losses(asked, row, place), skip, skip + most + 1))

        found = await self._run(job)
        shown, voices = found[:most], self._voices()
        tasks = self._tasks_of([loss.call_id for loss in shown])
        return [loss_view(loss, tasks.get(loss.call_id), voices) for loss in shown], len(found) > most

    @asynccontextmanager
    async def file(self, asked: Asked, lang: Lang, kind: Literal["csv", "xlsx"]) -> AsyncIterator[Path]:
        """It goes away afterwards. SpanError, OSError."""
        folder = await asyncio.to_thread(mkdtemp, prefix="yihu-report-")
        try:
            path = Path(folder) / f"report.{kind}"
            await self.write(asked, lang, [path])
            yield path
        finally:
            await asyncio.to_thread(rmtree, folder, ignore_errors=True)

    async def write(self, asked: Asked, lang: Lang, paths: Sequence[Path]) -> None:
        """The same report in each of these files, as CSV or XLSX by its name. SpanError, OSError."""
        words = self._words(lang)

        def job(making: Making) -> None:
            found = making.report(asked)
            for path in paths:
                if path.suffix == ".csv":
                    making.write_csv(path, found, words)
                else:
                    making.write_xlsx(path, asked, found, words)

        await self._run(job)

    def stop(self) -> None:
        self._worker.stop()

    def _voices(self) -> tuple[Words, Words]:
        return self._words("zh"), self._words("en")

    async def _run(self, job: Callable[[Making], T]) -> T:
        if self._waiting >= _MOST_WAITING:
            raise ReportsBusy
        self._waiting += 1
        gone = threading.Event()
        try:
            await self._drained()
            made: T = await self._worker.run(_made, job, self._settings, self._schedule(), self._wall(), gone)
            return made
        except StoreError as error:
            raise TimeoutError(str(error)) from None
        finally:
            gone.set()
            self._waiting -= 1


def _made(job: Callable[[Making], T], settings: Settings, schedule: Schedule, now: float, gone: threading.Event) -> T:
    if gone.is_set():
        raise TimeoutError("nobody waits for it any more")
    store = SqlStore.open(settings.sql_url)
    try:
        return job(Making(store, settings, schedule, now))
    finally:
        store.close()
