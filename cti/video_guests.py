"""Guests on the line: their calls are let in, their pages' buttons are keys, and who left without a word is missed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

import structlog

from cti.asterisk import names
from cti.asterisk.agi import AgiSession
from cti.asterisk.ami import AmiError
from cti.calls import AgentId, CallFact, CallId, Value
from cti.exchange import Exchange
from cti.live_call import Call
from cti.video.visits import Visit, Visits
from cti.video_beside import BesideLines

log = structlog.get_logger()

_LOOK_S = 1.0
MESSAGE = "message"
"""`dialled` of a call that is nothing but a message."""


class Act(Protocol):
    async def action(self, name: str, *headers: tuple[str, str], timeout_s: float = 2.0) -> Mapping[str, str]: ...


class Guests:
    """`gone_since(visit)`: None while his page is here. `tell(agent, message)` reaches an agent's page; `end_talk`
    hangs up everybody on our side; `place_of(dialled)`: city, mode and the like of such a call."""

    def __init__(
        self,
        exchange: Exchange,
        visits: Visits,
        beside: BesideLines,
        act: Act,
        *,
        away_s: float,
        gone_since: Callable[[Visit], float | None],
        tell: Callable[[AgentId, Mapping[str, Any]], object],
        end_talk: Callable[[Call], Awaitable[object]],
        place_of: Callable[[str], Mapping[str, Value]],
    ) -> None:
        self._exchange = exchange
        self._visits = visits
        self._beside = beside
        self._act = act
        self._away_s = away_s
        self._gone_since = gone_since
        self._tell = tell
        self._end_talk = end_talk
        self._place_of = place_of
        self._lines: dict[CallId, AgiSession] = {}
        self._cut: set[CallId] = set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._visits.sweep()
            for visit in self._visits.all():
                await self._look_at(visit)
            self._cut &= self._exchange.board.calls.keys()
            await asyncio.sleep(_LOOK_S)

    def admit(self, session: AgiSession) -> bool:
        """A guest's channel wants a journey: False, it has no right to one. Ends with `left`."""
        call_id = CallId(session.env.uniqueid)
        arg = dict(zip(names.CITIZEN_ARGS, session.env.args, strict=False))
        visit = self._visits.arrives(session.env.channel, call_id, arg.get(names.CitizenArg.DIALLED, ""))
        if visit is None:
            return False
        session.env = replace(session.env, caller=visit.phone)
        self._lines[call_id] = session
        return True

    def left(self, session: AgiSession) -> None:
        if self._lines.get(CallId(session.env.uniqueid)) is session:
            del self._lines[CallId(session.env.uniqueid)]

    def press(self, visit: Visit, key: str) -> bool:
        """False: no key is waited for."""
        call, line = self._visits.call_of(visit), self._lines.get(CallId(visit.call))
        if call is None or line is None or visit.invited_to_call:
            return False
        if call.phase != "queue" and not (call.phase == "after_talk" and call.survey_offered):
            return False
        line.press(key)
        return True

    async def end(self, visit: Visit) -> None:
        """He wants the talk to be over: then he is asked how it was; in the queue he leaves. Of an invitation to a
        voice call the picture ends, and the voice goes on."""
        call = self._visits.call_of(visit)
        if visit.invited_to_call or call is None:
            self._beside.hang_up(visit)
            self._visits.close(visit)
        elif call.phase in ("talk", "party"):
            await self._end_talk(call)
        else:
            await self._hang_up(call)

    async def leave_message(self, visit: Visit, text: str, phone: str) -> bool:
        """For the next working hours: of the call that waits, else as a call that is nothing but this. False: he talks
        to somebody, or has."""
        call, note = self._visits.call_of(visit), self._exchange.call
        left: dict[str, Value] = {"file": "", "seconds": 0.0, "pii_text": text, "pii_phone": phone}
        if call is not None:
            if call.phase != "queue" or call.ever_answered or visit.invited_to_call:
                return False
            note(CallFact.MESSAGE_LEFT, call.id, left)
            await self._hang_up(call)
            return True
        call_id = CallId(f"visit-{visit.id}")
        arrived: dict[str, Value] = {"pii_caller": phone, "dialled": MESSAGE, "original": "", "medium": "video"}
        arrived |= {**self._place_of(MESSAGE), "statistics": MESSAGE, "channel": "", "sip_call_id": ""}
        note(CallFact.ARRIVED, call_id, {**arrived, "flow": "", "flow_version": "", "direction": "in"})
        note(CallFact.MESSAGE_LEFT, call_id, left)
        ended: dict[str, Value] = {"side": "caller", "place": "menu", "lost_at": "message", "estimated": False}
        note(CallFact.ENDED, call_id, ended)
        self._visits.close(visit)
        return True

    def tell_agent(self, visit: Visit, only: AgentId | None = None) -> None:
        """What the agent's page shows beside the picture, whenever it has changed."""
        call = self._visits.call_of(visit)
        if call is None:
            return
        agents = {call.agent, *(party.agent for party in call.parties)} - {None}
        for agent in agents if only is None else {only} & agents:
            if agent is not None:
                self._tell(agent, {"type": "video", "call_id": call.id, **self.state(visit)})

    def state(self, visit: Visit) -> dict[str, Any]:
        """Of his page, for the agent's."""
        call = self._visits.call_of(visit)
        return {
            "page": self._gone_since(visit) is None,
            "gone_since": self._gone_since(visit),
            "camera": visit.camera,
            "records": visit.records,
            "invited": visit.invited_to_call,
            "beside": self._beside.reason(visit),
            "choice": None if call is None or visit.invited_to_call else call.facts.get("dialled"),
        }

    async def _look_at(self, visit: Visit) -> None:
        call, gone_since = self._visits.call_of(visit), self._gone_since(visit)
        if call is None or gone_since is None or self._exchange.wall() - gone_since < self._away_s:
            return
        if visit.invited_to_call:
            self._beside.hang_up(visit)
        elif call.id not in self._cut:
            self._cut.add(call.id)
            log.info("guest_gone", call_id=call.id, phase=call.phase)
            await self._hang_up(call)

    async def _hang_up(self, call: Call) -> None:
        try:
            await self._act.action("Hangup", ("Channel", str(call.facts.get("channel"))))
        except AmiError as error:
            self._cut.discard(call.id)
            log.warning("guest_not_hung_up", call_id=call.id, problem=str(error))
