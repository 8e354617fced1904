"""Watches the agents of a running city: what their heartbeats say (agents.lease) is done, and each deed is logged.

It finds agents without telephone or page, rings that nobody can hear, agents whom we believe in a call that Asterisk
knows nothing of (ghosts), and channels of agents that no call of ours has any more (stuck ones).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from agents.lease import Beat, Follows, LeaseRules, PageSign, Signs, follows
from agents.status import Cause, Desk, Status
from cti.asterisk import names
from cti.asterisk.ami import AmiError, AmiEvent
from cti.asterisk.channels import Channel
from cti.calls import AgentFact, AgentId, CallFact, Value
from cti.contact import Contact, Recordings
from cti.exchange import Exchange
from cti.phones import Phones

log = structlog.get_logger()

_LOOK_S = 0.25
_DOWN, _UP = 0, 6
"""Asterisk's numbers of channel states: not even ringing, answered."""
_STUCK_S = 2.0
"""A channel of an agent's that belongs to nothing gets this long to end by itself."""
_CUT_AGAIN_S = 2.0
_FORGOTTEN_S = 60.0


class Act(Protocol):
    async def action(self, name: str, *headers: tuple[str, str], timeout_s: float = 2.0) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True)
class Sources:
    """What the watch sees by. `channels`: by uniqueid, None while Asterisk is not observed. `compare` asks for
    Asterisk's own list, `on_list` of the watch tells that it has come. `page`: an agent's desk page."""

    phones: Phones
    page: Callable[[AgentId], PageSign | None]
    channels: Callable[[], Mapping[str, Channel] | None]
    compare: Callable[[], None]


class AgentWatch:
    """`run` until cancelled; `on_event` for each AMI event, after the phones and channels have it; `on_list` after each
    comparison with Asterisk's list."""

    def __init__(
        self, exchange: Exchange, sources: Sources, act: Act, recordings: Recordings, rules: LeaseRules
    ) -> None:
        self._exchange = exchange
        self._sources = sources
        self._act = act
        self._recordings = recordings
        self._rules = replace(rules, page_lost_s=rules.page_lost_s - _LOOK_S)  # seen in time, not at the next look
        self._listed_at = 0.0
        self._held_since: dict[AgentId, float] = {}
        """Since when calls are held back for PHONE_AWAY, as far as we have seen."""
        self._beats: dict[AgentId, Beat] = {}
        """Whether he has a channel, since when."""
        self._stuck_since: dict[str, float] = {}
        self._cut_at: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def on_event(self, event: AmiEvent) -> None:
        """The telephone of an agent has come or gone: what follows is done at once."""
        if (agent_id := self._sources.phones.apply(event)) is not None:
            self._look_at(agent_id, self._by_agent())

    def on_list(self) -> None:
        self._listed_at = self._exchange.wall()

    async def run(self) -> None:
        try:
            while True:
                self.look()
                await asyncio.sleep(_LOOK_S)
        finally:
            for task in self._tasks:
                task.cancel()

    def look(self) -> None:
        """One round over all agents."""
        channels = self._by_agent()
        for agent_id in list(self._exchange.board.desks):
            self._look_at(agent_id, channels)
        if channels is not None:
            self._look_for_stuck(channels)
        now = self._exchange.wall()
        self._cut_at = {uniqueid: at for uniqueid, at in self._cut_at.items() if now - at < _FORGOTTEN_S}

    def _look_at(self, agent_id: AgentId, channels: Mapping[AgentId, list[Channel]] | None) -> None:
        desk, now = self._exchange.board.desks.get(agent_id), self._exchange.wall()
        if desk is None:
            return
        if Cause.PHONE_AWAY in desk.held_back:
            self._held_since.setdefault(agent_id, now)
        else:
            self._held_since.pop(agent_id, None)
        own = None if channels is None else channels.get(agent_id, [])
        signs = Signs(
            self._sources.phones.contact(agent_id),
            self._sources.page(agent_id),
            self._beat(desk, own, now),
            rings=any(channel.state != _DOWN for channel in own or ()),
        )
        for one in follows(desk, signs, now, self._rules, self._held_since.get(agent_id, 0.0)):
            self._do(one, desk, own or [], now)

    def _do(self, what: Follows, desk: Desk, channels: list[Channel], now: float) -> None:
        agent_id, cause = desk.agent.id, what.cause
        match what.act:
            case "hold_back":
                self._exchange.agent(AgentFact.HELD_BACK, agent_id, {"reason": cause})
                if cause is Cause.PHONE_AWAY:
                    self._held_since[agent_id] = now
                if desk.status is not Status.OFFLINE:
                    log.info("agent_held_back", agent=agent_id, cause=cause, state=desk.state(now))
            case "release":
                self._exchange.agent(AgentFact.RELEASED, agent_id, {"reason": cause})
                if desk.status is not Status.OFFLINE:
                    log.info("agent_released", agent=agent_id, cause=cause)
            case "log_out":
                self._exchange.agent(AgentFact.LOGGED_OUT, agent_id, {"reason": cause})
                log.warning("agent_logged_out", agent=agent_id, cause=cause)
            case "pull_back":
                for channel in channels:
                    if channel.state != _UP:
                        self._cut(channel, agent_id, "agent_offer_pulled_back")
            case "cut":
                for channel in channels:
                    self._cut(channel, agent_id, "agent_line_cut")
            case "free":
                self._free(desk, what.since)

    # Ghosts: we believe he is in a call, and Asterisk has no channel of his

    def _beat(self, desk: Desk, own: list[Channel] | None, now: float) -> Beat | None:
        if own is None:
            return None
        before = self._beats.get(desk.agent.id)
        if before is None or before.alive != bool(own):
            self._beats[desk.agent.id] = before = Beat(bool(own), now)
        return before

    def _free(self, desk: Desk, since: float) -> None:
        agent_id, call_id = desk.agent.id, desk.call_id
        call = self._exchange.board.calls.get(call_id) if call_id is not None else None
        if call is None or call_id is None or call.agent != agent_id or call.parties:
            return  # who else is in the talk is seen by cti.parties, which says what the agent's absence means
        if self._listed_at <= since:
            self._sources.compare()  # an event may have been lost: nothing is believed before the list is here
            return
        channels = self._sources.channels() or {}
        if call.facts.get("direction") == "callback":
            return  # it is no channel; the callback's own session sees to it
        if call.phase == "ringing":
            data: dict[str, Value] = {"agent": agent_id, "n": call.offers, "outcome": "interrupted"}
            self._exchange.call(CallFact.OFFER_FAILED, call.id, data)
        elif call.phase == "talk" and call.attached and call.id in channels:
            Contact(self._exchange, call.id, self._recordings).end_talk("interrupted", since)
        else:
            return  # the citizen is gone or comes back: the reconciler or his own session closes it
        log.error("agent_ghost", agent=agent_id, call_id=call.id, state=desk.state(since), since=since)

    # Stuck ones: a channel of his, and nothing that it belongs to

    def _look_for_stuck(self, channels: Mapping[AgentId, list[Channel]]) -> None:
        present, now = self._sources.channels() or {}, self._exchange.wall()
        seen = set()
        for agent_id, own in channels.items():
            for channel in own:
                linked = channel.linkedid
                if channel.bridge_id or linked in present or linked in self._exchange.board.calls:
                    continue
                seen.add(channel.uniqueid)
                since = self._stuck_since.setdefault(channel.uniqueid, now)
                if now - since < _STUCK_S:
                    continue
                if self._listed_at <= since:
                    self._sources.compare()
                else:
                    self._cut(channel, agent_id, "agent_channel_stuck")
        self._stuck_since = {uniqueid: at for uniqueid, at in self._stuck_since.items() if uniqueid in seen}

    # Inside

    def _by_agent(self) -> dict[AgentId, list[Channel]] | None:
        channels = self._sources.channels()
        if channels is None:
            return None
        desks = self._exchange.board.desks
        found: dict[AgentId, list[Channel]] = {}
        for channel in channels.values():
            agent_id = AgentId(channel.name.removeprefix("PJSIP/").rpartition("-")[0])
            if agent_id in desks:
                found.setdefault(agent_id, []).append(channel)
        return found

    def _cut(self, channel: Channel, agent_id: AgentId, event: str) -> None:
        now = self._exchange.wall()
        if now - self._cut_at.get(channel.uniqueid, 0.0) < _CUT_AGAIN_S:
            return
        self._cut_at[channel.uniqueid] = now
        log.warning(event, agent=agent_id, channel=channel.name, call_id=channel.linkedid)
        task = asyncio.get_running_loop().create_task(self._hang_up(channel))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _hang_up(self, channel: Channel) -> None:
        try:
            await self._act.action("Hangup", ("Channel", channel.name), ("Cause", str(names.LOST_CAUSE)))
        except AmiError as error:
            log.warning("agent_channel_not_cut", channel=channel.name, problem=str(error))
