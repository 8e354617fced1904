"""A simulated city (Poisson calls, exponential talks and patience, the real router) whose waiting callers are told an
estimate again and again: ours, and app_queue's. One queue and one skill make it an M/M/n+M queue.
"""

from __future__ import annotations

import heapq
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

from cti.calls import AgentId, CallId, Need
from queues.estimate import Outlook, Seat
from queues.handling import Handling, History
from queues.needs import Idle, Waiting
from queues.routing import Router

_MONDAY = datetime(2026, 11, 23, 10, 10, tzinfo=UTC)
_WRAP_UP_S = 24.0
_SETTLED_S = 1800.0


@dataclass(frozen=True, slots=True)
class Told:
    """What a caller who was answered in the end had been told, and how long he then waited."""

    queue: str
    ours_s: float
    app_queue_s: float
    waited_s: float


class BusyQueue:
    """`crews`: skills and how many agents have them. `calls_per_s`: of each queue; its skill has the same name."""

    def __init__(
        self,
        crews: Sequence[tuple[tuple[str, ...], int]],
        calls_per_s: Mapping[str, float],
        handling_s: float,
        patience_s: float,
        seed: int,
    ) -> None:
        self._random = random.Random(seed)
        self._calls_per_s, self._handling_s, self._patience_s = calls_per_s, handling_s, patience_s
        self._router = Router()
        self._seats: dict[AgentId, Seat] = {}
        for skills, agents in crews:
            for _ in range(agents):
                self._free(Seat(AgentId(f"a{len(self._seats)}"), dict.fromkeys(skills, 1), "idle", 0.0), 0.0)
        self._waiting: dict[CallId, Waiting] = {}
        self._told: defaultdict[CallId, list[tuple[float, float, float]]] = defaultdict(list)
        self._hold_s = dict.fromkeys(calls_per_s, 0.0)
        self._handling, self._history = Handling(), History()
        self._events: list[tuple[float, int, str, Any]] = []
        self._numbers = count()
        self.told: list[Told] = []

    def run(self, seconds: float, every_s: float = 30.0) -> list[Told]:
        """All that was told, but for the first half hour."""
        for queue in self._calls_per_s:
            self._at(0.0, "arrives", queue)
        self._at(every_s, "tell", None)
        now = 0.0
        while now < seconds:
            now, _, kind, of = heapq.heappop(self._events)
            match kind:
                case "arrives":
                    self._arrives(of, now)
                case "gives_up" if of in self._waiting:
                    call = self._waiting.pop(of)
                    self._router.leave(of)
                    self._history.add(call.need.queue, _MONDAY, now - call.since, None)
                case "talked":
                    seat, talk_s = of
                    self._seats[seat.agent_id] = replace(seat, state="wrap_up", since=now, until=now + _WRAP_UP_S)
                    self._at(now + _WRAP_UP_S, "free", (seat, talk_s))
                case "free":
                    seat, talk_s = of
                    self._handling.add(seat.queue, talk_s, _WRAP_UP_S)
                    self._free(seat, now)
                case "tell":
                    self._tell(now)
                    self._at(now + every_s, "tell", None)
            self._match(now)
        return self.told

    def _arrives(self, queue: str, now: float) -> None:
        call = Waiting(CallId(str(next(self._numbers))), Need(queue), now)
        self._waiting[call.call_id] = call
        self._router.wait(call)
        self._at(now + self._random.expovariate(self._calls_per_s[queue]), "arrives", queue)
        self._at(now + self._random.expovariate(1 / self._patience_s), "gives_up", call.call_id)

    def _free(self, seat: Seat, now: float) -> None:
        self._seats[seat.agent_id] = replace(seat, state="idle", since=now, queue="")
        self._router.free(Idle(seat.agent_id, seat.skills, now))

    def _match(self, now: float) -> None:
        for decision in self._router.decide(now):
            call = self._waiting.pop(decision.call_id)
            queue, waited_s = call.need.queue, now - call.since
            # apps/app_queue.c: the hold time moves by a quarter towards the wait of each answered call.
            self._hold_s[queue] = (3 * self._hold_s[queue] + waited_s) / 4
            self._history.add(queue, _MONDAY, waited_s, self._handling_s)
            for at, ours_s, app_queue_s in self._told.pop(call.call_id, []):
                self.told.append(Told(queue, ours_s, app_queue_s, now - at))
            talk_s = self._random.expovariate(1 / (self._handling_s - _WRAP_UP_S))
            seat = replace(self._seats[decision.agent_id], state="talking", since=now, queue=queue)
            self._seats[seat.agent_id] = seat
            self._at(now + talk_s, "talked", (seat, talk_s))

    def _tell(self, now: float) -> None:
        if now < _SETTLED_S or not self._waiting:
            return
        seats = list(self._seats.values())
        outlook = Outlook(now, _MONDAY, self._waiting.values(), seats, self._handling, self._history)
        for call in self._waiting.values():
            estimate = outlook.estimate(call)
            assert estimate is not None
            # What app_queue says is the hold time less what he has waited, whatever the sign.
            app_queue_s = abs(self._hold_s[call.need.queue] - (now - call.since))
            self._told[call.call_id].append((now, estimate.wait_s, app_queue_s))

    def _at(self, when: float, kind: str, of: Any) -> None:
        heapq.heappush(self._events, (when, next(self._numbers), kind, of))
