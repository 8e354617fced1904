"""Guests of the city who listen (领导旁听): at an agreed time a telephone is called, and hears one talk after another.

Guests are heard by nobody and choose nothing. What was agreed is in the city's record, so a restart forgets none of it;
a guest whose line was cut with the daemon is called once more. Who hangs up, or does not answer, is not called again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import structlog

from cti.accounts.trail import Trail
from cti.asterisk.ami import AmiEvent
from cti.asterisk.channels import Channel
from cti.beside import BesideRefused
from cti.calls import CallFact, CallId, CityFact, Milestone, Value
from cti.ear_lines import WAITS_S, EarLines, Line
from cti.exchange import Exchange
from cti.leg import UP
from cti.live_call import Call
from cti.settings import Callback
from cti.whereabouts import Whereabouts
from queues.dialling import Allowed, Dialling

log = structlog.get_logger()

GUEST: Final = "guest"
_PLACES: Final = 20
"""So many are agreed at a time."""
_LOOK_S: Final = 0.3
_RING_S: Final = 40.0


@dataclass(frozen=True, slots=True)
class Plan:
    """`place`: the milestone's id. Times are UTC seconds."""

    place: str
    id: str
    name: str
    number: str
    begins: float
    ends: float
    queue: str
    """Whose talks; "": all."""
    by: str


@dataclass(eq=False)
class _Guest:
    plan: Plan
    line: Line
    call_id: CallId | None = None
    heard: tuple[CallId, float] | None = None
    """What he hears as far as it is noted, and since when."""
    waits_since: float = 0.0
    on_at: float | None = None
    moving: bool = False
    last: CallId | None = None


class GuestListening:
    """`run` it; `on_event` for each event that is observed. `own_number`: what his telephone shows. `ongoing`: how many
    other calls of ours are out."""

    def __init__(
        self,
        exchange: Exchange,
        lines: EarLines,
        channels: Callable[[], Mapping[str, Channel] | None],
        trail: Trail,
        settings: Callback,
        dialling: Dialling,
        local_time: Callable[[float], datetime],
        ongoing: Callable[[], int],
        own_number: Callable[[], str],
    ) -> None:
        self._exchange = exchange
        self._lines = lines
        self._channels = channels
        self._where = Whereabouts(channels)
        self._trail = trail
        self._settings = settings
        self._dialling = dialling
        self._local_time = local_time
        self._ongoing = ongoing
        self._own_number = own_number
        self._guests: dict[str, _Guest] = {}
        """By the id of the plan."""
        self._left_open: dict[tuple[CallId, str], float] = {}
        self._news = asyncio.Event()

    def recover(self, milestones: Iterable[Milestone]) -> None:
        """What the daemon before this one had."""
        for m in milestones:
            if m.data.get("by") != GUEST:
                continue
            key = (CallId(m.id), str(m.data.get("supervision")))
            if m.kind == CallFact.SUPERVISED:
                self._left_open.setdefault(key, m.at)
            elif m.kind == CallFact.SUPERVISION_ENDED:
                self._left_open.pop(key, None)

    async def run(self) -> None:
        """Until cancelled."""
        for (call_id, plan), since in self._left_open.items():
            self._note_ended(call_id, plan, since, "system")
        while True:
            self.look()
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self._news.wait()

    def on_event(self, event: AmiEvent) -> None:
        """Never blocks."""
        if self._guests and event.name in ("BridgeEnter", "Hangup"):
            self._news.set()

    # What is asked

    def plans(self) -> list[Plan]:
        """Those that are not over, the first first."""
        now = self._exchange.wall()
        facts = (f for (kind, _), f in self._exchange.board.city.items() if kind is CityFact.GUEST_LISTEN)
        found = [_plan(fact) for fact in facts if fact.data["on"]]
        return sorted((plan for plan in found if plan.ends > now), key=lambda plan: plan.begins)

    def rows(self) -> list[dict[str, Any]]:
        """`state`: planned, ringing, waiting (for a talk), listening."""
        return [self._row(plan) for plan in self.plans()]

    def agree(self, name: str, number: str, begins: float, ends: float, queue: str, by: str) -> dict[str, Any]:
        """BesideRefused, with the code of the rules of dialling or `all_taken`."""
        found = self._dialling.check(number)
        if not isinstance(found, Allowed):
            raise BesideRefused(found.code, "the rules of dialling do not allow this number")
        taken = {plan.place for plan in self.plans()}
        place = next((str(n) for n in range(_PLACES) if str(n) not in taken), None)
        if place is None:
            raise BesideRefused("all_taken", f"{_PLACES} are agreed already")
        id_ = f"g{place}x{int(self._exchange.wall() * 1000):x}"
        data: dict[str, Value] = {"on": True, "guest": id_, "pii_name": name, "pii_number": number}
        data |= {"begins": begins, "ends": ends, "queue": queue, "by": by}
        self._exchange.city(CityFact.GUEST_LISTEN, place, data)
        self._trail.note(by, "guest_agreed", id_, {"begins": begins, "ends": ends, "queue": queue, "pii_name": name})
        self._news.set()
        return self._row(_plan(self._exchange.board.city[CityFact.GUEST_LISTEN, place]))

    def cancel(self, id_: str, by: str) -> None:
        """At once, if he listens. KeyError: there is none such."""
        plan = next((plan for plan in self.plans() if plan.id == id_), None)
        if plan is None:
            raise KeyError(id_)
        self._close(plan, by)
        self._trail.note(by, "guest_cancelled", id_)
        if (guest := self._guests.get(id_)) is not None:
            self._over(guest, "cancelled")

    # What becomes of it

    def look(self) -> None:
        """One round over who is to be called and who listens."""
        if self._channels() is None or not self._exchange.board.may_decide():
            return
        now, plans = self._exchange.wall(), {plan.id: plan for plan in self.plans()}
        for plan in plans.values():
            if plan.begins <= now and plan.id not in self._guests:
                self._call(plan, now)
        for guest in list(self._guests.values()):
            if guest.plan.id not in plans:
                self._over(guest, "time")
            else:
                self._look_at(guest, now)

    def _call(self, plan: Plan, now: float) -> None:
        found = self._dialling.may(plan.number, now, self._local_time(now), self._ongoing(), any_hour=True)
        if not isinstance(found, Allowed):
            log.warning("guest_not_called", guest=plan.id, code=found.code)
            self._trail.note("system", "guest_not_called", plan.id, {"code": str(found.code)})
            self._close(plan, "system")
            return
        dial = self._settings.dial.replace("{number}", found.number)
        line = self._lines.ring(dial, self._settings.caller_id or self._own_number(), _RING_S, "listen", None)
        self._dialling.dialled(line.uniqueid, found.number, now)
        self._dialling.beside.add(line.uniqueid)
        self._guests[plan.id] = _Guest(plan, line)
        self._trail.note("system", "guest_called", plan.id)

    def _look_at(self, guest: _Guest, now: float) -> None:
        state = self._lines.state(guest.line)
        if state == "gone":
            self._close(guest.plan, "system")
            self._over(guest, "guest" if guest.on_at is not None else "not_reached")
            return
        if state != "on" or guest.moving:
            return
        guest.on_at = guest.on_at or now
        call = self._exchange.board.calls.get(guest.call_id) if guest.call_id is not None else None
        heard = self._heard(call) if call is not None else None
        if heard is None or call is None:
            call, heard = self._next(guest)
        if heard is not None and heard.name != guest.line.heard:
            self._lines.spawn(self._send(guest, call, heard))
        elif heard is None and (guest.line.heard or now - guest.waits_since >= WAITS_S):
            self._lines.spawn(self._send(guest, None, None))

    async def _send(self, guest: _Guest, call: Call | None, heard: Channel | None) -> None:
        guest.moving = True
        try:
            self._hears(guest, None)
            if not await self._lines.send(guest.line, "listen", heard) or guest.plan.id not in self._guests:
                return
            guest.call_id, guest.waits_since = (call.id if call is not None else None), self._exchange.wall()
            self._hears(guest, call)
        finally:
            guest.moving = False

    def _hears(self, guest: _Guest, call: Call | None, side: str = "talk") -> None:
        """Notes the end of what he heard, and by which side, and what he hears now."""
        if guest.heard is not None:
            self._note_ended(guest.heard[0], guest.plan.id, guest.heard[1], side)
            guest.heard = None
        if call is not None and call.id in self._exchange.board.calls:
            guest.heard, guest.last = (call.id, self._exchange.wall()), call.id
            data: dict[str, Value] = {"supervision": guest.plan.id, "by": GUEST, "agent": call.agent}
            data |= {"mode": "listen", "via": guest.plan.id, "told": False}
            self._exchange.call(CallFact.SUPERVISED, call.id, data)
            self._trail.note("system", "guest_listens", call.id, {"guest": guest.plan.id})

    def _note_ended(self, call_id: CallId, plan: str, since: float, side: str) -> None:
        if call_id in self._exchange.board.calls:
            seconds = round(max(0.0, self._exchange.wall() - since), 3)
            data: dict[str, Value] = {"supervision": plan, "by": GUEST, "side": side, "seconds": seconds}
            self._exchange.call(CallFact.SUPERVISION_ENDED, call_id, data)

    def _next(self, guest: _Guest) -> tuple[Call | None, Channel | None]:
        """The talk that began last: he hears it from near its beginning; none twice in a row while there are others."""
        calls = [call for call in self._exchange.board.calls.values() if call.phase == "talk"]
        if guest.plan.queue:
            calls = [call for call in calls if call.need is not None and call.need.queue == guest.plan.queue]
        calls.sort(key=lambda call: (call.id == guest.last, -(call.answered_at or 0.0)))
        for call in calls:
            if (heard := self._heard(call)) is not None:
                return call, heard
        return None, None

    def _heard(self, call: Call) -> Channel | None:
        channel = self._where.agent(call) if call.phase == "talk" else None
        return channel if channel is not None and channel.state == UP else None

    def _over(self, guest: _Guest, why: str) -> None:
        self._guests.pop(guest.plan.id, None)
        self._hears(guest, None, "system")
        self._lines.hang_up(guest.line)
        self._dialling.beside.discard(guest.line.uniqueid)
        seconds = 0.0 if guest.on_at is None else round(self._exchange.wall() - guest.on_at, 3)
        self._trail.note("system", "guest_ended", guest.plan.id, {"why": why, "seconds": seconds})
        log.info("guest_ended", guest=guest.plan.id, why=why)

    def _close(self, plan: Plan, by: str) -> None:
        fact = self._exchange.board.city[CityFact.GUEST_LISTEN, plan.place]
        self._exchange.city(CityFact.GUEST_LISTEN, plan.place, {**fact.data, "on": False, "by": by})

    def _row(self, plan: Plan) -> dict[str, Any]:
        guest = self._guests.get(plan.id)
        state = "planned"
        if guest is not None:
            state = "ringing" if guest.on_at is None else "waiting" if guest.heard is None else "listening"
        times = {"from": plan.begins, "until": plan.ends, "queue": plan.queue or None}
        return {"id": plan.id, "name": plan.name, "number": plan.number, **times, "by": plan.by, "state": state}


def _plan(fact: Milestone) -> Plan:
    data = fact.data
    name, number = str(data["pii_name"]), str(data["pii_number"])
    begins, ends = float(data["begins"] or 0), float(data["ends"] or 0)
    return Plan(fact.id, str(data["guest"]), name, number, begins, ends, str(data["queue"]), str(data["by"]))
