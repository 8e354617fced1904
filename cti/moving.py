"""What agents ask of a talk: to call somebody in, to join him or drop him, to leave, to send the citizen on.

The only numbers that are ever dialled come from the directory; who asks names an entry of it, never a number.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, Literal

import structlog

from agents.status import State
from cti.calls import AgentId, CallFact, CallId, Value
from cti.directory import Directory, MoveRefused, Whom
from cti.exchange import Exchange
from cti.live_call import Call, Party
from cti.metrics.record import CALLBACK
from cti.parties import Parties
from cti.settings import Moving as Limits
from cti.talk import Forward

log = structlog.get_logger()

_HOUR_S: Final = 3600.0


class Moving:
    """MoveRefused says why something cannot be done; KeyError: the call is not live. `show`: the page of an agent who
    is called to a talk has to show it before his telephone rings."""

    def __init__(
        self,
        exchange: Exchange,
        parties: Parties,
        directory: Directory,
        limits: Limits,
        show: Callable[[AgentId], object],
    ) -> None:
        self._exchange = exchange
        self._show = show
        self._parties = parties
        self._directory = directory
        self._limits = limits
        self._asked: dict[str, deque[float]] = {}
        """When each of those who ask has had somebody called, within an hour."""

    def forward(self, call: Call, target: str) -> Forward | None:
        """How a journey dials whom the citizen is sent on to; None: he may not be any more."""
        whom = self._directory.find(target)
        if whom is None or not whom.dial or "blind" not in whom.modes or whom.state != "open":
            return None
        # The emergency services have to see whose emergency it is.
        shown = "" if whom.kind == "emergency" else self._shown(call)
        return Forward(whom.dial, shown, self._limits.ring_s)

    # What is asked

    def call_in(
        self, call_id: CallId, target: str, mode: Literal["conference", "consult", "whisper"], by: str
    ) -> Party:
        """Somebody is called to the talk. `by`: who asks."""
        call, whom = self._talk(call_id), self._whom(target)
        if mode not in whom.modes:
            raise MoveRefused("not_in_this_way", "the directory does not allow this way for whom you name")
        if mode == "consult" and call.facts.get("direction") == CALLBACK:
            raise MoveRefused("not_in_a_callback", "in a callback nobody can be consulted in private")
        others = [party for party in call.parties if party.p != call.lead]
        if any(party.mode == "consult" and party.state != "joined" for party in others):
            raise MoveRefused("consulting", "finish what you have begun first: join him or drop him")
        if mode == "consult" and others:
            raise MoveRefused("others_there", "only while nobody else is in the talk")
        self._check_free(call, whom)
        self._check_limits(call, whom, by)
        p = call.party_count + 1
        data: dict[str, Value] = {"p": p, "kind": whom.kind, "target": whom.target, "mode": mode, "by": by}
        self._exchange.call(
            CallFact.PARTY_ASKED, call_id, data if whom.agent is None else {**data, "agent": whom.agent}
        )
        party = call.party(p)
        if party is None:
            raise MoveRefused("not_now", "something else has happened in this talk at the same moment: try again")
        self._asked.setdefault(by, deque()).append(self._exchange.wall())
        caller_id = str(call.facts.get("pii_caller") or "") if whom.agent is not None else self._shown(call)
        if whom.agent is not None:
            self._show(whom.agent)
        self._parties.call_in(call, party, whom.dial, caller_id)
        log.info("party_called", call_id=call_id, p=p, kind=whom.kind, target=whom.target, mode=mode, by=by)
        return party

    def join(self, call_id: CallId, p: int) -> None:
        """Who whispers or is consulted comes to the citizen. Nothing happens if he is there."""
        call, party = self._party(call_id, p)
        if party.state == "ringing":
            raise MoveRefused("not_answered", "he has not answered yet")
        if party.state != "joined":
            self._parties.join(call, party)

    def drop(self, call_id: CallId, p: int) -> None:
        call, party = self._party(call_id, p)
        if party.mode == "blind":
            raise MoveRefused("not_yours", "the citizen was sent on to him")
        self._parties.drop(call, party)

    async def leave(self, call_id: CallId, agent: AgentId | None) -> None:
        """An agent leaves and the others stay. `agent`: who; None: the one who leads the talk."""
        call = self._talk(call_id)
        own = next((party for party in call.parties if party.agent == agent and agent is not None), None)
        if own is not None and call.lead != own.p:
            self._parties.drop(call, own)
            return
        if call.heir() is None:
            raise MoveRefused("nobody_stays", "nobody else is with the citizen: end the call, or send him on")
        if not await self._parties.drop_leader(call):
            raise MoveRefused("not_done", "Asterisk did not do it: try again")

    async def send_on(self, call_id: CallId, target: str, by: str) -> None:
        """The citizen goes on to whom is named without announcement: the agent's line is dropped."""
        call, whom = self._talk(call_id), self._whom(target)
        if call.facts.get("direction") == CALLBACK:
            raise MoveRefused("not_in_a_callback", "a citizen whom we called back cannot be sent on")
        if any(party.p != call.lead for party in call.parties):
            raise MoveRefused("others_there", "others are in the talk: drop them, or leave it yourself")
        if "blind" not in whom.modes:
            raise MoveRefused("not_in_this_way", "the directory does not allow this way for whom you name")
        if whom.agent is not None and whom.agent == call.agent:
            raise MoveRefused("there_already", "he has this call")
        if whom.kind not in ("agent", "queue"):
            self._check_free(call, whom)
            self._check_limits(call, whom, by)
            self._asked.setdefault(by, deque()).append(self._exchange.wall())
        elif whom.state == "no_seat":
            raise MoveRefused("no_seat", "nobody of this queue is at work")
        data: dict[str, Value] = {"to": whom.target, "kind": whom.kind, "by": by, "agent": call.agent}
        self._exchange.call(CallFact.MOVED, call_id, data)
        if call.moved is None:
            raise MoveRefused("not_now", "something else has happened in this talk at the same moment: try again")
        if not await self._parties.drop_leader(call):
            self._exchange.call(CallFact.MOVED, call_id, {**data, "to": None})
            raise MoveRefused("not_done", "Asterisk did not do it: try again")
        log.info("citizen_sent_on", call_id=call_id, kind=whom.kind, target=whom.target, by=by)

    async def end(self, call_id: CallId) -> None:
        """Everybody on our side hangs up: for the citizen the survey begins."""
        if not await self._parties.end(self._talk(call_id, led=False)):
            raise MoveRefused("not_done", "Asterisk did not do it: try again")

    # Inside

    def _whom(self, id_: str) -> Whom:
        if (found := self._directory.find(id_)) is None:
            raise MoveRefused("unknown_target", "nobody in the directory is called so; GET /api/directory shows them")
        return found

    def _talk(self, call_id: CallId, *, led: bool = True) -> Call:
        call = self._exchange.board.calls[call_id]
        if call.phase != "talk" and (led or call.phase != "party"):
            raise MoveRefused("no_talk", "no agent is talking with this citizen now")
        return call

    def _party(self, call_id: CallId, p: int) -> tuple[Call, Party]:
        call = self._exchange.board.calls[call_id]
        if (party := call.party(p)) is None:
            raise MoveRefused("unknown_party", "nobody of this number is in the talk")
        return call, party

    def _check_free(self, call: Call, whom: Whom) -> None:
        if whom.kind == "queue":
            raise MoveRefused("not_in_this_way", "a queue cannot be called: send the citizen on to it")
        if any((party.kind, party.target) == (whom.kind, whom.target) for party in call.parties):
            raise MoveRefused("there_already", "he is in this talk, or being called to it")
        if whom.agent is None:
            if whom.state != "open":
                raise MoveRefused(whom.state, "not at this hour" if whom.state == "closed" else _OFF)
            return
        if whom.state != State.IDLE:
            raise MoveRefused(
                "agent_not_free", "this agent is not free now; the citizen can be sent on to wait for him"
            )

    def _check_limits(self, call: Call, whom: Whom, by: str) -> None:
        limits, now = self._limits, self._exchange.wall()
        if len(call.parties) >= limits.legs_per_call:
            raise MoveRefused("too_many_here", f"{limits.legs_per_call} others are in this talk already")
        if whom.kind == "emergency":
            return  # whatever has been called before
        lately = self._asked.setdefault(by, deque())
        while lately and now - lately[0] >= _HOUR_S:
            lately.popleft()
        if len(lately) >= limits.legs_per_agent_hour:
            raise MoveRefused("too_often", "you have had enough people called within an hour")
        live = (party for other in self._exchange.board.calls.values() for party in other.parties)
        if whom.agent is None and sum(party.agent is None for party in live) >= limits.concurrent:
            raise MoveRefused("all_busy", "as many numbers outside are being called as may be")

    def _shown(self, call: Call) -> str:
        dialled = str(call.facts.get("dialled") or "")
        return self._limits.caller_id or (dialled if dialled.isascii() and dialled.isdigit() else "")


_OFF: Final = "numbers outside are not called: the settings name no way (`moving.dial`)"
