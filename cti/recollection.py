"""What a fresh daemon reads from the records of its city: who called lately, agents' day so far, the last weeks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any, Protocol, TypeVar

from cti.calls import AgentId
from cti.past_calls import Records, past_calls, patiently
from cti.rules import Waiting
from cti.storage.store import Store
from cti.today import Today
from cti.waiting_room import WaitingRoom

_WEEKS_S = 28 * 86_400.0
_LEARN_EVERY_S = 86_400.0

T = TypeVar("T")


class Worker(Protocol):
    """Runs the store's reads beside the event loop."""

    async def run(self, job: Callable[..., T], *args: Any) -> T: ...


class Recollection:
    """`run` until cancelled. It waits for what the last daemon left in its journal: the records are whole then."""

    def __init__(
        self,
        store: Store,
        worker: Worker,
        records: Records,
        drained: Callable[[], Awaitable[None]],
        room: WaitingRoom,
        today: Today,
        waiting: Callable[[], Waiting],
        wall: Callable[[], float],
        local_time: Callable[[float], datetime],
    ) -> None:
        self._store, self._worker, self._records, self._drained = store, worker, records, drained
        self._room, self._today, self._waiting = room, today, waiting
        self._wall, self._local_time = wall, local_time

    async def run(self) -> None:
        began_at = self._wall()
        await self._drained()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._citizens(began_at))
            group.create_task(self._agents(began_at))
            group.create_task(self._weeks())

    async def _citizens(self, began_at: float) -> None:
        """Who calls again: his last agent of the last days, and first the place of who was cut off a moment ago."""
        rules = self._waiting()
        since = began_at - max(rules.last_agent_days * 86_400.0, rules.kept_place_s + 3600.0)
        async for record in past_calls(self._records, since, began_at, newest_first=True):
            self._room.remember(record)

    async def _agents(self, began_at: float) -> None:
        """What agents did today before this process began."""
        midnight = self._local_time(began_at).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
        at_desks = await patiently(partial(self._worker.run, self._store.at_desks, midnight, began_at))
        said = await patiently(partial(self._worker.run, self._store.beside_calls, "agent", midnight, began_at))
        self._today.add(sorted((*at_desks, *said), key=lambda m: m.at))
        async for record in past_calls(self._records, midnight, began_at):
            if record.satisfied is not None and record.agents:
                self._today.recall_rating(AgentId(record.agents[-1]), satisfied=record.satisfied)

    async def _weeks(self) -> None:
        """For estimates and forecasts; without it they rest on the last calls alone."""
        while True:
            since, until = self._wall() - _WEEKS_S, self._wall()
            self._room.learn(await patiently(partial(self._worker.run, self._store.half_hours, since, until)))
            await asyncio.sleep(_LEARN_EVERY_S)
