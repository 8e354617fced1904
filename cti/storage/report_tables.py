"""What a report's table needs to be read from a store, bit by bit: a month of calls need not fit into memory.

Sums that the store keeps by half hour are read where they are whole, calls where they are not: figures are the same.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import tzinfo

from agents.schedule import Schedule
from cti.metrics.agents import LOOK_BACK_S
from cti.metrics.asked import Asked
from cti.metrics.groups import Period, half_hour_of
from cti.metrics.half_hours import HALF_HOUR_S
from cti.metrics.live_agents import LiveAgents
from cti.metrics.record import CallRecord
from cti.metrics.spans import Against, Span, SpanError
from cti.metrics.tables import Table
from cti.metrics.tally import Grouping, Tally
from cti.storage.store import KeptSums, Store

_CHUNK_S = 3600.0
"""So much is read at once: whole half hours."""
_KEPT_AT_ONCE_S = 86_400.0
"""The same of sums that are kept."""


def read_table(store: Store, asked: Asked, zone: tzinfo, schedule: Schedule, now: float) -> Table:
    """May raise StoreUnavailableError; SpanError if there is nothing to compare with, KeyError for no column."""

    def of(span: Span) -> Table:
        grouping = replace(asked, span=span).grouping(zone, schedule)
        tally = read_tally(store, grouping, now, asked.statistics)
        return Table.of(span, tally, store.gaps(grouping.reach.since, grouping.reach.until))

    spans: dict[Against, Span] = {}
    for against in asked.against:
        if (span := asked.span.earlier(against)) is None:
            raise SpanError(f"{asked.span.label} cannot be compared with the {asked.span.kind} a {against} earlier")
        spans[against] = span
    table = of(asked.span)
    if spans:
        table = table.compared({against: of(span) for against, span in spans.items()})
    return table if asked.rank is None else table.ranked(asked.rank)


def read_tally(
    store: Store, grouping: Grouping, now: float, statistics: str | None = None, *, from_calls: bool = False
) -> Tally:
    """Of the calls that have ended; by agent with the agents' time up to `now` too. `from_calls`: of these alone,
    whatever is kept. May raise StoreUnavailableError."""
    tally = Tally(grouping)
    kept = store.kept if grouping.by_half_hours and not from_calls else None
    for part in _add_kept_calls(kept, tally, statistics):
        for records in read_calls(store, part, statistics):
            for record in records:
                tally.add(record)
    if grouping.by == "agent":
        for part in _add_kept_time(kept, tally, now):
            _add_agents_time(store, tally, part)
    return tally


def _add_kept_calls(kept: KeptSums | None, tally: Tally, statistics: str | None) -> Iterator[Period]:
    """Counts what is kept, and gives the times of which nothing is."""
    for day in _parts(tally.grouping.reach, _KEPT_AT_ONCE_S):
        whole: frozenset[int] = frozenset()
        if kept is not None:
            inner = _inner(day)
            found = (
                kept.agents_calls(inner.since, inner.until)
                if tally.grouping.by == "agent"
                else kept.calls(inner.since, inner.until, statistics)
            )
            whole = found.whole
            tally.add_all(found.sums)
        yield from _without(whole, day)


def _add_kept_time(kept: KeptSums | None, tally: Tally, now: float) -> list[Period]:
    """As `_add_kept_calls`; what is not kept in one piece where it can be, for agents' time is costly to begin with."""
    reach = Period(tally.grouping.reach.since, min(tally.grouping.reach.until, now))
    whole: set[int] = set()
    for day in _parts(reach, _KEPT_AT_ONCE_S):
        if kept is not None:
            inner = _inner(day)
            found = kept.agents_time(inner.since, inner.until)
            whole |= found.whole
            tally.add_all(found.sums)
    return list(_without(whole, reach))


def _inner(period: Period) -> Period:
    """Its whole half hours."""
    return Period(math.ceil(period.since / HALF_HOUR_S) * HALF_HOUR_S, half_hour_of(period.until))


def _without(whole: Collection[int], period: Period) -> Iterator[Period]:
    """The stretches of it that lie in none of these half hours."""
    since = at = period.since
    while at < period.until:
        begins = half_hour_of(at)
        if begins in whole:
            if since < at:
                yield Period(since, at)
            since = begins + HALF_HOUR_S
        at = begins + HALF_HOUR_S
    if since < period.until:
        yield Period(since, period.until)


def read_calls(store: Store, period: Period, statistics: str | None = None) -> Iterator[list[CallRecord]]:
    """All that arrived in the period and have ended, by arrival."""
    for part in _parts(period):
        yield store.calls(part.since, part.until, statistics=statistics)


def _add_agents_time(store: Store, tally: Tally, period: Period) -> None:
    begins = half_hour_of(period.since - LOOK_BACK_S)
    live = LiveAgents(begins)
    for part in _parts(Period(begins, period.until)):
        said = store.beside_calls("agent", part.since, part.until)
        live.add([*said, *store.at_desks(part.since, part.until)])
        live.settle(part.until)
        for key, sums in live.sums(part.until).items():
            if period.has(key.half_hour):
                tally.add_sums(key, sums)
        live.forget(part.until)


def _parts(period: Period, seconds: float = _CHUNK_S) -> Iterator[Period]:
    at = period.since
    while at < period.until:
        part = Period(at, min(at + seconds, period.until))
        yield part
        at = part.until
