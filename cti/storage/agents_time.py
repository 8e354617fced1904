"""Agents' time by half hour, made from the milestones of SQL one stretch after the other."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

import sqlalchemy as sa

from cti.calls import Milestone
from cti.metrics.agents import LOOK_BACK_S
from cti.metrics.figures import Sums
from cti.metrics.groups import Period, half_hour_of
from cti.metrics.half_hours import HALF_HOUR_S
from cti.metrics.live_agents import LiveAgents
from cti.metrics.rollups import AgentRollup
from cti.storage.sql_sums import Made, SqlSums

_AT_ONCE_S = 3600.0
"""So much is read in one transaction: whole half hours."""


class _Store(Protocol):
    @property
    def kept(self) -> SqlSums: ...
    def transaction(self, *, write: bool = True) -> AbstractContextManager[sa.Connection]: ...
    def said_between(self, connection: sa.Connection, since: float, until: float) -> list[Milestone]: ...


class AgentsTime:
    """What agents were at the end of the last stretch is remembered: the next one need not look back over days."""

    def __init__(self, store: _Store) -> None:
        self._store = store
        self._live: LiveAgents | None = None
        self._run_since = self._read_until = self._origin = 0.0
        """Where the half hours that are being made begin; up to where milestones were read; the first half hour that
        rests on what is remembered."""

    def step(self, half_hours: Period, now: float) -> Made | None:
        """A part of the making of these whole half hours; call it until it gives None. May raise
        StoreUnavailableError."""
        if self._live is None or half_hours.since not in (self._run_since, self._read_until):
            self._begin(half_hours.since)
        self._run_since = half_hours.since
        if self._read_until >= half_hours.until:
            self._run_since = self._read_until
            return None
        at = self._read_until
        until = min(at + _AT_ONCE_S, half_hours.since if at < half_hours.since else half_hours.until)
        try:
            return self._made(Period(at, until), write=at >= half_hours.since, now=now)
        except BaseException:
            self._live = None  # it may have been told what was not written
            raise

    def _begin(self, since: float) -> None:
        self._origin = since
        self._read_until = half_hour_of(since - LOOK_BACK_S)
        self._live = LiveAgents(self._read_until)

    def _made(self, part: Period, *, write: bool, now: float) -> Made | None:
        assert self._live is not None
        with self._store.transaction(write=write) as connection:
            if write and self._store.kept.any_dirty(connection, "agents", self._origin, part.since):
                self._live = None  # something came that was before what has been read
                return Made()
            self._live.add(self._store.said_between(connection, part.since, part.until))
            self._live.settle(part.until)
            found = Made()
            if write:
                found = self._write(connection, self._live.sums(part.until), part, now)
        self._live.forget(part.until)
        self._read_until = part.until
        return found

    def _write(self, connection: sa.Connection, sums: AgentRollup, part: Period, now: float) -> Made:
        differed = 0
        known = {key: Sums({code: n for code, n in found.items() if n}) for key, found in sums.items()}
        for half_hour in range(int(part.since), int(part.until), HALF_HOUR_S):
            of_half_hour = {key: found for key, found in known.items() if key.half_hour == half_hour and found}
            differed += self._store.kept.put_agents(connection, half_hour, of_half_hour, now).differed
        return Made(differed)
