"""How this system talks to Redis: everything is sent once and waited for a while at most, and who is cancelled ends."""

from __future__ import annotations

import asyncio
from typing import Any

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff


def connect(url: str, timeout_s: float) -> Redis:
    """A client of the server at `url` (redis://, rediss:// or unix://).

    No retries: redis-py can send a command again after a lost reply, and a PUBLISH would come twice.
    """
    pool = ConnectionPool.from_url(
        url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s, retry=Retry(NoBackoff(), 0)
    )
    kind = pool.connection_class
    pool.connection_class = type(f"Cancellable{kind.__name__}", (_Cancellable, kind), {})
    return Redis.from_pool(pool)


class _Cancellable:
    """redis-py sends with asyncio.wait_for(), which before Python 3.12 forgets that its task was cancelled when the
    sending has just ended. A loop over commands would go on for ever then, and with it a daemon that is to stop."""

    async def send_packed_command(self, *args: Any, **options: Any) -> None:
        task = asyncio.current_task()
        before = task.cancelling() if task is not None else 0
        await super().send_packed_command(*args, **options)  # type: ignore[misc]
        if task is not None and task.cancelling() > before:
            await self.disconnect(nowait=True)  # type: ignore[attr-defined]  # nobody will read the answer
            raise asyncio.CancelledError
