"""Supervisors in talks: they listen, whisper to the agent, barge in, or take the citizen over.

A supervision follows the call: to the next agent, and through the queue if the citizen is sent on. It ends with the
talk, when the supervisor hangs up, or with this daemon. What is done is noted in the call's record as soon as the
supervisor's telephone hears something, and in the audit trail.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog

from cti.accounts.sessions import Session
from cti.accounts.trail import Trail
from cti.asterisk import names
from cti.asterisk.ami import AmiEvent
from cti.asterisk.channels import Channel
from cti.beside import BesideRefused, Mode
from cti.calls import AgentId, CallFact, CallId, Milestone, Value
from cti.ear_lines import WAITS_S, EarLines, Line
from cti.exchange import Exchange
from cti.guest_listening import GUEST
from cti.leg import UP
from cti.live_call import Call
from cti.parties import Parties
from cti.settings import Supervision as Rules
from cti.supervisor_phones import is_browser
from cti.whereabouts import Whereabouts

log = structlog.get_logger()

SOFTPHONE: Final = "softphone"
SUPERVISOR: Final = "supervisor"
"""Kind of the party that a supervisor is who has taken a citizen over."""
_LOOK_S: Final = 0.2


@dataclass(eq=False)
class _One:
    id: str
    by: str
    via: str
    dial: str
    call_id: CallId
    agent: AgentId | None
    """Beside whom he is; None: somebody who is no agent of ours leads."""
    line: Line
    began_at: float
    on_at: float | None = None
    told: bool = False
    waits_since: float = 0.0
    moving: bool = False
    """Asterisk is being told where his line goes."""


class Supervision:
    """`run` it; `on_event` for each event that is observed, after the channels have it; `recover` once, with what is
    known from before. `telephone`: the dial string of this supervisor's softphone; "": he has none open. `tell`: an
    agent's page. `name_of`: of a user."""

    def __init__(
        self,
        exchange: Exchange,
        lines: EarLines,
        channels: Callable[[], Mapping[str, Channel] | None],
        parties: Parties,
        rules: Rules,
        trail: Trail,
        telephone: Callable[[str], str],
        tell: Callable[[AgentId, Mapping[str, Any]], object],
        name_of: Callable[[str], str],
    ) -> None:
        self._exchange = exchange
        self._lines = lines
        self._channels = channels
        self._where = Whereabouts(channels)
        self._parties = parties
        self._rules = rules
        self._trail = trail
        self._telephone = telephone
        self._tell = tell
        self._name_of = name_of
        self._live: dict[str, _One] = {}
        self._taking: dict[CallId, tuple[int, str]] = {}
        """Calls whose agent leaves as soon as this party is with the citizen; and whose it is."""
        self._left_open: dict[tuple[CallId, str], tuple[str, float]] = {}
        """What a daemon before this one had: by whom, and since when."""
        self._news = asyncio.Event()

    def recover(self, milestones: Iterable[Milestone]) -> None:
        for m in milestones:
            key = (CallId(m.id), str(m.data.get("supervision")))
            if m.data.get("by") == GUEST:
                continue
            if m.kind == CallFact.SUPERVISED:
                self._left_open.setdefault(key, (str(m.data["by"]), m.at))
            elif m.kind == CallFact.SUPERVISION_ENDED:
                self._left_open.pop(key, None)

    async def run(self) -> None:
        """Until cancelled."""
        self._close_left_open()
        try:
            while True:
                self.look()
                self._news.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_S):
                        await self._news.wait()
        finally:
            self._lines.stop()

    def on_event(self, event: AmiEvent) -> None:
        """Never blocks."""
        if self._lines.on_event(event) or (self._live and event.name in ("BridgeEnter", "Hangup")):
            self._news.set()

    # What is asked

    def begin(self, by: str, agent: AgentId, mode: Mode, via: str, why: str) -> dict[str, Any]:
        """His telephone is called. KeyError: there is no such agent. BesideRefused."""
        desk = self._exchange.board.desks[agent]
        call = self._exchange.board.calls.get(desk.call_id) if desk.call_id is not None else None
        heard = self._heard(call) if call is not None and call.agent == agent and desk.talking else None
        if call is None or heard is None:
            raise BesideRefused("no_talk", "this agent is in no talk")
        if any(one.by == by for one in self._live.values()) or any(by == user for _, user in self._taking.values()):
            raise BesideRefused("one_at_a_time", "end the one that you are in first")
        dial = self._telephone(by) if via == SOFTPHONE else self._rules.telephones.get(via, "")
        if not dial and via == SOFTPHONE:
            raise BesideRefused("no_softphone", "open your telephone first: POST /api/supervision/softphone")
        if not dial:
            raise BesideRefused("unknown_telephone", "the settings name no such telephone (`supervision`)")
        header = [f"PJSIP_HEADER(add,{names.HEADER_CALL})={call.id}"] if is_browser(dial) else []
        line = self._lines.ring(dial, agent, self._rules.ring_s, mode, heard, *header)
        one = _One(secrets.token_hex(6), by, via, dial, call.id, agent, line, self._exchange.wall())
        self._live[one.id] = one
        self._audit(one, "supervision_asked", why)
        return self._row(one)

    async def change(self, by: str, id_: str, mode: Mode, why: str) -> dict[str, Any]:
        """KeyError: it is none of his, or over. BesideRefused."""
        one = self._his(by, id_)
        if self._lines.state(one.line) != "on":
            raise BesideRefused("not_answered", "answer your telephone first")
        if mode != one.line.mode:
            call = self._exchange.board.calls[one.call_id]
            if one.moving or not await self._send(one, mode, self._heard(call)):
                raise BesideRefused("not_done", "Asterisk did not do it: try again")
            self._on(one)
            self._audit(one, "supervision_changed", why)
        return self._row(one)

    def end(self, by: str, id_: str) -> None:
        """KeyError: it is none of his, or over."""
        self._over(self._his(by, id_), "supervisor")

    def session_ended(self, session: Session, _why: str) -> None:
        """For `Sessions.on_end`: who is logged out hears nothing more."""
        for one in [one for one in self._live.values() if one.by == session.user]:
            self._over(one, "supervisor")

    def take_over(self, by: str, id_: str, why: str) -> dict[str, Any]:
        """The citizen is the supervisor's as soon as his telephone, which is called for it, answers: the agent leaves.
        KeyError: it is none of his, or over. BesideRefused."""
        one = self._his(by, id_)
        call = self._exchange.board.calls.get(one.call_id)
        if call is None or call.phase != "talk" or call.parties:
            raise BesideRefused("not_now", "only while the agent and the citizen are alone with each other")
        p = call.party_count + 1
        asked: dict[str, Value] = {"p": p, "kind": SUPERVISOR, "target": by, "mode": "conference", "by": by}
        self._exchange.call(CallFact.PARTY_ASKED, call.id, asked)
        if (party := call.party(p)) is None:
            raise BesideRefused("not_now", "something else has happened in this talk at the same moment")
        self._audit(one, "taken_over", why)
        self._over(one, "take_over")
        self._taking[call.id] = (p, by)
        self._parties.call_in(call, party, one.dial, "")
        return {"call_id": call.id, "p": p}

    def rows(self, by: str) -> list[dict[str, Any]]:
        """His own."""
        return [self._row(one) for one in self._live.values() if one.by == by]

    def show(self, agent: AgentId) -> None:
        """His page has come: who is beside him, as far as he is told."""
        for one in self._live.values():
            if one.agent == agent and one.on_at is not None and one.told:
                self._tell_agent(one, on=True)

    # What becomes of it

    def look(self) -> None:
        """One round over everybody who is beside a talk."""
        self._lines.look()
        if self._channels() is None:
            return
        for one in list(self._live.values()):
            self._look_at(one)
        for call_id, (p, _) in list(self._taking.items()):
            self._look_at_taking(call_id, p)

    def _look_at(self, one: _One) -> None:
        call, state = self._exchange.board.calls.get(one.call_id), self._lines.state(one.line)
        if state == "gone":
            failed = one.on_at is None
            self._over(one, "system" if failed else "supervisor")
            return
        if call is None or not _goes_on(call):
            self._over(one, "talk")
            return
        if state != "on" or one.moving:
            return
        heard, now = self._heard(call), self._exchange.wall()
        if heard is None:
            if one.line.heard or now - one.waits_since >= WAITS_S:
                one.waits_since = now
                self._untell(one)
                self._lines.spawn(self._wait(one))
        elif heard.name != one.line.heard:
            self._lines.spawn(self._follow(one, heard))
        elif one.on_at is None:
            self._on(one)

    async def _wait(self, one: _One) -> None:
        """Nobody talks just now: he hears music."""
        await self._send(one, one.line.mode, None)

    async def _follow(self, one: _One, heard: Channel) -> None:
        call = self._exchange.board.calls.get(one.call_id)
        self._untell(one)
        if call is not None and await self._send(one, one.line.mode, heard) and one.id in self._live:
            one.agent = call.agent
            self._on(one)

    async def _send(self, one: _One, mode: Mode, heard: Channel | None) -> bool:
        one.moving = True
        try:
            return await self._lines.send(one.line, mode, heard)
        finally:
            one.moving = False

    def _on(self, one: _One) -> None:
        """He hears the talk, in this way, from now on."""
        if one.call_id not in self._exchange.board.calls:
            return
        mode = one.line.mode
        one.on_at = one.on_at or self._exchange.wall()
        told = self._rules.told == "always" or (self._rules.told == "speaking" and mode != "listen")
        if one.told and not told:
            self._untell(one)
        one.told = told
        data: dict[str, Value] = {"supervision": one.id, "by": one.by, "agent": one.agent, "mode": mode}
        self._exchange.call(CallFact.SUPERVISED, one.call_id, {**data, "via": one.via, "told": told})
        if told:
            self._tell_agent(one, on=True)

    def _over(self, one: _One, side: str) -> None:
        self._live.pop(one.id, None)
        self._lines.hang_up(one.line)
        self._untell(one)
        seconds = 0.0 if one.on_at is None else round(self._exchange.wall() - one.on_at, 3)
        if one.on_at is not None and one.call_id in self._exchange.board.calls:
            data: dict[str, Value] = {"supervision": one.id, "by": one.by, "side": side, "seconds": seconds}
            self._exchange.call(CallFact.SUPERVISION_ENDED, one.call_id, data)
        self._trail.note(one.by, "supervision_ended", one.call_id, {"side": side, "seconds": seconds})
        log.info("supervision_ended", call_id=one.call_id, by=one.by, side=side, answered=one.on_at is not None)

    def _look_at_taking(self, call_id: CallId, p: int) -> None:
        call = self._exchange.board.calls.get(call_id)
        party = call.party(p) if call is not None else None
        if call is None or party is None or call.lead == p:
            del self._taking[call_id]  # he did not answer, and the agent goes on; or it is done
        elif party.state == "joined" and call.lead == 0:
            del self._taking[call_id]
            self._lines.spawn(self._agent_leaves(call))

    async def _agent_leaves(self, call: Call) -> None:
        if not await self._parties.drop_leader(call):
            log.warning("agent_not_dropped", call_id=call.id)

    def _close_left_open(self) -> None:
        """Their lines are cut as strays."""
        now = self._exchange.wall()
        for (call_id, supervision), (by, since) in self._left_open.items():
            if call_id in self._exchange.board.calls:
                data: dict[str, Value] = {"supervision": supervision, "by": by, "side": "system"}
                data["seconds"] = round(max(0.0, now - since), 3)
                self._exchange.call(CallFact.SUPERVISION_ENDED, call_id, data)
        self._left_open.clear()

    # Inside

    def _heard(self, call: Call) -> Channel | None:
        """The line of who leads the talk; None: nobody is in talk with the citizen now."""
        if call.phase not in ("talk", "party"):
            return None
        channel = self._where.agent(call)
        return channel if channel is not None and channel.state == UP else None

    def _his(self, by: str, id_: str) -> _One:
        one = self._live[id_]
        if one.by != by:
            raise KeyError(id_)
        return one

    def _row(self, one: _One) -> dict[str, Any]:
        return {
            "id": one.id,
            "by": one.by,
            "mode": one.line.mode,
            "agent": one.agent,
            "call_id": one.call_id,
            "via": one.via,
            "state": "ringing" if one.on_at is None else "on",
            "since": one.on_at or one.began_at,
        }

    def _untell(self, one: _One) -> None:
        if one.told:
            one.told = False
            self._tell_agent(one, on=False)

    def _tell_agent(self, one: _One, *, on: bool) -> None:
        if one.agent is not None:
            said = {"type": "supervision", "on": on, "call_id": one.call_id, "mode": one.line.mode}
            self._tell(one.agent, {**said, "by": one.by, "by_name": self._name_of(one.by)})

    def _audit(self, one: _One, what: str, why: str) -> None:
        data: dict[str, Value] = {"agent": one.agent, "mode": one.line.mode, "via": one.via}
        self._trail.note(one.by, what, one.call_id, {**data, "why": why} if why else data)


def _goes_on(call: Call) -> bool:
    """It is talked, or the citizen is on his way to the next whom he will talk to."""
    if call.phase in ("talk", "party"):
        return True
    on_his_way = call.moved is not None or call.reattach is not None
    return (call.phase == "after_talk" and on_his_way) or (call.phase in ("queue", "ringing") and call.ever_answered)
