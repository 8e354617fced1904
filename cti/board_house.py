"""Live pages of one city: what is told on their channel, and when. Topics `seats` and `wall`.

Something durable that has happened is told at once, but seats not oftener than ten times a second and figures not
oftener than twenty times; what changes by itself, a wrap-up that runs out, within a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Final

from cti import wall_view
from cti.calls import AgentId, Milestone
from cti.live_figures import LiveFigures
from cti.metrics.course import Course, course_of
from cti.metrics.gaps import Gap
from cti.metrics.groups import day
from cti.metrics.rollups import Rollup, add, roll_up
from cti.past_calls import Records, past_calls
from cti.seats_view import SeatsView
from cti.settings import City, Targets
from cti.skills import Skill
from cti.surge_watch import SurgeWatch
from cti.switchboard import Switchboard
from cti.web.board import Board

_SEATS_LEAST_S: Final = 0.1
_WALL_LEAST_S: Final = 0.05
_MOST_S: Final = 1.0
_DAYS_EVERY_S: Final = 60.0
_AGENTS_EVERY_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Parts:
    """What is shown."""

    city: City
    targets: Targets
    zone: tzinfo
    wall: Callable[[], float]
    monotonic: Callable[[], float]
    switchboard: Switchboard
    figures: LiveFigures
    surge: SurgeWatch
    phone: Callable[[AgentId], str]
    skills: Callable[[], Mapping[str, Skill]]
    speech: Callable[[], str]
    """How it stands with speech (`SpeechWord`)."""
    past: Callable[[date], Awaitable[Rollup]]
    """Of a day that is over."""
    owed: Callable[[], tuple[int, int] | None]
    """Open callback tasks (`Callbacks.owed`)."""
    gaps: Callable[[float, float], Awaitable[Sequence[Gap]]]
    """Those that touch this time."""
    staffing: Callable[[], Mapping[str, Any] | None]
    """`StaffingWatch.state`; None: not known yet."""


class BoardHouse:
    """`heard` with each batch of durable milestones, once the figures have it; `jobs` until cancelled."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.board = Board(parts.wall, parts.monotonic)
        self._seats = SeatsView(parts.switchboard, parts.phone, parts.skills)
        self._definitions = wall_view.definitions(parts.targets.by_metric())
        self._seats_news, self._wall_news = asyncio.Event(), asyncio.Event()
        self._changed: set[AgentId] = set()
        self._all_seen_at = float("-inf")
        self._days: dict[date, Course] = {}
        self._gaps: tuple[Gap, ...] = ()
        self._of_agents: tuple[float, Any] = (float("-inf"), None)

    def heard(self, batch: Sequence[Milestone]) -> None:
        self._changed |= self._seats.named(batch)
        self._seats_news.set()
        self._wall_news.set()

    def jobs(self) -> list[Coroutine[Any, Any, None]]:
        return [
            self.board.run(),
            self._tell(self._seats_news, _SEATS_LEAST_S, self.look_at_seats),
            self._tell(self._wall_news, _WALL_LEAST_S, self.look_at_figures),
            self._remember(),
        ]

    async def _tell(self, news: asyncio.Event, least_s: float, look: Callable[[], None]) -> None:
        while True:
            try:
                async with asyncio.timeout(_MOST_S):
                    await news.wait()
            except TimeoutError:
                pass
            news.clear()
            look()
            await asyncio.sleep(least_s)

    def look_at_seats(self) -> None:
        """Publishes those that were named since, and all of them once a second."""
        now = self._parts.monotonic()
        changed: set[AgentId] | None = self._changed
        if now - self._all_seen_at >= _MOST_S:
            self._all_seen_at, changed = now, None
        self._changed = set()
        self.board.publish("seats", self._seats.state(self._parts.wall(), changed))

    def look_at_figures(self) -> None:
        now = self._parts.wall()
        self.board.publish("wall", self._wall(now, self._seats.queues(now)))

    def _wall(self, now: float, queues: Mapping[str, Mapping[str, Any]]) -> dict[str, wall_view.Section]:
        parts, period = self._parts, self._parts.figures.period()
        today = datetime.fromtimestamp(now, parts.zone).date()
        yesterday, last_week = (self._days.get(today - timedelta(days=days)) for days in (1, 7))
        days = wall_view.Days(parts.figures.course(), yesterday or None, last_week or None)
        gaps = [gap for gap in self._gaps if gap.touches(period.since, period.until)]
        desks = parts.switchboard.desks.values()
        owed = parts.owed()
        return {
            "definitions": self._definitions,
            "rates": wall_view.rates(days, self._agents(), gaps, period, now),
            "today": wall_view.half_hours(days.today, parts.zone, gaps, now),
            "yesterday": wall_view.half_hours(days.yesterday, parts.zone, (), now),
            "last_week": wall_view.half_hours(days.last_week, parts.zone, (), now),
            "gaps": {f"{gap.since:.0f}": {"since": gap.since, "until": gap.until} for gap in gaps},
            "losses": wall_view.losses(days.today),
            "seats": wall_view.seats(desks, now),
            "queues": {code: dict(row) for code, row in queues.items()},
            "waiting": wall_view.waiting(queues),
            "staffing": wall_view.staffing(parts.staffing()),
            "surge": {row["rung"]: {"on": row["on"], "order": n} for n, row in enumerate(parts.surge.view()["rungs"])},
            "callbacks": {"owed": {"n": None if owed is None else sum(owed)}},
            "city": {
                "city": {
                    "name": parts.city.name,
                    "zone": parts.city.timezone,
                    "date": today.isoformat(),
                    "half_hour": int(now) // 1800 * 1800,
                    "speech": parts.speech(),
                }
            },
        }

    def _agents(self) -> Any:
        """Sums of all agents, made anew now and then: they are sums of time and change all the while."""
        made_at, sums = self._of_agents
        if (now := self._parts.monotonic()) - made_at >= _AGENTS_EVERY_S or sums is None:
            sums = self._parts.figures.agents()
            self._of_agents = now, sums
        return sums

    async def _remember(self) -> None:
        """Yesterday and this day of last week, and what nobody saw."""
        while True:
            now = self._parts.wall()
            today = datetime.fromtimestamp(now, self._parts.zone).date()
            wanted = [today - timedelta(days=days) for days in (1, 7)]
            self._days = {one: course for one, course in self._days.items() if one in wanted}
            for one in wanted:
                if one not in self._days:
                    self._days[one] = course_of(await self._parts.past(one))
            self._gaps = tuple(await self._parts.gaps(self._parts.figures.period().since, now))
            await asyncio.sleep(_DAYS_EVERY_S)


def past_from(
    records: Records, drained: Callable[[], Awaitable[None]], zone: tzinfo
) -> Callable[[date], Awaitable[Rollup]]:
    """Rolls a day up from its records."""

    async def past(of: date) -> Rollup:
        await drained()
        period = day(datetime(of.year, of.month, of.day, tzinfo=zone).timestamp(), zone)
        rollup: Rollup = {}
        async for record in past_calls(records, period.since, period.until):
            add(rollup, roll_up([record]))  # one by one: all at once would hold up calls
        return rollup

    return past
