"""Ends the lines of browsers that are gone: when an agent's browser loses its connection in a talk, we listen.

A page that is reloaded, closed or dead sends no sound any more, and its part of the talk is ended at once, so that the
citizen is not left alone. If sound still comes, the page lives and only its connection was lost, as when we are
restarted: the talk goes on, and is listened to until the connection is there again, and a moment longer, because a
page that another one takes over from falls silent a little later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import structlog

from agents.telephone import shows_pictures
from cti.asterisk import names
from cti.asterisk.ami import AmiError, AmiEvent
from cti.asterisk.channels import Channel
from cti.calls import AgentId
from cti.exchange import Exchange
from cti.leg import UP
from cti.phones import Phones

log = structlog.get_logger()

_LISTEN_S = 0.15
"""A browser sends fifty packets a second, muted or on hold too."""
_AGAIN_S = 0.5
_SURE_S = 3.0
"""Whoever can be reached and was heard for so long is there."""


class Act(Protocol):
    async def action(self, name: str, *headers: tuple[str, str], timeout_s: float = 2.0) -> Mapping[str, str]: ...


class SilentLines:
    """`on_event` for each AMI event, `on_list` for each complete list, after phones and channels have it. `packets`:
    how many a channel has received, as text, "" if it is gone; `channels`: by uniqueid, as they were last seen."""

    def __init__(
        self,
        exchange: Exchange,
        phones: Phones,
        channels: Callable[[], Mapping[str, Channel]],
        packets: Callable[[str], Awaitable[str]],
        act: Act,
    ) -> None:
        self._exchange = exchange
        self._phones = phones
        self._channels = channels
        self._packets = packets
        self._act = act
        self._listening: dict[AgentId, asyncio.Task[None]] = {}
        self._lost_at: dict[AgentId, float] = {}
        self._observed = False

    def on_event(self, event: AmiEvent) -> None:
        if event.name != "ContactStatus" or event.fields.get("ContactStatus") not in ("Removed", "Unreachable"):
            return
        agent_id = AgentId(event.fields.get("EndpointName", ""))
        desk = self._exchange.board.desks.get(agent_id)
        if desk is not None and desk.softphone:
            self._doubt(agent_id)

    def on_list(self) -> None:
        """Asterisk's list. After a time in which we did not observe it any connection may have been lost; who can show
        pictures is listened to, because Asterisk does not end his line by itself (cti.provision)."""
        if not self._observed:
            self._observed = True
            for agent_id, desk in self._exchange.board.desks.items():
                if shows_pictures(desk):
                    self._doubt(agent_id)

    def on_down(self) -> None:
        """Asterisk is not observed any more."""
        self._observed = False

    def _doubt(self, agent_id: AgentId) -> None:
        if not self._lines(agent_id):
            return
        self._lost_at[agent_id] = self._exchange.wall()
        if agent_id not in self._listening:
            task = asyncio.get_running_loop().create_task(self._listen(agent_id))
            self._listening[agent_id] = task
            task.add_done_callback(lambda _: self._listening.pop(agent_id, None))

    def stop(self) -> None:
        for task in self._listening.values():
            task.cancel()

    async def _listen(self, agent_id: AgentId) -> None:
        """Until he has no line, or can be reached again and is heard."""
        while lines := self._lines(agent_id):
            silent: list[str] = []
            try:
                before = {name: await self._packets(name) for name in lines}
                await asyncio.sleep(_LISTEN_S)
                silent = [name for name in lines if await self._packets(name) == before[name] != ""]
                for name in silent:
                    log.warning("agent_browser_lost", agent=agent_id, channel=name)
                    await self._act.action("Hangup", ("Channel", name), ("Cause", str(names.LOST_CAUSE)))
            except AmiError as error:
                log.warning("agent_line_not_listened_to", agent=agent_id, problem=str(error))
            contact = self._phones.contact(agent_id)
            sure = self._exchange.wall() - self._lost_at[agent_id] >= _SURE_S
            if sure and contact is not None and contact.alive and not silent:
                return
            await asyncio.sleep(_AGAIN_S)

    def _lines(self, agent_id: AgentId) -> list[str]:
        """His channels that were answered."""
        mine = f"PJSIP/{agent_id}-"
        return [c.name for c in self._channels().values() if c.name.startswith(mine) and c.state == UP]
