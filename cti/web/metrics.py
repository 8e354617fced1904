"""`/metrics`, and who may read it: programs on this machine, and whoever knows the token."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from cti.web.http import Refused, token_of

METRICS_PATH: Final = "/metrics"
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "Via")
"""A proxy on this machine asks for somebody who need not be on it."""


def metrics_route(token: str, figures: Callable[[], Awaitable[bytes]]) -> web.RouteDef:
    """`token` "": nobody on another machine may."""

    async def answer(request: web.Request) -> web.Response:
        """The figures of now, for Prometheus."""
        if not (_knows(request, token) or _is_here(request)):
            if token:
                raise Refused(401, "metrics_token", "send Authorization: Bearer with the token of $YIHU_METRICS_TOKEN")
            raise Refused(403, "metrics_local", "set $YIHU_METRICS_TOKEN to let other machines read the figures")
        return web.Response(body=await figures(), headers={"Content-Type": CONTENT_TYPE})

    return web.get(METRICS_PATH, answer)


def _knows(request: web.Request, token: str) -> bool:
    return bool(token) and hmac.compare_digest(token_of(request).encode(), token.encode())


def _is_here(request: web.Request) -> bool:
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False
