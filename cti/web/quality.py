"""REST of the inspection of talks: a list of those that a supervisor may want to listen to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from cti.web.http import Refused, json_response, records_needed
from recordings.quality import Inspected

_DAY_S: Final = 86_400.0
_MOST: Final = 500


@dataclass(frozen=True, slots=True)
class QualityRoutes:
    """`inspect`: talks that began in that time, the newest first, and from when on they were looked at. TimeoutError
    while the records cannot be had."""

    inspect: Callable[[float, float, int], Awaitable[tuple[Sequence[Inspected], float]]]
    wall: Callable[[], float]

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/quality", self._list)]

    async def _list(self, request: web.Request) -> web.Response:
        """Talks with findings, the newest first; with `all=1` those without too. It looks at so many talks at a time:
        `looked_from` says how far back, and is the `until` to go on with."""
        until = _time(request, "until", self.wall() + 1)
        since = _time(request, "from", until - _DAY_S)
        with records_needed():
            found, looked_from = await self.inspect(since, until, _MOST)
        every = request.query.get("all") == "1"
        talks = [one.as_json() for one in found if every or one.quality.findings]
        return json_response({"looked_from": looked_from, "talks": talks})


def _time(request: web.Request, name: str, without: float) -> float:
    try:
        at = float(request.query.get(name, without))
    except ValueError:
        at = -1.0
    if not 0 <= at < 1e12:
        raise Refused(400, f"bad_{name}", f"{name} is a time in seconds since 1970")
    return at
