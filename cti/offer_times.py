"""How quickly a caller and an agent are brought together: from the moment at which both were there to the offer, and
from the offer to the ring."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from cti.asterisk.ami import AmiEvent
from cti.calls import AgentId, CallFact, CallId, Milestone
from cti.spread import Spread
from cti.switchboard import Switchboard
from queues.needs import changes

_BOUNDS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class OfferTimes:
    """`heard` takes milestones as they become durable, `on_event` what Asterisk says. What cannot be known, as of a
    caller who waited already when this process began, is left out."""

    def __init__(self, board: Switchboard, wall: Callable[[], float]) -> None:
        self.to_offer = Spread(_BOUNDS_S)
        """From the moment at which caller and agent were both there, and the caller's need allowed that agent, to the
        decision."""
        self.to_ring = Spread(_BOUNDS_S)
        """From the decision to Asterisk's word that it calls the agent's telephone."""
        self._board, self._wall = board, wall
        self._waits_since: dict[CallId, float] = {}
        self._rung: dict[AgentId, float] = {}
        """When the offer was made for which his telephone was called last."""

    def heard(self, batch: Iterable[Milestone]) -> None:
        for milestone in batch:
            if milestone.stream != "call":
                continue
            call_id = CallId(milestone.id)
            match milestone.kind:
                case CallFact.QUEUED | CallFact.OFFER_FAILED:
                    self._waits_since[call_id] = milestone.at
                case CallFact.OFFERED:
                    self._offered(call_id, AgentId(str(milestone.data["agent"])), milestone.at)
                case CallFact.LEFT_QUEUE | CallFact.FELL_BACK | CallFact.ENDED:
                    self._waits_since.pop(call_id, None)
                case _:
                    pass

    def on_event(self, event: AmiEvent) -> None:
        """Never blocks; an event that is not of ours is none of our business."""
        if event.name != "Newchannel":
            return
        agent_id = AgentId(event.fields.get("Channel", "").removeprefix("PJSIP/").rpartition("-")[0])
        desk = self._board.desks.get(agent_id)
        if desk is None or desk.call_id is None or self._board.offer_of(desk.call_id) != agent_id:
            return
        if self._rung.get(agent_id) != desk.call_since:
            self._rung[agent_id] = desk.call_since
            self.to_ring.add(max(0.0, self._wall() - desk.call_since))

    def _offered(self, call_id: CallId, agent_id: AgentId, at: float) -> None:
        waits_since = self._waits_since.pop(call_id, None)
        call, desk = self._board.calls.get(call_id), self._board.desks.get(agent_id)
        if waits_since is None or call is None or call.need is None or desk is None or desk.call_id != call_id:
            return
        allowed = [instant for instant in changes(call.waiting(), self._board.overflow) if instant <= at]
        self.to_offer.add(max(0.0, at - max(waits_since, desk.idle_since, *allowed)))
