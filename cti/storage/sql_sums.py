"""Sums by half hour in SQL: made from the records, known to be whole or not, put right where they are not.

A half hour is whole as long as nothing that it was made from has changed: what changes it says so in the transaction of
the change (`calls_changed`, `agents_changed`), and until it has been made anew it is read from the records.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

import orjson
import sqlalchemy as sa

from cti.calls import Milestone
from cti.metrics.figures import Sums, of_call
from cti.metrics.groups import AgentKey, Key, half_hour_of
from cti.metrics.half_hours import HALF_HOUR_S
from cti.metrics.record import CallRecord
from cti.metrics.rollups import WAY, AgentRollup
from cti.storage import tables
from cti.storage.store import DESK_FACTS, Kept

Part = Literal["calls", "agents"]
"""What of a half hour is made together: calls by both keys from the records, agents' time from the milestones."""
_KINDS: Mapping[Part, tuple[str, ...]] = {"calls": ("calls", "agents_calls"), "agents": ("agents_time",)}
_made, _sums, _checks = tables.half_hour_made, tables.half_hour_sums, tables.figures_check


class _Row(NamedTuple):
    """Whose sums they are: the key of a row of `half_hour_sums`."""

    half_hour: int
    kind: str
    city: str = ""
    statistics: str = ""
    number: str = ""
    queue: str = ""
    skill: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """What a making found."""

    differed: int = 0
    """Sums that were kept and wrong, or kept of nothing, or not kept; 0 for a half hour that was not whole before."""
    records: int = 0
    """Records that were not what their timelines say."""


@dataclass(frozen=True, slots=True)
class Check:
    """A comparison of figures, and what it found."""

    at: float
    looked: int
    differed: int


class _Store(Protocol):
    def transaction(self, *, write: bool = True) -> AbstractContextManager[sa.Connection]: ...
    def records_between(self, connection: sa.Connection, since: float, until: float) -> list[CallRecord]: ...
    def fold_again(self, connection: sa.Connection, since: float, until: float) -> int: ...


class SqlSums:
    """`KeptSums`, and how they are made. All may raise StoreUnavailableError."""

    def __init__(self, store: _Store) -> None:
        self._store = store

    # Reading

    def calls(self, since: float, until: float, statistics: str | None = None) -> Kept[Key]:
        t = _sums.c
        by = (t.city, t.number, t.queue, t.skill)
        where = t.statistics == statistics if statistics is not None else sa.true()
        whole, rows = self._read("calls", "calls", since, until, by, where)
        return Kept(whole, [(Key(*row[:5]), orjson.loads(row[5])) for row in rows if row[0] in whole])

    def agents_calls(self, since: float, until: float) -> Kept[AgentKey]:
        return self._by_agent("calls", "agents_calls", since, until)

    def agents_time(self, since: float, until: float) -> Kept[AgentKey]:
        return self._by_agent("agents", "agents_time", since, until)

    def first(self, part: Part) -> float | None:
        """When the first call arrived, or an agent first did anything; None: never yet."""
        m = tables.milestone.c
        of_agents = sa.and_(sa.text(tables.NOT_OF_CALLS), m.stream == "agent")
        queries = (
            (sa.select(sa.func.min(tables.call.c.arrived_at)),)
            if part == "calls"
            else (
                sa.select(sa.func.min(m.at)).where(of_agents),
                sa.select(sa.func.min(m.at)).where(sa.text(tables.DESK_KINDS)),
            )
        )
        with self._store.transaction(write=False) as connection:
            found = [connection.execute(query).scalar() for query in queries]
        return min((at for at in found if at is not None), default=None)

    def not_whole(self, part: Part, since: float, until: float) -> list[int]:
        """The half hours of this time that have to be made, by time."""
        with self._store.transaction(write=False) as connection:
            whole = self._whole(connection, part, since, until)
        return [at for at in range(half_hour_of(since), half_hour_of(until), HALF_HOUR_S) if at not in whole]

    def dirty(self, part: Part) -> list[int]:
        """Half hours that were made and are not right any more, by time."""
        query = sa.select(_made.c.half_hour).where(_made.c.part == part, _made.c.dirty | (_made.c.way != WAY))
        with self._store.transaction(write=False) as connection:
            return list(connection.execute(query.order_by(_made.c.half_hour)).scalars())

    # Making

    def make_calls(self, half_hour: int, now: float, *, from_timelines: bool = False) -> Made:
        """From the records of the calls that arrived in it; `from_timelines`: after these have been folded anew."""
        until = half_hour + HALF_HOUR_S
        with self._store.transaction() as connection:
            was_whole = half_hour in self._whole(connection, "calls", half_hour, until)
            records = self._store.fold_again(connection, half_hour, until) if from_timelines else 0
            right = _rows(self._store.records_between(connection, half_hour, until))
            differed = self._put(connection, "calls", half_hour, right)
            self._mark(connection, "calls", half_hour, now)
        return Made(differed if was_whole else 0, records)

    def put_agents(self, connection: sa.Connection, half_hour: int, rollup: AgentRollup, now: float) -> Made:
        """What agents did in this half hour, in the transaction in which it was read."""
        was_whole = half_hour in self._whole(connection, "agents", half_hour, half_hour + HALF_HOUR_S)
        right = {
            _Row(half_hour, "agents_time", agent=key.agent): sums
            for key, sums in rollup.items()
            if key.half_hour == half_hour
        }
        differed = self._put(connection, "agents", half_hour, right)
        self._mark(connection, "agents", half_hour, now)
        return Made(differed if was_whole else 0)

    def any_dirty(self, connection: sa.Connection, part: Part, since: float, until: float) -> bool:
        t = _made.c
        query = sa.select(t.half_hour).where(t.part == part, t.half_hour >= since, t.half_hour < until, t.dirty)
        return connection.execute(query.limit(1)).scalar() is not None

    # What changes, in the transaction of the change

    def calls_changed(self, connection: sa.Connection, arrived_at: Iterable[float]) -> None:
        """Records of calls that arrived then are not what they were."""
        half_hours = {half_hour_of(at) for at in arrived_at}
        where = (_made.c.part == "calls") & _made.c.half_hour.in_(half_hours) & ~_made.c.dirty
        connection.execute(sa.update(_made).where(where).values(dirty=True))

    def agents_changed(self, connection: sa.Connection, batch: Sequence[Milestone]) -> None:
        """What an agent does says what he is from then on."""
        moments = [m.at for m in batch if m.stream == "agent" or (m.stream == "call" and m.kind in DESK_FACTS)]
        if moments:
            since = half_hour_of(min(moments))
            where = (_made.c.part == "agents") & (_made.c.half_hour >= since) & ~_made.c.dirty
            connection.execute(sa.update(_made).where(where).values(dirty=True))

    # What checks found

    def found(self, what: str, check: Check) -> None:
        row = {"what": what, "at": check.at, "looked": check.looked, "differed": check.differed}
        with self._store.transaction() as connection:
            connection.execute(sa.delete(_checks).where(_checks.c.what == what, _checks.c.at == check.at))
            connection.execute(sa.insert(_checks), row)

    def last_check(self, what: str) -> Check | None:
        t = _checks.c
        query = sa.select(t.at, t.looked, t.differed).where(t.what == what).order_by(t.at.desc()).limit(1)
        with self._store.transaction(write=False) as connection:
            row = connection.execute(query).one_or_none()
        return Check(row.at, row.looked, row.differed) if row else None

    # Inside

    def _by_agent(self, part: Part, kind: str, since: float, until: float) -> Kept[AgentKey]:
        whole, rows = self._read(part, kind, since, until, (_sums.c.agent,), sa.true())
        return Kept(whole, [(AgentKey(row[0], row[1]), orjson.loads(row[2])) for row in rows if row[0] in whole])

    def _read(
        self,
        part: Part,
        kind: str,
        since: float,
        until: float,
        by: Sequence[sa.ColumnElement[str]],
        where: sa.ColumnElement[bool],
    ) -> tuple[frozenset[int], Sequence[Sequence[Any]]]:
        """Which are whole; and half hour, these columns and sums of each row."""
        t = _sums.c
        query = sa.select(t.half_hour, *by, t.sums)
        with self._store.transaction(write=False) as connection:
            whole = self._whole(connection, part, since, until)
            rows = connection.execute(query.where(t.half_hour >= since, t.half_hour < until, t.kind == kind, where))
            return whole, rows.all()

    def _whole(self, connection: sa.Connection, part: Part, since: float, until: float) -> frozenset[int]:
        t = _made.c
        query = sa.select(t.half_hour).where(t.part == part, t.half_hour >= since, t.half_hour < until)
        return frozenset(connection.execute(query.where(t.way == WAY, ~t.dirty)).scalars())

    def _put(self, connection: sa.Connection, part: Part, half_hour: int, right: Mapping[_Row, Sums]) -> int:
        """Makes what is kept of this half hour say this; how many sums did not."""
        t = _sums.c
        where = sa.and_(t.half_hour == half_hour, t.kind.in_(_KINDS[part]))
        rows = connection.execute(sa.select(_sums).where(where)).all()
        stored = {_Row(*row[:-1]): row.sums for row in rows}
        wanted = {row: orjson.dumps(dict(sums), option=orjson.OPT_SORT_KEYS).decode() for row, sums in right.items()}
        wrong = [row for row in stored.keys() | wanted.keys() if stored.get(row) != wanted.get(row)]
        if len(wrong) == len(wanted) and not stored:
            self._insert(connection, wanted, wanted)
        elif wrong:
            for row in wrong:
                connection.execute(sa.delete(_sums).where(*(t[name] == value for name, value in row._asdict().items())))
            self._insert(connection, wanted, [row for row in wrong if row in wanted])
        return len(wrong)

    @staticmethod
    def _insert(connection: sa.Connection, wanted: Mapping[_Row, str], rows: Iterable[_Row]) -> None:
        values: list[dict[str, Any]] = [{**row._asdict(), "sums": wanted[row]} for row in rows]
        if values:
            connection.execute(sa.insert(_sums), values)

    @staticmethod
    def _mark(connection: sa.Connection, part: Part, half_hour: int, now: float) -> None:
        connection.execute(sa.delete(_made).where(_made.c.part == part, _made.c.half_hour == half_hour))
        made = {"part": part, "half_hour": half_hour, "way": WAY, "dirty": False, "made_at": now}
        connection.execute(sa.insert(_made), made)


def _rows(records: Iterable[CallRecord]) -> dict[_Row, Sums]:
    """The roll-ups by both keys; by statistics key too, for a number dialled can be the same as such a key."""
    found: dict[_Row, Sums] = {}
    for record in records:
        if not (sums := of_call(record)):
            continue
        key, agent = Key.of(record), AgentKey.of(record)
        row = _Row(key.half_hour, "calls", key.city, record.statistics, key.number, key.queue, key.skill)
        found.setdefault(row, Sums()).update(sums)
        if agent is not None:
            row = _Row(agent.half_hour, "agents_calls", agent=agent.agent)
            found.setdefault(row, Sums()).update(sums)
    return found
