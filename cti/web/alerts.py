"""REST of the alerts: what is up, and that somebody sees to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from aiohttp import web
from pydantic import Field

from cti.web.http import TRAIL, Body, Refused, body_of, json_response, who


class Desk(Protocol):
    """Alerts at work (cti.alert_house)."""

    def rows(self) -> Sequence[Mapping[str, Any]]: ...
    def acknowledge(self, id_: str, by: str, note: str) -> None:
        """KeyError: no such alert is up."""


class Acknowledgement(Body):
    note: str = Field("", max_length=200)


class AlertRoutes:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/alerts", self._list),
            web.post("/api/alerts/{alert}/acknowledge", self._acknowledge),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        return json_response([dict(row) for row in self._desk.rows()])

    async def _acknowledge(self, request: web.Request) -> web.Response:
        """Who has acknowledged it first stays; what he said stands with it, and is not in the trail or a log."""
        said, alert = await body_of(request, Acknowledgement), request.match_info["alert"]
        try:
            self._desk.acknowledge(alert, who(request).id, said.note.strip())
        except KeyError:
            raise Refused(404, "unknown_alert", "no such alert is up; GET /api/alerts shows them") from None
        request.app[TRAIL].note(who(request).id, "alert_acknowledged", alert)
        return await self._list(request)
