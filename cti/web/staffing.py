"""REST of the seats needed beside the seats there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from cti.web.http import Refused, json_response


def staffing_route(state: Callable[[], Mapping[str, Any] | None]) -> web.RouteDef:
    """`state`: as of `StaffingWatch`."""

    async def staffing(_request: web.Request) -> web.Response:
        """Seats needed now and in the next half hours by queue, pool and in all, beside those there are."""
        if (found := state()) is None:
            raise Refused(503, "not_yet", "the forecast is made when the records have been read; ask again in a minute")
        return json_response(dict(found))

    return web.get("/api/staffing", staffing)
