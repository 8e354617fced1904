"""The surge ladder at work: every few seconds the wait is forecast, and rungs go on and off in the city's record.

What a rung does is done by those who ask whether it is on: short prompts by the journey, earlier callbacks and the
broadcast by the waiting room, borrowed agents by the switchboard. The stand-by agent is called from here.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

import structlog

from cti.asterisk import names
from cti.calls import CallFact, CityFact, Milestone, Value
from cti.exchange import Exchange
from cti.rules import Surge
from queues.handling import Habit
from queues.surge import Arrivals, Change, Forecast, Ladder, Mode, Rung, forecast, loads_of

log = structlog.get_logger()

_EVERY_S = 5.0
_RUSH = 5.0
"""Fewer calls than this in ten minutes are no rush while anybody is at work, however few agents there are."""
STANDBY = "standby"


class Floor(Protocol):
    """What the waiting room knows of queues and seats."""

    def habits(self, queues: Iterable[str], at: datetime) -> Mapping[str, Habit]: ...

    def at_work(self) -> Sequence[Mapping[str, int]]:
        """The skills of each agent who takes calls now."""


class SurgeWatch:
    """`run` it, and feed `heard` with durable milestones. `call_standby` is called when that rung goes on."""

    def __init__(
        self,
        exchange: Exchange,
        surge: Surge,
        floor: Floor,
        local_time: Callable[[float], datetime],
        call_standby: Callable[[], object],
    ) -> None:
        self._exchange = exchange
        self._floor = floor
        self._local_time = local_time
        self._call_standby = call_standby
        self._arrivals = Arrivals(exchange.wall())
        self._forecast = Forecast(0.0, 0.0)
        self._ladder = self._made(surge)

    def take(self, surge: Surge) -> None:
        """Other rungs or bounds from now on; what a person has switched stays as he left it."""
        self._ladder = self._made(surge)

    def _made(self, surge: Surge) -> Ladder:
        ladder = Ladder([Rung(r.rung, r.on_wait_s, r.off_wait_s, r.at_least_s) for r in surge.rungs])
        ladder.restore(sorted(self._exchange.board.city.values(), key=lambda fact: fact.at))
        return ladder

    def heard(self, batch: Iterable[Milestone]) -> None:
        for milestone in batch:
            if milestone.kind == CallFact.QUEUED and (queue := str(milestone.data["queue"])) != names.FALLBACK_QUEUE:
                self._arrivals.add(queue, milestone.at)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(_EVERY_S)
            self.look()

    def look(self) -> None:
        """One forecast, and what follows from it."""
        now = self._exchange.wall()
        waiting = Counter(call.need.queue for call in self._exchange.board.waiting())
        at_work = self._floor.at_work()
        # At night a caller leaves a message and is gone: a queue without agents and without callers is no rush.
        queues = {queue for queue in self._arrivals.queues() if any(queue in skills for skills in at_work)} | {*waiting}
        rates = {queue: self._arrivals.per_s(queue, now) for queue in queues}
        habits = self._floor.habits(queues, self._local_time(now))
        self._forecast = forecast(loads_of(rates, waiting, habits, at_work))
        if at_work and self._arrivals.seen(now) < _RUSH:
            self._forecast = replace(self._forecast, wait_s=0.0)
        self._note(self._ladder.step(now, self._forecast))

    def view(self) -> dict[str, Any]:
        """Forecast and rungs as a page shows them."""
        rungs = [
            {
                "rung": name,
                "on": state.on,
                "since": max(0.0, state.since),
                "by": state.by,
            }
            for name, state in self._ladder.states.items()
        ]
        return {"saturation": self._forecast.saturation, "wait_s": self._forecast.wait_s, "rungs": rungs}

    def set_mode(self, rung: str, mode: Mode, by: str) -> None:
        """A supervisor's word. KeyError: no such rung on this city's ladder."""
        self._note(self._ladder.set(rung, mode, by, self._exchange.wall()))

    def _note(self, changes: Iterable[Change]) -> None:
        for change in changes:
            before = change.rung in self._exchange.board.rungs()
            data: dict[str, Value] = {
                "on": change.on,
                "by": change.by,
                "saturation": change.saturation,
                "wait_s": change.wait_s,
            }
            self._exchange.city(CityFact.RUNG, change.rung, data)
            log.info("surge_rung", rung=change.rung, **data)
            if change.rung == STANDBY and change.on and not before:
                self._call_standby()
