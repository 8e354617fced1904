"""REST of the shifts and of agents' times."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from aiohttp import web

from agents.schedule import Schedule, findings
from cti.calls import AgentId
from cti.metrics.agents import AgentDay
from cti.web.http import EXCHANGE, Refused, agent_of, json_response, records_needed

_YEARS = 2000, 2999
"""The day before and the day after are looked at too, and a date ends somewhere."""


@dataclass(frozen=True, slots=True)
class AgentDayRoutes:
    """`days`: agents' times from local time to local time, of these agents or all. TimeoutError while records are
    behind."""

    schedule: Callable[[], Schedule]
    local_time: Callable[[float], datetime]
    days: Callable[[datetime, datetime, Collection[AgentId]], Awaitable[Sequence[AgentDay]]]

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/schedule", self._schedule),
            web.get("/api/agents/{id}/times", self._own_times),
            web.get("/api/agent-times", self._all_times),
        ]

    async def _schedule(self, request: web.Request) -> web.Response:
        """The day of `?day=` (today without), and who is on duty now."""
        now, schedule = self._now(request), self.schedule()
        day = self._day(request)
        begins = datetime.combine(day, time(), now.tzinfo)
        duties = [duty for duty in schedule.duties(begins, begins + timedelta(days=1)) if duty.begins.date() == day]
        roster = [i for i, desk in request.app[EXCHANGE].board.desks.items() if not desk.agent.temporary]
        return json_response(
            {
                "day": day.isoformat(),
                "shifts": [
                    {
                        "shift": shift.id,
                        "name": shift.name,
                        "begins": shift.span(day, now)[0].isoformat(),
                        "ends": shift.span(day, now)[1].isoformat(),
                        "lines": shift.lines,
                        "agents": [duty.agent for duty in duties if duty.shift.id == shift.id],
                    }
                    for shift in schedule.shifts.values()
                ],
                "standby": schedule.day(day).standby or (),
                "now": {
                    "on_duty": {agent_id: shift.id for agent_id, shift in schedule.on_duty(now).items()},
                    "lines": schedule.lines(now),
                    "standby": schedule.standby(now),
                },
                "findings": findings(schedule, roster, day - timedelta(days=day.weekday())) if schedule.shifts else [],
            }
        )

    async def _own_times(self, request: web.Request) -> web.Response:
        agent_id = agent_of(request)
        return json_response((await self._times(request, [agent_id]))[0])

    async def _all_times(self, request: web.Request) -> web.Response:
        return json_response(await self._times(request, []))

    async def _times(self, request: web.Request, only: Collection[AgentId]) -> list[Mapping[str, Any]]:
        begins = datetime.combine(self._day(request), time(), self._now(request).tzinfo)
        until = max(begins, min(begins + timedelta(days=1), self._now(request)))
        with records_needed():
            return [day.as_json() for day in await self.days(begins, until, only)]

    def _now(self, request: web.Request) -> datetime:
        return self.local_time(request.app[EXCHANGE].wall())

    def _day(self, request: web.Request) -> date:
        text = request.query.get("day")
        if text is None:
            return self._now(request).date()
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = date.min
        if not _YEARS[0] <= day.year <= _YEARS[1]:
            raise Refused(400, "bad_day", "day is a date, like 2026-11-23")
        return day
