"""Whom we owe a call: one task for each citizen who was lost, derived from calls that have ended and from nothing else.

Feed every ended call, in the order in which they ended: at a start those of the last days, then each as it ends. A call
that comes twice changes nothing. Who counts as lost: everybody who left without having talked to a person, wherever he
was, asked to be called back, left a message, or was cut off in the talk by our fault. Not who hung up within `QUICK_S`
of arriving, which is a wrong number; not a withheld number, which nobody can call; not who was put through to 110,
119, 120 or 122, or got what he wanted from the menu.

A person can make a task of any other call that was lost, if its number is known.

Several losses of one number are one task. The first gives its age, the newest says what is needed. It is closed when
the citizen got through by himself, was reached, somebody closed it, it was tried often enough, or it is too old.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from cti.calls import CallId, Need
from queues.dialling import Allowed, Code, Refused, check_number

QUICK_S: Final = 5.0
REDIAL_S: Final = 60.0
"""Who was lost without asking to be called often dials again at once: he is given so long."""
POSTPONED_S: Final = 60.0
"""From a try that came to nothing without his telephone having rung, to the next."""

OWED: Final = "owed"
"""Outcome of a call of ours that was none: somebody made a task of the citizen's call that it is `of`."""

_TRIED = frozenset({"no_answer", "busy", "failed"})
"""Outcomes of a callback that count as an attempt; reached and closed end the task, the others postpone it."""


@dataclass(frozen=True, slots=True)
class EndedCall:
    """A call that is over. Times are UTC seconds."""

    call_id: CallId
    number: str
    """The citizen's, as the network gave it; "" if withheld."""
    arrived_at: float
    ended_at: float
    answered: bool = False
    """By a person."""
    cut_off: bool = False
    """We or Asterisk ended it, not one of the two who talked."""
    lost_at: str | None = None
    need: Need | None = None
    """None: he had not come to a queue."""
    since: float = 0.0
    """What his place in the queue counted from; 0: he had none."""
    dialled: str = ""
    """The number he called."""
    outcome: str | None = None
    """Of a callback; None: the citizen called."""
    of: CallId | None = None
    """With the outcome OWED: the citizen's call."""
    by_voice: bool = True
    """False: he signed or wrote, and is answered in writing, by people."""

    @property
    def lost(self) -> bool:
        if self.outcome is not None:
            return False
        if self.cut_off:
            return True
        quick = self.ended_at - self.arrived_at < QUICK_S and self.lost_at not in ("callback", "message")
        return not self.answered and self.lost_at is not None and not quick


class TaskRefused(Exception):
    """What a person wants done with a task cannot be done; `code` is stable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Closed(StrEnum):
    GOT_THROUGH = "got_through"
    """He called again and talked to somebody."""
    REACHED = "reached"
    BY_HAND = "closed"
    NOT_REACHED = "not_reached"
    """Tried as often as the rules say."""
    TOO_OLD = "too_old"


@dataclass(frozen=True, slots=True)
class Task:
    id: CallId
    """The first call that was lost."""
    number: str
    """As it would be dialled, or as the network gave it if it may not be."""
    first_at: float
    """When he was first lost …"""
    last_at: float
    """… and when last."""
    of: CallId
    """The newest call that was lost."""
    next_at: float
    """Not to be tried before."""
    refused: Code | None = None
    """Why this number can never be dialled: the task is for people."""
    losses: int = 1
    requested: bool = False
    """He chose to be called back instead of waiting."""
    need: Need | None = None
    dialled: str = ""
    """The number he called last."""
    since: float = 0.0
    """What his place counts from, if he asked to be called back."""
    attempts: int = 0
    outcome: str = ""
    """Of the last try; "": none yet."""
    closed: Closed | None = None
    closed_at: float = 0.0
    calls: frozenset[CallId] = frozenset()
    """Everything that has gone into it."""


@dataclass(frozen=True, slots=True)
class TaskRules:
    attempts: int = 3
    retry_s: float = 900.0
    oldest_s: float = 2 * 86_400.0
    area_code: str = ""


class Tasks:
    """The newest task of each number; closed ones stay for as long as an open one could."""

    def __init__(self, rules: TaskRules) -> None:
        self._rules = rules
        self._tasks: dict[str, Task] = {}
        self._requested: set[str] = set()
        """Numbers of the tasks that were asked for."""
        self._open: set[str] = set()

    def add(self, call: EndedCall) -> None:
        if not call.number:
            return
        number = self.key(call.number)
        task = self._tasks.get(number)
        if task is not None:
            task = self._aged(task, call.ended_at)
        if task is None or task.closed is not None:
            if (call.lost or call.outcome == OWED) and (task is None or call.ended_at > task.closed_at):
                found = check_number(call.number, self._rules.area_code)
                refused = found.code if isinstance(found, Refused) else None if call.by_voice else Code.NOT_BY_VOICE
                self._keep(_opened(number, refused, call))
            return
        if call.call_id in task.calls or call.ended_at <= task.first_at or call.outcome == OWED:
            return
        task = replace(task, calls=task.calls | {call.call_id})
        if call.lost:
            self._keep(_merged(task, call))
        else:
            self._keep(_heard(task, call) if call.outcome is None else self._tried(task, call))

    def key(self, number: str) -> str:
        """One citizen's number in whatever form the network gave it."""
        found = check_number(number, self._rules.area_code)
        return found.number if isinstance(found, Allowed) else number

    def of_number(self, number: str) -> Task | None:
        """The newest task of this citizen, open or closed."""
        return self._tasks.get(self.key(number))

    def get(self, task_id: str) -> Task | None:
        return next((task for task in self._tasks.values() if task.id == task_id), None)

    def age(self, now: float) -> None:
        """Closes what is too old and forgets what was closed long ago; to be called now and then."""
        for task in list(self._tasks.values()):
            self._keep(self._aged(task, now))
            if task.closed and now >= task.closed_at + self._rules.oldest_s:
                del self._tasks[task.number]

    def owed(self) -> tuple[int, int]:
        """Open tasks: of those who asked to be called back, and of the others."""
        return len(self._requested), len(self._open) - len(self._requested)

    def all(self, now: float) -> list[Task]:
        """Open ones in the order in which they are to be tried, then closed ones, the newest first."""
        self.age(now)
        tasks = self._tasks.values()
        done = sorted((task for task in tasks if task.closed), key=lambda task: -task.closed_at)
        return sorted((task for task in tasks if not task.closed), key=_order) + done

    def due(self, now: float, limit: int, *, missed: bool = True) -> list[Task]:
        """The first `limit` that may be tried now: who asked for it, by place; then the others, the oldest first.

        `missed`: False leaves out the others, which may be tens of thousands after a bad day.
        """
        tasks = self._tasks.values() if missed else [self._tasks[number] for number in self._requested]
        return heapq.nsmallest(
            limit,
            (t for t in tasks if t.next_at <= now and not t.refused and self._aged(t, now).closed is None),
            key=_order,
        )

    def _keep(self, task: Task) -> None:
        self._tasks[task.number] = task
        if task.closed is None:
            self._open.add(task.number)
        else:
            self._open.discard(task.number)
        if task.requested and task.closed is None:
            self._requested.add(task.number)
        else:
            self._requested.discard(task.number)

    def _tried(self, task: Task, call: EndedCall) -> Task:
        outcome = call.outcome or ""
        task = replace(task, outcome=outcome)
        if outcome in ("reached", "closed"):
            why = Closed.REACHED if outcome == "reached" else Closed.BY_HAND
            return replace(task, attempts=task.attempts + (outcome == "reached"), closed=why, closed_at=call.ended_at)
        if outcome not in _TRIED:
            return replace(task, next_at=call.ended_at + POSTPONED_S)
        task = replace(task, attempts=task.attempts + 1, next_at=call.ended_at + self._rules.retry_s)
        if task.attempts >= self._rules.attempts:
            return replace(task, closed=Closed.NOT_REACHED, closed_at=call.ended_at)
        return task

    def _aged(self, task: Task, now: float) -> Task:
        too_old_at = task.first_at + self._rules.oldest_s
        if task.closed is None and now >= too_old_at:
            return replace(task, closed=Closed.TOO_OLD, closed_at=too_old_at)
        return task


def _opened(number: str, refused: Code | None, call: EndedCall) -> Task:
    first, at = call.of or call.call_id, call.ended_at
    calls = frozenset({call.call_id, first})
    return _merged(Task(first, number, at, at, first, 0.0, refused, losses=0, calls=calls), call)


def _merged(task: Task, call: EndedCall) -> Task:
    """The newest need wins; who once asked for a callback has asked for it."""
    asked = call.lost_at == "callback"
    return replace(
        task,
        last_at=call.ended_at,
        of=call.of or call.call_id,
        losses=task.losses + 1,
        requested=task.requested or asked,
        need=call.need or task.need,
        dialled=call.dialled or task.dialled,
        since=task.since or (call.since if asked else 0.0),
        next_at=call.ended_at if asked else max(task.next_at, call.ended_at + REDIAL_S),
    )


def _heard(task: Task, call: EndedCall) -> Task:
    """A call of his that was no loss: if he talked to somebody, nothing is owed any more."""
    if not call.answered:
        return task
    return replace(task, closed=Closed.GOT_THROUGH, closed_at=call.ended_at)


def _order(task: Task) -> tuple[bool, float, CallId]:
    return (not task.requested, task.since if task.requested else task.first_at, task.id)
