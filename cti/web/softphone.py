"""The telephone in an agent's browser by REST: what his page registers with, for as long as he is logged in."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable

from aiohttp import web

from cti.calls import AgentId
from cti.softphones import Softphones
from cti.web.http import Refused, agent_of, json_response
from cti.web.sip_proxy import SIP_PATH

EXPIRES_S = 300
"""For so long a registration is good. A connection that ends, ends it at once, so this is for nothing but tidiness; a
browser slows the timers of a hidden tab down to one a minute."""
_READY_LIMIT_S = 4.0


class SoftphoneRoutes:
    """`ready` returns when Asterisk knows the telephone of this agent as it is to be now."""

    def __init__(self, softphones: Softphones, ready: Callable[[AgentId], Awaitable[None]]) -> None:
        self._softphones = softphones
        self._ready = ready

    def routes(self) -> list[web.RouteDef]:
        address = "/api/agents/{id}/softphone"
        return [web.post(address, self._open), web.delete(address, self._close)]

    async def _open(self, request: web.Request) -> web.Response:
        """Asked again within one log-in, as by a page that is loaded again, the answer is the same."""
        agent_id = agent_of(request)
        account = self._softphones.open(agent_id)
        try:
            async with asyncio.timeout(_READY_LIMIT_S):
                await self._ready(agent_id)
        except TimeoutError:
            raise Refused(503, "asterisk_away", "Asterisk does not answer: ask again in a moment") from None
        return json_response({**dataclasses.asdict(account), "socket": SIP_PATH, "expires_s": EXPIRES_S})

    async def _close(self, request: web.Request) -> web.Response:
        self._softphones.close(agent_of(request))
        return json_response({})
