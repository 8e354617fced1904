"""The live picture for web processes: a snapshot and a stream of milestones on Redis. Never the only copy of a fact.

Keys: `yihu:{city}:snapshot` (the newest whole picture), channel `yihu:{city}:milestones` (JSON lists of milestones).
A message `{"gap": n}` on the channel says that n milestones were not sent: read the snapshot again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from typing import Protocol

import orjson
import structlog
from redis.exceptions import RedisError

from cti.calls import Milestone
from cti.storage.journal import Health
from cti.storage.redis_client import connect
from cti.storage.segments import as_json

log = structlog.get_logger()

MAX_OUTBOX = 10_000
"""Milestones that wait for Redis; beyond it the oldest go, for watchers want the newest."""
_TIMEOUT_S = 1.0
_RETRY_S = (0.1, 0.2, 0.5, 1.0)


class LiveBus(Protocol):
    """Both return at once and never fail; what cannot be delivered is dropped and counted."""

    def publish(self, milestones: Sequence[Milestone]) -> None:
        """To be called in the order of the journal, after milestones are durable."""

    def set_snapshot(self, text: bytes) -> None:
        """Replaces the picture; of several between two deliveries only the newest counts."""


class MemoryLive:
    """A `LiveBus` within the process."""

    def __init__(self) -> None:
        self.published: deque[Milestone] = deque(maxlen=MAX_OUTBOX)
        self.snapshot = b""

    def publish(self, milestones: Sequence[Milestone]) -> None:
        self.published.extend(milestones)

    def set_snapshot(self, text: bytes) -> None:
        self.snapshot = text


class RedisLive:
    """A `LiveBus` on the server at `url` (redis:// or unix://); `run` delivers."""

    def __init__(self, url: str, city: str, *, max_outbox: int = MAX_OUTBOX) -> None:
        self.snapshot_key = f"yihu:{city}:snapshot"
        self.channel = f"yihu:{city}:milestones"
        self._redis = connect(url, _TIMEOUT_S)
        self._outbox: deque[Milestone] = deque(maxlen=max_outbox)
        self._snapshot: bytes | None = None
        self._snapshot_due = False
        self._gap = 0
        self._work = asyncio.Event()
        self._failure = ""
        self.dropped = 0
        """Milestones that watchers have not been sent since the start."""

    def publish(self, milestones: Sequence[Milestone]) -> None:
        overflow = max(0, len(self._outbox) + len(milestones) - (self._outbox.maxlen or 0))
        self._drop(overflow)
        self._outbox.extend(milestones)
        self._work.set()

    def set_snapshot(self, text: bytes) -> None:
        self._snapshot, self._snapshot_due = text, True
        self._work.set()

    async def run(self) -> None:
        """Delivers until cancelled; while Redis is away it tries again every second at the latest."""
        failures = 0
        while True:
            await self._work.wait()
            self._work.clear()
            try:
                await self._deliver()
                failures = 0
                if self._failure:
                    log.info("live_bus_recovered", dropped=self.dropped)
                    self._failure = ""
            except (RedisError, OSError) as error:
                if not self._failure:
                    log.warning("live_bus_failed", error=str(error) or type(error).__name__)
                self._failure = str(error) or type(error).__name__
                # Whoever watches may have seen the old Redis vanish with its picture: the whole of it again.
                self._snapshot_due = self._snapshot is not None
                await asyncio.sleep(_RETRY_S[min(failures, len(_RETRY_S) - 1)])
                failures += 1
                self._work.set()

    async def close(self) -> None:
        """After `run` was cancelled."""
        with contextlib.suppress(RedisError, OSError):
            await self._redis.aclose()

    @property
    def state(self) -> Health:
        if self._failure:
            return Health(False, f"Redis: {self._failure}; wallboards stand still, calls and records do not need it")
        return Health(True)

    async def _deliver(self) -> None:
        if self._gap:
            await self._redis.ping()  # a gap is told once Redis is back, not tried blindly
        if self._snapshot_due and self._snapshot is not None:
            await self._redis.set(self.snapshot_key, self._snapshot)
            self._snapshot_due = False
        if self._gap:
            gap, self._gap = self._gap, 0
            try:
                await self._redis.publish(self.channel, orjson.dumps({"gap": gap}))
            except (RedisError, OSError):
                self._gap += gap
                raise
        while self._outbox:
            batch = [self._outbox.popleft() for _ in range(min(len(self._outbox), 500))]
            try:
                await self._redis.publish(self.channel, b"[" + b",".join(map(as_json, batch)) + b"]")
            except (RedisError, OSError):
                # Perhaps delivered, perhaps not: sending again could show it twice, so it is a gap.
                self._drop(len(batch))
                raise

    def _drop(self, count: int) -> None:
        self.dropped += count
        self._gap += count
