"""Keeps our picture of the calls equal to Asterisk's: answers are noticed here, and calls that ended unheld are closed.

AMI events are hints. What closes a call is Asterisk's own list of channels, or the end of the channel that the call is.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from types import MappingProxyType
from typing import Any

import structlog

from agents.status import Cause
from cti.asterisk.ami import AmiEvent
from cti.asterisk.channels import Channels
from cti.calls import AgentFact, AgentId, CallFact, CallId
from cti.contact import Contact, Recordings
from cti.exchange import Exchange
from cti.metrics.record import CALLBACK

log = structlog.get_logger()

_ORPHAN_S = 2.0
"""A held call whose channel is gone from Asterisk's list gets this long for its own session to say so."""

_SPOOL_S = 20.0
"""How long the end of a call of the fallback queue may take to come through the spool."""


class Reconciler:
    """`on_event` for every AMI event, `on_list` with Asterisk's complete list of channels."""

    def __init__(
        self,
        exchange: Exchange,
        channels: Channels,
        recordings: Recordings,
        nonce: Callable[[], str],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._exchange = exchange
        self._channels = channels
        self._recordings = recordings
        self._nonce = nonce
        self._spawn = spawn
        self._closing: set[CallId] = set()
        self._missing_since: dict[CallId, float] = {}
        self._down_at: float | None = None
        self._legs: dict[AgentId, dict[str, CallId]] = {}
        """Channels of agents' telephones by uniqueid, each with the call it belongs to."""

    def on_event(self, event: AmiEvent) -> None:
        """Never blocks, never raises for an event that does not fit."""
        if not self._channels.apply(event):
            return
        self._follow_leg(event)
        match event.name:
            case "DialEnd" if event.fields.get("DialStatus") == "ANSWER":
                self._on_answer(CallId(event.fields.get("Uniqueid", "")), event.fields.get("DestChannel", ""))
            case "Hold" | "Unhold":
                self._on_hold(event)
            case "Hangup":
                call = self._exchange.board.calls.get(CallId(event.fields.get("Uniqueid", "")))
                if call is not None and not call.attached and call.phase != "fallback":
                    self._close(call.id, estimated=False)
            case _:
                pass

    def on_down(self, _reason: str) -> None:
        """The observing connection is gone: if Asterisk died, it was now."""
        self._down_at = self._exchange.wall()
        self._legs.clear()  # better an agent rung in vain than one who is forgotten
        self._note_elsewhere()

    def on_list(self, listed: list[AmiEvent], answered: Mapping[CallId, float] = MappingProxyType({})) -> None:
        """Asterisk's complete list: who is not in it has ended, who is bridged with his agent has been answered.

        `answered`: when that was (UTC seconds), as far as the dialplan noted it; else it is taken to be now.
        """
        self._channels.replace(listed)
        self._legs.clear()
        for channel in self._channels.channels.values():
            self._add_leg(channel.name, channel.uniqueid, channel.linkedid)
        now = self._exchange.wall()
        present = self._channels.channels
        for call in list(self._exchange.board.calls.values()):
            if call.facts.get("direction") == CALLBACK:
                continue  # it is no channel; cti.callbacks sees to those that it has
            if call.id in present:
                self._missing_since.pop(call.id, None)
                if call.phase == "ringing" and (bridge := present[call.id].bridge_id):
                    for other in present.values():
                        if other.bridge_id == bridge and other.uniqueid != call.id:
                            self._on_answer(call.id, other.name, answered.get(call.id, 0.0))
                continue
            missing_s = now - self._missing_since.setdefault(call.id, now)
            patience_s = _ORPHAN_S if call.attached else _SPOOL_S if call.phase == "fallback" else 0.0
            if missing_s >= patience_s:
                self._close(call.id, estimated=True)
        for call_id in self._missing_since.keys() - self._exchange.board.calls.keys():
            del self._missing_since[call_id]
        self._note_elsewhere()
        self._exchange.settle()

    def _elsewhere(self, agent_id: AgentId) -> bool:
        """He is on the telephone, and not in a call that we connected."""
        calls = self._exchange.board.calls
        # The channel to an agent for a callback is named by us, after the call.
        ids = self._legs.get(agent_id, {}).values()
        linked = (calls.get(call_id) or calls.get(CallId(call_id.rpartition(".")[0])) for call_id in ids)
        return any(call is None or call.phase == "fallback" for call in linked)

    def _follow_leg(self, event: AmiEvent) -> None:
        name, uniqueid = event.fields.get("Channel", ""), event.fields.get("Uniqueid", "")
        if event.name == "Newchannel" and uniqueid in self._channels.channels:  # else it is late: the channel has ended
            self._add_leg(name, uniqueid, event.fields.get("Linkedid", ""))
            self._note_elsewhere(_agent_of(name))
        elif event.name == "Hangup" and (legs := self._legs.get(_agent_of(name))) is not None and uniqueid in legs:
            del legs[uniqueid]
            self._note_elsewhere(_agent_of(name))

    def _add_leg(self, channel: str, uniqueid: str, linkedid: str) -> None:
        if (agent_id := _agent_of(channel)) in self._exchange.board.desks:
            self._legs.setdefault(agent_id, {})[uniqueid] = CallId(linkedid)

    def _note_elsewhere(self, *agent_ids: AgentId) -> None:
        """Tells the desks of these agents, or of all, whether they are in a call that is not ours."""
        desks = self._exchange.board.desks
        for agent_id in agent_ids or tuple(desks):
            desk, elsewhere = desks.get(agent_id), self._elsewhere(agent_id)
            if desk is not None and elsewhere != (Cause.ELSEWHERE in desk.held_back):
                fact = AgentFact.HELD_BACK if elsewhere else AgentFact.RELEASED
                self._exchange.agent(fact, agent_id, {"reason": Cause.ELSEWHERE.value})

    def _on_hold(self, event: AmiEvent) -> None:
        """The agent put the citizen on hold, or took him back."""
        agent_id = _agent_of(event.fields.get("Channel", ""))
        desk, on = self._exchange.board.desks.get(agent_id), event.name == "Hold"
        ours = event.fields.get("Uniqueid", "") in self._legs.get(agent_id, {})
        if desk is not None and desk.call_id is not None and desk.talking and desk.on_hold != on and ours:
            self._exchange.call(CallFact.HELD if on else CallFact.UNHELD, desk.call_id, {"agent": agent_id})

    def _on_answer(self, call_id: CallId, agent_channel: str, noted: float = 0.0) -> None:
        call, now = self._exchange.board.calls.get(call_id), self._exchange.wall()
        if call is not None and call.dialling is not None:
            Contact(self._exchange, call_id, self._recordings).transferred()
        if call is not None and call.agent is not None and agent_channel.startswith(f"PJSIP/{call.agent}-"):
            # What was noted before this waiting began is an earlier talk's.
            at = min(noted, now) if noted >= call.queued_at else now
            Contact(self._exchange, call_id, self._recordings).answered(call.agent, at)

    def _close(self, call_id: CallId, *, estimated: bool) -> None:
        if call_id in self._closing:
            return
        self._closing.add(call_id)
        # Another boot of Asterisk than the call's own: it was cut off together with everything else.
        interrupted = not call_id.startswith(f"{self._nonce()}-")
        at = self._exchange.wall()
        if interrupted and self._down_at is not None:
            at, estimated = self._down_at, False
        self._spawn(self._close_now(call_id, at, interrupted, estimated))

    async def _close_now(self, call_id: CallId, at: float, interrupted: bool, estimated: bool) -> None:
        try:
            contact = Contact(self._exchange, call_id, self._recordings)
            await contact.close("interrupted" if interrupted else "caller", at, estimated=estimated)
            log.info("call_closed_unheld", call_id=call_id, interrupted=interrupted, estimated=estimated)
        finally:
            self._closing.discard(call_id)


def _agent_of(channel: str) -> AgentId:
    """The endpoint's name in "PJSIP/a1001-0000001f"."""
    return AgentId(channel.removeprefix("PJSIP/").rpartition("-")[0])
