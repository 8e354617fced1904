"""Runs a command's work so that a signal ends it with everything stopped that it had started."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run_cleanly(work: Coroutine[Any, Any, T]) -> T:
    """As asyncio.run, which cares for Ctrl-C alone: SIGTERM and SIGHUP, too, cancel the work, then end the program."""

    async def main() -> T:
        task = asyncio.current_task()
        assert task is not None
        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        return await work

    try:
        return asyncio.run(main())
    except asyncio.CancelledError:
        raise SystemExit(128 + signal.SIGTERM) from None
