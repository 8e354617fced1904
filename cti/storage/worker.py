"""One thread for work that blocks (fsync, SQL), seen from the event loop as awaitable calls done in order."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
_Job = tuple[Callable[[], Any], asyncio.Future[Any], asyncio.AbstractEventLoop]


class Worker:
    """Runs what it is given one after the other on its own thread.

    A daemon thread and not an executor: an executor is joined at interpreter exit, so a disk or a database that never
    answers would keep a stopped process alive. Cancelling the awaiting task does not stop a job that has begun.
    """

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def submit(self, job: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        """Called on the loop; the future gets the job's result or its exception."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._jobs.put((lambda: job(*args), future, loop))
        return future

    async def run(self, job: Callable[..., T], *args: Any) -> T:
        return await self.submit(job, *args)

    def give(self, job: Callable[..., object], *args: Any) -> None:
        """As `submit`, for a job that cannot fail and whose result nobody needs."""
        self.submit(job, *args).add_done_callback(lambda _: None)

    def stop(self) -> None:
        """Ends the thread after the jobs already given; does not wait for it."""
        self._jobs.put(None)

    def _work(self) -> None:
        while (item := self._jobs.get()) is not None:
            job, future, loop = item
            try:
                result: Any = job()
                error: BaseException | None = None
            except BaseException as raised:  # noqa: BLE001 - it belongs to the one who awaits
                result, error = None, raised
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody awaits any more
                loop.call_soon_threadsafe(_settle, future, result, error)


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.cancelled():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
