"""Waiting for a condition on the event loop instead of sleeping for a result."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def eventually(condition: Callable[[], object], limit_s: float, what: str) -> None:
    """Returns when `condition` is true; AssertionError naming `what` when it is not in time."""
    loop = asyncio.get_running_loop()
    end = loop.time() + limit_s
    while not condition():
        assert loop.time() < end, f"{what}: not within {limit_s:g} s"
        await asyncio.sleep(0.002)
