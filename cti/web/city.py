"""REST of the city as a whole: topic broadcasts to those who wait, and the rungs of the surge ladder by hand."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal, Protocol

from aiohttp import web
from pydantic import Field

from cti.calls import CityFact, Value
from cti.exchange import Exchange
from cti.switchboard import Notice as Up
from cti.web.http import Body, Refused, body_of, json_response, who

Mode = Literal["on", "off", "auto"]


SURGE_NOTICE = "surge"
"""The notice of the ladder's rung `broadcast`."""


class Ladder(Protocol):
    """The surge ladder at work (cti.surge_watch)."""

    def view(self) -> Mapping[str, Any]:
        """Forecast and rungs as a page shows them."""

    def set_mode(self, rung: str, mode: Mode, by: str) -> None:
        """KeyError: no such rung on this city's ladder."""


class Notice(Body):
    """A recording that everybody who waits hears once, as soon as it is put up."""

    prompt: str
    queues: tuple[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")], ...] = Field((), max_length=50)
    """Whose callers hear it; none named: all."""
    minutes: float = Field(120, gt=0, le=7 * 24 * 60)


class RungMode(Body):
    mode: Mode


class CityRoutes:
    """`prompts`: ids that can be played."""

    def __init__(self, exchange: Exchange, ladder: Ladder, prompts: Collection[str]) -> None:
        self._exchange = exchange
        self._ladder = ladder
        self._prompts = prompts

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/notices", self._notices),
            web.put("/api/notices/{name:[a-z][a-z0-9_]{0,39}}", self._put_notice),
            web.delete("/api/notices/{name:[a-z][a-z0-9_]{0,39}}", self._drop_notice),
            web.get("/api/surge", self._surge),
            web.post("/api/surge/{rung}", self._set_rung),
        ]

    async def _notices(self, request: web.Request) -> web.Response:
        now = self._exchange.wall()
        rows = [{"name": n.name, "prompt": n.prompt, "queues": n.queues, "until": n.until} for n in self._up(now)]
        return json_response(rows)

    async def _put_notice(self, request: web.Request) -> web.Response:
        if request.match_info["name"] == SURGE_NOTICE:
            raise Refused(400, "reserved_name", f"{SURGE_NOTICE} is the surge ladder's own; choose another name")
        notice = await body_of(request, Notice)
        if notice.prompt not in self._prompts:
            raise Refused(
                400, "unknown_prompt", f"prompt: there is no recording {notice.prompt!r}; see yihu prompts list"
            )
        until = self._exchange.wall() + 60 * notice.minutes
        data: dict[str, Value] = {
            "on": True,
            "prompt": notice.prompt,
            "queues": " ".join(notice.queues),
            "until": until,
            "by": who(request).id,
        }
        self._exchange.city(CityFact.NOTICE, request.match_info["name"], data)
        return await self._notices(request)

    async def _drop_notice(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if all(notice.name != name for notice in self._up(self._exchange.wall())):
            raise Refused(404, "unknown_notice", "there is no such notice up")
        self._exchange.city(CityFact.NOTICE, name, {"on": False, "by": who(request).id})
        return await self._notices(request)

    def _up(self, now: float) -> list[Up]:
        return self._exchange.board.notices(now)

    async def _surge(self, request: web.Request) -> web.Response:
        return json_response(dict(self._ladder.view()))

    async def _set_rung(self, request: web.Request) -> web.Response:
        change = await body_of(request, RungMode)
        try:
            self._ladder.set_mode(request.match_info["rung"], change.mode, who(request).id)
        except KeyError:
            raise Refused(404, "unknown_rung", "this rung is not on the ladder; GET /api/surge shows it") from None
        return await self._surge(request)
