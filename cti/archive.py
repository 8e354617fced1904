"""What pages and rules ask of the records: answered when everything that has happened is in SQL."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from agents.roster import Agent
from agents.schedule import Schedule
from cti.calls import AgentId, CallFact, CallId, Milestone
from cti.metrics.agents import AgentDay
from cti.metrics.explain_text import answer
from cti.metrics.record import CallRecord, fold_with_faults
from cti.metrics.words import Lang, Words
from cti.storage.agent_days import read_agent_days
from cti.storage.records import Records
from cti.storage.store import StoreError
from cti.storage.whys import why
from cti.timelines import Timelines

_BEHIND_S = 5.0

T = TypeVar("T")


class Archive:
    """TimeoutError: the records are behind or away. `skills`: their names. `paired`: another daemon may have
    noted something of a call."""

    def __init__(
        self,
        records: Records,
        timelines: Timelines,
        wall: Callable[[], float],
        zone: ZoneInfo,
        skills: Callable[[], Mapping[str, tuple[str, str]]],
        *,
        paired: bool,
    ) -> None:
        self._store, self._worker, self._drainer = records.store, records.worker, records.drainer
        self._timelines = timelines
        self._wall = wall
        self._zone = zone
        self._skills = skills
        self._paired = paired

    async def call(self, call_id: CallId) -> dict[str, Any] | None:
        """A call's record with its milestones, live or ended."""
        milestones = self._timelines.of(call_id) or []
        other_may_know = self._paired and any(m.kind == CallFact.ENDED for m in milestones)
        if not milestones or other_may_know:
            stored = await self._read(self._store.milestones, call_id)
            milestones = max(milestones, stored, key=len)
        if not milestones:
            return None
        rows = [{"seq": m.seq, "at": m.at, "kind": m.kind, "data": dict(m.data)} for m in milestones]
        return {"record": dataclasses.asdict(fold_with_faults(milestones)[0]), "milestones": rows}

    async def record(self, call_id: CallId) -> CallRecord | None:
        """Of a call that has ended."""
        found = await self.milestones(call_id)
        record = fold_with_faults(found)[0] if found else None
        return record if record is not None and record.ended_at is not None else None

    async def milestones(self, call_id: CallId) -> list[Milestone]:
        """All that has happened to a call."""
        await self._up_to_date()
        return await self._read(self._store.milestones, call_id)

    async def why(self, call: str, lang: Lang, roster: Mapping[AgentId, Agent]) -> dict[str, Any] | None:
        """Why the call waited as it did; None: there is no such call."""
        await self._up_to_date()
        found = await self._read(why, self._store, call, roster, self._wall())
        return answer(found, Words.of_roster(lang, roster, self._zone, self._skills())) if found is not None else None

    async def agent_days(
        self, schedule: Schedule, since: datetime, until: datetime, only: Collection[AgentId]
    ) -> list[AgentDay]:
        await self._up_to_date()
        return await self._read(read_agent_days, self._store, schedule, since, until, only)

    async def calls_since(self, since: float) -> list[Mapping[str, Any]]:
        await self._up_to_date()
        records = await self.calls(since, self._wall() + 1)
        return [dataclasses.asdict(record) for record in records]

    async def calls(self, since: float, until: float) -> list[CallRecord]:
        """Ended calls that arrived in that time, as far as they are in SQL."""
        return await self._read(self._store.calls, since, until)

    async def at_desks(self, since: float, until: float) -> list[Milestone]:
        """What agents did, and calls at their desks, by time, as far as it is in SQL."""
        said = await self._read(self._store.beside_calls, "agent", since, until)
        return sorted((*said, *await self._read(self._store.at_desks, since, until)), key=lambda m: m.at)

    async def _read(self, job: Callable[..., T], *args: Any) -> T:
        try:
            return await self._worker.run(job, *args)
        except StoreError as error:
            raise TimeoutError(str(error)) from None

    async def _up_to_date(self) -> None:
        async with asyncio.timeout(_BEHIND_S):
            await self._drainer.drained()
