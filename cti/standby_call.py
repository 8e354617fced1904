"""Who is on stand-by (备班) is called in while the rung `standby` of the surge ladder is on.

His own telephone is rung through the trunk, and Asterisk alone says what there is to say. It is looked at every second,
not only when the rung goes on: a new daemon, midnight, or a number that was missing in the roster need nothing more.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

import structlog

from agents.roster import Agent
from agents.schedule import Schedule
from agents.status import Status
from cti.asterisk import names
from cti.asterisk.ami import AmiError, AmiEvent
from cti.asterisk.fault import fault
from cti.calls import AgentFact, AgentId, CityFact, Milestone, Value
from cti.exchange import Exchange
from cti.leg import UP, Actions, Leg
from cti.settings import Callback
from cti.surge_watch import STANDBY
from queues.dialling import Allowed, Dialling

log = structlog.get_logger()

_LOOK_S = 1.0
_TRIES = 3
_AGAIN_S = 60.0
"""From a try that did not reach him to the next."""
_SPEAKS_S = 60.0
"""Asterisk has said everything by then; if it is not over, we missed its end."""
_TOLD = "told"


@dataclass(frozen=True, slots=True)
class _Last:
    """What became of it last. `n`: tries, since the rung went on, in which his telephone was called."""

    at: float = 0.0
    outcome: str = ""
    code: str = ""
    n: int = 0


class StandbyCalls:
    """`run` it, and give it the events that are observed; `rung_on` when the rung goes on.

    `ongoing`: how many other calls of ours are out. `own_number`: gives what his telephone shows.
    """

    def __init__(
        self,
        exchange: Exchange,
        act: Actions,
        schedule: Callable[[], Schedule],
        local_time: Callable[[float], datetime],
        settings: Callback,
        dialling: Dialling,
        ongoing: Callable[[], int],
        own_number: Callable[[], str],
    ) -> None:
        self._exchange = exchange
        self._act = act
        self._schedule = schedule
        self._local_time = local_time
        self._settings = settings
        self._dialling = dialling
        self._ongoing = ongoing
        self._own_number = own_number
        self._since: float | None = None
        """When the rung went on; None while it is off."""
        self._last: dict[AgentId, _Last] = {}
        self._ringing: dict[AgentId, asyncio.Task[None]] = {}
        self._legs: dict[str, Leg] = {}
        self._warned: set[str] = set()
        self._moved = asyncio.Event()

    def recover(self, milestones: Iterable[Milestone]) -> None:
        """What another daemon, or this one before it was restarted, has done already. In the order of the journal."""
        for m in milestones:
            if m.kind == AgentFact.STANDBY_CALLED:
                data = m.data
                self._last[AgentId(m.id)] = _Last(
                    m.at, str(data["outcome"]), str(data["code"] or ""), int(data["n"] or 0)
                )

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                self._moved.clear()
                self._call_in()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_S):
                        await self._moved.wait()
        finally:
            ringing = list(self._ringing.values())
            for task in ringing:
                task.cancel()
            await asyncio.gather(*ringing, return_exceptions=True)

    def rung_on(self) -> None:
        """The rung has gone on, perhaps a moment after it went off."""
        self._since = None
        self._moved.set()

    def on_event(self, event: AmiEvent) -> None:
        """Never blocks; an event that is not of ours is none of our business."""
        fields = event.fields
        leg = self._legs.get(fields.get("Uniqueid", ""))
        if leg is None:
            return
        leg.on_event(event)
        if event.name == "Hangup" and fields.get("ChannelState") == str(UP):
            heard = fields.get("Context") == names.CONTEXT_STANDBY and fields.get("Exten") == names.STANDBY_TOLD_EXTEN
            leg.settle(_TOLD if heard else "failed")

    def _call_in(self) -> None:
        board, now = self._exchange.board, self._exchange.wall()
        rung = board.city.get((CityFact.RUNG, STANDBY))
        if rung is None or not rung.data.get("on"):
            self._since = None
            self._warned.clear()
            return
        if self._since is None:
            self._since = rung.at
        if not board.may_decide():
            return
        standing_by = self._schedule().standby(self._local_time(now))
        if not standing_by:
            self._warn_once("standby_nobody")
        for agent_id in standing_by:
            desk = board.desks.get(agent_id)
            if desk is None:
                self._warn_once("standby_agent_unknown", agent=agent_id)
            elif desk.status is Status.OFFLINE and agent_id not in self._ringing:
                self._call(desk.agent, now, self._since)

    def _call(self, agent: Agent, now: float, since: float) -> None:
        last = self._last.get(agent.id, _Last())
        if last.at < since:
            last = _Last()
        rang_out = last.outcome not in ("", "no_phone", "not_possible")
        if last.outcome == _TOLD or last.n >= _TRIES or (rang_out and now < last.at + _AGAIN_S):
            return
        outcome, code = "no_phone", ""
        if agent.phone:
            found = self._dialling.may(agent.phone, now, self._local_time(now), self._ongoing(), any_hour=True)
            if isinstance(found, Allowed):
                leg = f"sb-{secrets.token_hex(8)}"
                self._dialling.dialled(leg, found.number, now)
                self._dialling.beside.add(leg)
                self._ringing[agent.id] = asyncio.create_task(self._ring(agent.id, leg, found, last.n + 1))
                return
            outcome, code = "not_possible", found.code
        if (outcome, code) != (last.outcome, last.code):
            self._note(agent.id, outcome, last.n, code)

    async def _ring(self, agent_id: AgentId, leg: str, to: Allowed, n: int) -> None:
        outcome = "failed"
        try:
            outcome = await self._outcome(agent_id, leg, to)
        except Exception as error:  # noqa: BLE001 (a fault of ours must not cost the tries that are left)
            log.error("standby_call_failed", agent=agent_id, **fault(error))
        finally:
            del self._ringing[agent_id]
            self._dialling.beside.discard(leg)
        self._note(agent_id, outcome, n)

    async def _outcome(self, agent_id: AgentId, uniqueid: str, to: Allowed) -> str:
        """Rings him and says what became of it when it is over."""
        settings, number = self._settings, self._settings.dial.replace("{number}", to.number)
        leg = self._legs[uniqueid] = Leg(uniqueid)
        shown = settings.caller_id or self._own_number()
        try:
            await leg.ring(self._act, number, names.CONTEXT_STANDBY, shown, settings.ring_s)
            async with asyncio.timeout(settings.ring_s + _SPEAKS_S):
                return await leg.outcome
        except AmiError as error:
            # Not known whether it was done; he may hear it twice.
            log.warning("standby_not_dialled", agent=agent_id, problem=str(error))
        except TimeoutError:
            log.warning("standby_end_not_seen", agent=agent_id)
        finally:
            del self._legs[uniqueid]
        return "failed"

    def _note(self, agent_id: AgentId, outcome: str, n: int, code: str = "") -> None:
        self._last[agent_id] = _Last(self._exchange.wall(), outcome, code, n)
        if agent_id in self._exchange.board.desks:
            data: dict[str, Value] = {"outcome": outcome, "n": n, "code": code or None}
            self._exchange.agent(AgentFact.STANDBY_CALLED, agent_id, data)
        if outcome == _TOLD:
            log.info("standby_told", agent=agent_id, n=n)
        elif outcome in ("no_phone", "not_possible"):
            log.warning("standby_cannot_be_called", agent=agent_id, outcome=outcome, code=code or None)
        else:
            log.warning("standby_not_reached", agent=agent_id, outcome=outcome, n=n, left=_TRIES - n)

    def _warn_once(self, event: str, **fields: str) -> None:
        if (key := f"{event} {fields}") not in self._warned:
            self._warned.add(key)
            log.warning(event, **fields)
