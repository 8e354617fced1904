"""The desk of callbacks: whom we owe a call (queues.callbacks) is called when agents are free and the rules allow it.

A callback is a call of the switchboard like any other (cti.callback_call), so its records, its recovery after a crash
and its agent's desk need nothing of their own. Nothing is kept here: tasks are derived from the records of calls.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import structlog

from agents.status import State
from cti.asterisk.ami import AmiEvent
from cti.callback_call import AgentLine, Outside
from cti.callback_calls import CallbackCalls, is_callback
from cti.calls import EMERGENCY_S, CallFact, CallId, Milestone, Need, NeedStep, SkillNeed, Value
from cti.live_call import Call
from cti.logs import mask
from cti.metrics.record import CallRecord
from cti.past_calls import Records, past_calls
from cti.settings import Callback, SettingsError
from queues.callbacks import OWED, Closed, EndedCall, Task, TaskRefused, TaskRules, Tasks
from queues.dialling import Allowed, Code, Dialling, Refused, Rules, is_open
from queues.returning import KeptPlace

log = structlog.get_logger()

_DAY_S: Final = 86_400.0
_LOOK_S: Final = 1.0
_LISTED: Final = 100
"""Tasks looked at in one round; some of them may be called too often already."""
_AGE_S: Final = 300.0
_AGAIN_S: Final = 5.0
"""After a fault of ours, or of the database."""


@dataclass(frozen=True, slots=True)
class Books:
    """What the desk knows of calls and numbers, beside what is live."""

    local_time: Callable[[float], datetime]
    timeline: Callable[[CallId], Sequence[Milestone] | None]
    """The milestones of a live call."""
    drained: Callable[[], Awaitable[None]]
    """Returns when the records of all calls that ended before are to be had."""
    records: Records
    place_of: Callable[[str], Mapping[str, Value]]
    """City, mode, statistics and flow of a number that can be dialled."""
    need_of: Callable[[str], Need]
    """What somebody needs who called this number and was lost before it was known."""


class Callbacks:
    """`run` it; give it the AGI route `callback`, the events that are observed, and each record that is complete."""

    def __init__(self, outside: Outside, books: Books) -> None:
        settings = outside.settings
        if settings.dial and "{number}" not in settings.dial:
            raise SettingsError(
                'callback.dial: {number} is missing where the number belongs, as "PJSIP/{number}@trunk"'
            )
        self._outside = outside
        self._books = books
        self._exchange = outside.exchange
        self._board = outside.exchange.board
        self._settings = settings
        self._tasks = Tasks(task_rules(settings))
        self.dialling = Dialling(
            Rules(
                bool(settings.dial),
                settings.area_code,
                settings.hours,
                settings.per_number_a_day,
                settings.per_hour,
                settings.concurrent,
            )
        )
        self._calls = CallbackCalls(
            outside,
            self.dialling,
            books.local_time,
            books.timeline,
            self._tasks.key,
            self._on_ended_here,
        )
        self._look = asyncio.Event()
        self._early: list[CallRecord] | None = []
        """Records that came before those of the last days were read; None: they have been."""

    # What the daemon calls

    async def run(self) -> None:
        """Until cancelled."""
        self._calls.adopt()
        self._calls.spawn(self._read_records())
        try:
            aged_at = self._exchange.wall()
            while True:
                self._look.clear()
                self._place_calls()
                if (now := self._exchange.wall()) - aged_at >= _AGE_S:
                    self._tasks.age(now)
                    aged_at = now
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_S):
                        await self._look.wait()
        finally:
            await self._calls.stop()

    async def serve(self, line: AgentLine) -> None:
        """The AGI route `callback`."""
        await self._calls.serve(line)

    def on_event(self, event: AmiEvent) -> None:
        """Never blocks; an event that is not of ours is none of our business."""
        self._calls.on_event(event)

    def ongoing(self) -> int:
        """How many callbacks ring or are talked on."""
        return self._calls.ongoing()

    def on_ended(self, record: CallRecord) -> None:
        """The record of a call that has just ended."""
        if self._early is not None:
            self._early.append(record)
        else:
            self._add(record)
        self._look.set()

    # What a journey asks

    def possible(self) -> bool:
        """Whether anybody can be called at this hour."""
        return self.dialling.rules.on and is_open(self._settings.hours, self._local())

    def request(self, call: Call) -> CallId | None:
        """The call that keeps this caller's place, on the switchboard from now on; None: his number cannot be called.

        The number is the one that the network gave with his call. Who asks twice has one callback.
        """
        number = str(call.facts["pii_caller"])
        allowed = self.dialling.may(number, self._exchange.wall(), self._local())
        if isinstance(allowed, Refused):
            log.info("callback_request_refused", call_id=call.id, code=allowed.code)
            return None
        if (live := self._calls.of_number(number)) is not None:
            return live.id
        task = self._tasks.of_number(number)
        attempt = task.attempts + 1 if task is not None and task.closed is None else 1
        task_id = task.id if task is not None and task.closed is None else call.id
        need = call.need or self._books.need_of(str(call.facts["dialled"]))
        facts = {key: call.facts.get(key) for key in ("pii_caller", "dialled", "city", "mode", "statistics")}
        since = call.since or self._exchange.wall()
        return self._calls.create(task_id, call.id, attempt, facts, need, since, call.steps_since or since)

    def give_back(self, call: Call, queue: str) -> KeptPlace | None:
        """He calls again and enters `queue`: the place of the callback he asked for is his, and it is withdrawn.

        None: he asked for none, or an agent has it already.
        """
        number, now = str(call.facts.get("pii_caller") or ""), self._exchange.wall()
        callback = self._calls.of_number(number) if number else None
        if callback is None or callback.phase != "queue" or callback.need is None or callback.since >= now:
            return None
        if callback.need.priority_s <= -EMERGENCY_S:
            return None
        self._calls.spawn(self._calls.end(callback.id, "withdrawn"))
        same = callback.need.queue == queue
        return KeptPlace(callback.since, callback.steps_since if same else now, now - callback.since)

    # What a person asks

    def owed(self) -> tuple[int, int] | None:
        """Open tasks: of those who asked to be called back, and of those who were lost; None: not read yet."""
        return self._tasks.owed() if self._early is None else None

    def rows(self) -> list[dict[str, Any]]:
        """Every task for a page, open ones first; numbers are masked."""
        now = self._exchange.wall()
        return [self._row(task, now) for task in self._tasks.all(now)]

    async def close(self, task_id: str) -> dict[str, Any]:
        """Somebody has seen to it. KeyError: no such task; TaskRefused: it is closed, or he is being called."""
        task = self._open(task_id)
        if (live := self._calls.of_number(task.number)) is None:
            call_id = self._calls.arrive(task.id, task.of, task.attempts, self._facts(task))
            self._exchange.call(CallFact.ENDED, call_id, _ENDED_BY_HAND)
            self._on_ended_here(call_id, task.number, "closed", self._exchange.wall())
        elif live.phase == "queue":
            await self._calls.end(live.id, "closed")
        else:
            raise TaskRefused("calling", "he is being called at this moment")
        return self._row(self._tasks.get(task_id) or task, self._exchange.wall())

    def owe(self, record: CallRecord) -> tuple[dict[str, Any], bool]:
        """The open task of the citizen who was lost in this call; made, if there is none: then the second is True.

        TaskRefused: he was not lost, cannot be called, has been talked to since, or tasks are still being read.
        """
        if not record.incoming or record.answered or record.ended_at is None or record.lost_at is None:
            raise TaskRefused("not_lost", "nobody was lost in this call")
        if not record.pii_caller:
            raise TaskRefused("withheld", "his number was withheld: nobody can call him")
        if self._early is not None:
            raise TaskRefused("not_read", "the tasks of the last days are being read: ask again")
        now = self._exchange.wall()
        self._tasks.age(now)
        task = self._tasks.of_number(record.pii_caller)
        if task is not None and task.closed is None:
            return self._row(task, now), False
        if task is not None and task.closed in _TALKED and task.closed_at >= record.ended_at:
            raise TaskRefused("talked_to", "somebody has talked to him since")
        place = self._books.place_of(record.dialled)
        facts: dict[str, Value] = {key: place.get(key) for key in ("city", "mode", "statistics")}
        facts |= {"pii_caller": record.pii_caller, "dialled": record.dialled}
        call_id = self._calls.arrive(record.call_id, record.call_id, 0, facts)
        self._exchange.call(CallFact.ENDED, call_id, {**_ENDED_BY_HAND, "outcome": OWED})
        lost = replace(
            ended_call(record), call_id=call_id, outcome=OWED, of=record.call_id, arrived_at=now, ended_at=now
        )
        self._tasks.add(replace(lost, lost_at=None, since=0.0))
        self._look.set()
        made = self._tasks.of_number(record.pii_caller)
        if made is None:
            raise TaskRefused("not_lost", "no task could be made of it")
        return self._row(made, now), True

    def tasks_of(self, calls: Collection[CallId]) -> dict[CallId, dict[str, Any]]:
        """Rows of the tasks that these calls have gone into; without those that are in none."""
        now, wanted = self._exchange.wall(), set(calls)
        found = {}
        for task in self._tasks.all(now):
            for call in task.calls & wanted:
                found[call] = self._row(task, now)
        return found

    def call_now(self, task_id: str) -> dict[str, Any]:
        """Has him called by the next free agent, as if he had just come to the queue. Errors as `close`."""
        task, now = self._open(task_id), self._exchange.wall()
        if self._calls.of_number(task.number) is not None:
            raise TaskRefused("calling", "his call is in the queue already")
        allowed = self.dialling.may(task.number, now, self._local(), self.ongoing())
        if isinstance(allowed, Refused):
            raise TaskRefused(allowed.code, "the rules of dialling do not allow it now")
        self._calls.create(task.id, task.of, task.attempts + 1, self._facts(task), self._need(task), now, now)
        return self._row(task, now)

    # Inside: records

    async def _read_records(self) -> None:
        """Those of the last days; a task that was open then had begun by them."""
        now = self._exchange.wall()
        await self._books.drained()
        async for record in past_calls(self._books.records, now - 2 * self._settings.missed_days * _DAY_S, now):
            self._add(record)
        early, self._early = self._early or [], None
        for record in early:
            self._add(record)
        self._look.set()

    def _add(self, record: CallRecord) -> None:
        if record.ended_at is None:
            return
        if record.dialled_at is not None and isinstance(found := self.dialling.check(record.pii_caller), Allowed):
            self.dialling.dialled(record.call_id, found.number, record.dialled_at)
        self._tasks.add(ended_call(record))

    def _on_ended_here(self, call_id: CallId, number: str, outcome: str, at: float) -> None:
        """Before the record is complete, so that nobody is called a second time in between."""
        self._tasks.add(EndedCall(call_id, number, at, at, outcome=outcome))
        self._look.set()

    # Inside: who is called

    def _local(self) -> datetime:
        return self._books.local_time(self._exchange.wall())

    def _place_calls(self) -> None:
        """Those who asked, always; those who were lost, as far as agents have nothing else to do."""
        if not self._board.may_decide():
            return
        now, calls = self._exchange.wall(), self._calls.all()
        citizens_wait = any(call.phase == "queue" and not is_callback(call) for call in self._board.calls.values())
        for call in [call for call in calls if call.phase == "queue"]:
            task = self._tasks.of_number(str(call.facts["pii_caller"]))
            if task is not None and task.closed is not None and task.closed_at > call.arrived_at:
                self._calls.spawn(self._calls.end(call.id, "withdrawn"))
            elif citizens_wait and call.need is not None and call.need.priority_s <= -EMERGENCY_S:
                self._calls.spawn(self._calls.end(call.id, "no_agent"))
        if self._early is not None or not self.possible():
            return
        room = self._settings.concurrent - len(calls)
        missed = self._settings.missed and not citizens_wait
        on_the_line = {str(call.facts["pii_caller"])[-7:] for call in self._board.calls.values()}
        for task in self._tasks.due(now, _LISTED, missed=missed and self._somebody_idle(now)):
            if room <= 0:
                return
            if task.number[-7:] in on_the_line or not self._is_allowed(task, now):
                continue
            if task.requested:
                since = task.since or task.last_at
                self._calls.create(
                    task.id, task.of, task.attempts + 1, self._facts(task), self._need(task), since, since
                )
            elif self._idle(need := self._need(task), now):
                need = replace(need, priority_s=-EMERGENCY_S)
                self._calls.create(task.id, task.of, task.attempts + 1, self._facts(task), need, now, now)
            else:
                continue
            room -= 1

    def _is_allowed(self, task: Task, now: float) -> bool:
        return isinstance(self.dialling.may(task.number, now, self._local(), self.ongoing()), Allowed)

    def _somebody_idle(self, now: float) -> bool:
        return any(desk.state(now) is State.IDLE for desk in self._board.logged_in())

    def _idle(self, need: Need, now: float) -> bool:
        """Whether more agents of the queue are idle than calls are on their way to them."""
        idle = [d for d in self._board.logged_in() if d.state(now) is State.IDLE and d.agent.skills.get(need.queue)]
        return sum(call.phase == "queue" for call in self._calls.all()) < len(idle)

    # Inside: tasks

    def _open(self, task_id: str) -> Task:
        task = self._tasks.get(task_id)
        if task is None:
            raise KeyError(task_id)
        if task.closed is not None:
            raise TaskRefused("closed", "this task is closed")
        return task

    def _need(self, task: Task) -> Need:
        return task.need or self._books.need_of(task.dialled)

    def _facts(self, task: Task) -> dict[str, Value]:
        place = self._books.place_of(task.dialled)
        facts = {key: place.get(key) for key in ("city", "mode", "statistics")}
        return {"pii_caller": task.number, "dialled": task.dialled, **facts}

    def _row(self, task: Task, now: float) -> dict[str, Any]:
        live = self._calls.of_number(task.number) if task.closed is None else None
        automatic = self.dialling.rules.on and (task.requested or self._settings.missed)
        for_people = task.refused or (None if automatic else Code.OFF)
        return {
            "task": task.id,
            "number": mask(task.number),
            "first_lost_at": task.first_at,
            "age_s": round(max(0.0, now - task.first_at), 1),
            "losses": task.losses,
            "last_call": task.of,
            "requested": task.requested,
            "queue": task.need.queue if task.need is not None else None,
            "attempts": task.attempts,
            "outcome": task.outcome or None,
            "state": task.closed or (live and "calling") or (for_people and "for_people") or "open",
            "refused": for_people if task.closed is None else None,
            "call": live.id if live is not None else None,
            "next_try_at": None if task.closed or live or for_people else task.next_at,
            "closed_at": task.closed_at or None,
        }


_TALKED: Final = (Closed.GOT_THROUGH, Closed.REACHED)
_ENDED_BY_HAND: Final[Mapping[str, Value]] = {
    "side": "system",
    "place": "greeting",
    "lost_at": None,
    "estimated": False,
    "outcome": "closed",
}


def task_rules(settings: Callback) -> TaskRules:
    return TaskRules(settings.attempts, settings.retry_s, settings.missed_days * _DAY_S, settings.area_code)


def ended_call(record: CallRecord) -> EndedCall:
    """As much of a record as makes a task. It knows the first skill that was needed, not every step of the need."""
    steps = (NeedStep((SkillNeed(record.skill),), 60.0),) if record.skill else ()
    return EndedCall(
        record.call_id,
        record.pii_caller,
        record.arrived_at,
        record.ended_at or record.arrived_at,
        answered=record.answered,
        cut_off=record.incoming and record.ended_side == "interrupted" and record.ended_place == "talk",
        lost_at=record.lost_at,
        need=Need(record.queue, steps) if record.queue else None,
        since=record.queued_at - record.kept_s if record.queued_at is not None else 0.0,
        dialled=record.dialled,
        outcome=None if record.incoming else record.outcome or "failed",
        of=CallId(record.of) if record.outcome == OWED and record.of else None,
        by_voice=record.medium != "video" or record.dialled == "video",
    )
