"""Everything about reports in a running daemon, as one part of it: for pages, and as files made by themselves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from agents.roster import Agent
from cti.calls import AgentId, CallId
from cti.city_files import CityFiles
from cti.exchange import Exchange
from cti.metrics.words import Lang, Words
from cti.report_desk import ReportDesk, ReportsBusy
from cti.report_schedule import ReportSchedule
from cti.settings import Settings
from cti.web.reports import ReportRoutes


class ReportHouse:
    """`drained`: returns soon, with everything in the records if that is possible."""

    def __init__(
        self,
        exchange: Exchange,
        settings: Settings,
        files: CityFiles,
        roster: Callable[[], Mapping[AgentId, Agent]],
        drained: Callable[[], Awaitable[None]],
        tasks_of: Callable[[Collection[CallId]], Mapping[CallId, Mapping[str, Any]]],
        local_time: Callable[[float], datetime],
    ) -> None:
        zone = ZoneInfo(settings.city.timezone)

        def words(lang: Lang) -> Words:
            return Words.of_roster(lang, roster(), zone, files.skills.current.names())

        self._desk = ReportDesk(settings, lambda: files.schedule.current, words, tasks_of, drained, exchange.wall)
        self._routes = ReportRoutes(self._desk, ReportsBusy, local_time, settings.city.code)
        self._schedule = ReportSchedule(
            self._desk,
            settings.reports,
            settings.reports_dir,
            settings.city.code,
            lambda: local_time(exchange.wall()),
            exchange.board.may_decide,
        )

    def routes(self) -> list[web.RouteDef]:
        return self._routes.routes()

    async def run(self) -> None:
        """Until cancelled."""
        await self._schedule.run()

    def stop(self) -> None:
        self._desk.stop()
