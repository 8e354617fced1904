"""A simulated M/M/n+M queue whose waiting callers are told an estimate again and again: ours, and app_queue's."""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count

from cti.calls import AgentId, CallId, Need
from queues.estimate import Outlook, Seat
from queues.handling import Handling, History
from queues.needs import Waiting

_MONDAY = datetime(2026, 11, 23, 10, 10, tzinfo=UTC)
_WRAP_UP_S = 24.0
_SETTLED_S = 1800.0


@dataclass(frozen=True, slots=True)
class Told:
    """What a caller who was answered in the end had been told, and how long he then waited."""

    ours_s: float
    app_queue_s: float
    waited_s: float


class BusyQueue:
    """`load` is offered calls times handling time over agents; talks and patience are exponential."""

    def __init__(self, agents: int, load: float, handling_s: float, patience_s: float, seed: int) -> None:
        self._random = random.Random(seed)
        self._handling_s, self._patience_s = handling_s, patience_s
        self._gap_s = handling_s / (load * agents)
        self._seats = {n: Seat(AgentId(f"a{n}"), {"general": 1}, "idle", 0.0, queue="general") for n in range(agents)}
        self._waiting: dict[str, Waiting] = {}
        self._told: dict[str, list[tuple[float, float, float]]] = {}
        self._hold_s = 0.0
        self._handling, self._history = Handling(), History()
        self._events: list[tuple[float, int, str, str, int, float]] = []
        self._numbers = count()
        self.told: list[Told] = []

    def run(self, seconds: float, every_s: float = 30.0) -> list[Told]:
        """All that was told, but for the first half hour."""
        self._at(0.0, "arrives", "0")
        self._at(every_s, "tell", "")
        while self._events:
            now, _, kind, call_id, seat, talk_s = heapq.heappop(self._events)
            if now > seconds:
                break
            match kind:
                case "arrives":
                    self._at(now + self._random.expovariate(1 / self._gap_s), "arrives", str(next(self._numbers)))
                    self._waiting[call_id] = Waiting(CallId(call_id), Need("general"), now)
                    self._at(now + self._random.expovariate(1 / self._patience_s), "gives_up", call_id)
                case "gives_up" if call_id in self._waiting:
                    call = self._waiting.pop(call_id)
                    self._history.add("general", _MONDAY, now - call.since, None)
                case "talked":
                    self._seats[seat] = replace(self._seats[seat], state="wrap_up", since=now, until=now + _WRAP_UP_S)
                    self._at(now + _WRAP_UP_S, "free", "", seat, talk_s)
                case "free":
                    self._handling.add("general", talk_s, _WRAP_UP_S)
                    self._seats[seat] = replace(self._seats[seat], state="idle", since=now, until=None)
                case "tell":
                    self._tell(now)
                    self._at(now + every_s, "tell", "")
            self._match(now)
        return self.told

    def _match(self, now: float) -> None:
        for n, seat in self._seats.items():
            if seat.state == "idle" and self._waiting:
                call = self._waiting.pop(next(iter(self._waiting)))
                waited_s = now - call.since
                # apps/app_queue.c: the hold time moves by a quarter towards the wait of each answered call.
                self._hold_s = (3 * self._hold_s + waited_s) / 4
                self._history.add("general", _MONDAY, waited_s, self._handling_s)
                for at, ours_s, app_queue_s in self._told.pop(call.call_id, []):
                    self.told.append(Told(ours_s, app_queue_s, now - at))
                talk_s = self._random.expovariate(1 / (self._handling_s - _WRAP_UP_S))
                self._seats[n] = replace(seat, state="talking", since=now)
                self._at(now + talk_s, "talked", "", n, talk_s)

    def _tell(self, now: float) -> None:
        if now < _SETTLED_S or not self._waiting:
            return
        seats = list(self._seats.values())
        outlook = Outlook(now, _MONDAY, self._waiting.values(), seats, self._handling, self._history)
        for call in self._waiting.values():
            estimate = outlook.estimate(call)
            assert estimate is not None
            # What app_queue says is the hold time less what he has waited, whatever the sign.
            app_queue_s = abs(self._hold_s - (now - call.since))
            self._told.setdefault(call.call_id, []).append((now, estimate.wait_s, app_queue_s))

    def _at(self, when: float, kind: str, call_id: str, seat: int = 0, talk_s: float = 0.0) -> None:
        heapq.heappush(self._events, (when, next(self._numbers), kind, call_id, seat, talk_s))
