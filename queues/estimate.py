"""How long a waiting caller will wait from now on: an estimate, and what it rests on.

In an M/M/n+M queue a caller with k others ahead waits on average

    1/r + 1/(r + g) + 1/(r + 2g) + … + 1/(r + kg)

seconds: r is the rate at which the n agents become free (n over the handling time), g the rate at which each of those
ahead gives up (one over the patience). W. Whitt, "Improving service by informing customers about anticipated delays",
Management Science 45 (1999); R. Ibrahim and W. Whitt, "Real-time delay estimation in overloaded multiserver queues with
abandonments", Management Science 55 (2009), where it is the best of all estimators compared.

Three things are laid over it. Agents are those who can take this very call, and of the callers ahead each counts by the
share of his own agents that are among them: if 3 of the 10 agents who can take him are ours, his next agent is one of
ours three times in ten. What agents are doing now counts: a wrap-up ends when it ends, and a talk has the rest that
talks of its age have had. And a need that relaxes is reckoned at each of its steps; the soonest counts.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from statistics import fmean
from typing import Literal

from cti.calls import AgentId, CallId, SkillNeed
from queues.handling import Habit, Handling, History
from queues.needs import (
    Overflow,
    Waiting,
    changes,
    current_step,
    lenders,
    missing,
    place,
    steps_since,
    wanted,
)


@dataclass(frozen=True, slots=True)
class Seat:
    """An agent who is at work: on no break, his telephone there."""

    agent_id: AgentId
    skills: Mapping[str, int]
    state: Literal["idle", "offered", "talking", "wrap_up"]
    since: float
    """When he came into it (UTC seconds)."""
    until: float | None = None
    """When a wrap-up, or a pause after a call that he let ring, ends by itself; None: not known."""
    queue: str = ""
    """Of the call he has."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Expected seconds from now to an agent, and what the figure rests on."""

    wait_s: float
    able: int
    """Agents at work who can take the call, at the step of its need that counts for the figure."""
    ahead: float
    """Callers with a better place, each by the share of his agents that can take this call too."""
    handling_s: float
    """Mean talk and wrap-up of those calls."""
    patience_s: float | None
    """Mean time after which those ahead give up; None: they do not."""


class Outlook:
    """Everything that estimates need at one moment; make one a second and ask it for all who wait.

    `local`: that moment in the city's own time. `overflow`, `borrowing`: as the router has them.
    """

    def __init__(
        self,
        now: float,
        local: datetime,
        waiting: Iterable[Waiting],
        seats: Sequence[Seat],
        handling: Handling,
        history: History,
        overflow: Sequence[Overflow] = (),
        borrowing: bool = False,
    ) -> None:
        self._now, self._local = now, local
        self._seats = seats
        self._index = {seat.agent_id: index for index, seat in enumerate(seats)}
        self._with: defaultdict[str, list[int]] = defaultdict(list)
        for index, seat in enumerate(seats):
            for skill in seat.skills:
                self._with[skill].append(index)
        self._handling, self._history = handling, history
        self._overflow, self._borrowing = overflow, borrowing
        self._by_need: dict[tuple[SkillNeed, ...], int] = {}
        self._by_lending: dict[tuple[str, ...], int] = {}
        self._habits: dict[str, Habit] = {}
        self._means: dict[str, float] = {}
        self._wrap_ups: dict[str, float] = {}
        self._crews: dict[int, _Crew] = {}
        self._ahead: defaultdict[tuple[int, str], list[tuple[float, CallId]]] = defaultdict(list)
        for call in waiting:
            self._ahead[self._lasting(call), call.need.queue].append(place(call))
        for places in self._ahead.values():
            places.sort()

    def estimate(self, call: Waiting) -> Estimate | None:
        """None if nobody who is at work could take this call, now or at a later step of its need."""
        found: list[Estimate] = []
        for at in (self._now, *(at for at in changes(call, self._overflow) if at > self._now)):
            mask = self._able(call, at)
            if mask:
                found.append(self._reckoned(call, mask, at - self._now))
        return min(found, key=lambda estimate: estimate.wait_s, default=None)

    def _reckoned(self, call: Waiting, mask: int, from_s: float) -> Estimate:
        """As if the agents of `mask` could take him, but not before `from_s` has passed."""
        ahead = work_s = 0.0
        mine = place(call)
        for (theirs, queue), places in self._ahead.items():
            if common := (theirs & mask).bit_count():
                share = bisect_left(places, mine) * common / theirs.bit_count()
                ahead += share
                work_s += share * self._mean_s(queue)
        handling_s = (work_s + self._mean_s(call.need.queue)) / (ahead + 1)
        patience_s = self._habit(call.need.queue).patience_s
        wait_s = self._crew(mask).wait_s(ahead, handling_s, patience_s)
        if wait_s < from_s:
            # By then all those ahead are served, and he is the next of these agents.
            wait_s = from_s + handling_s / mask.bit_count()
        return Estimate(wait_s, mask.bit_count(), ahead, handling_s, patience_s)

    def _able(self, call: Waiting, at: float) -> int:
        """The seats that can take him by what counts at `at`, one bit each."""
        step = wanted(call.need, current_step(call.need, at, steps_since(call)))
        lent = self._lent(lenders(call, self._overflow, self._borrowing, at))
        if step.agents:
            return lent | self._mask(index for name in step.agents if (index := self._index.get(name)) is not None)
        return lent | self._skilled(step.all_of)

    def _skilled(self, all_of: tuple[SkillNeed, ...]) -> int:
        if all_of not in self._by_need:
            asked = next((need.skill for need in all_of if need.level >= 1), None)
            those = range(len(self._seats)) if asked is None else self._with.get(asked, ())
            self._by_need[all_of] = self._mask(
                index for index in those if not missing(self._seats[index].skills, all_of)
            )
        return self._by_need[all_of]

    def _lent(self, lending: tuple[str, ...]) -> int:
        if lending not in self._by_lending:
            skilled = (self._skilled((SkillNeed(skill),)) for skill in lending)
            self._by_lending[lending] = reduce(or_, skilled, 0)
        return self._by_lending[lending]

    @staticmethod
    def _mask(indexes: Iterable[int]) -> int:
        mask = 0
        for index in indexes:
            mask |= 1 << index
        return mask

    def _lasting(self, call: Waiting) -> int:
        """Of a caller ahead: a wish for certain agents lasts seconds, so what follows it counts."""
        at = self._now
        while wanted(call.need, step := current_step(call.need, at, steps_since(call))).agents:
            later = [change for change in changes(call, ()) if change > at]
            if step >= len(call.need.steps) or not later:
                break
            at = later[0]
        return self._able(call, at)

    def _crew(self, mask: int) -> _Crew:
        if mask not in self._crews:
            seats = [seat for index, seat in enumerate(self._seats) if mask >> index & 1]
            wrap_ups = [self._wrap_up_s(seat.queue) for seat in seats]
            self._crews[mask] = _Crew([self._task(seat) for seat in seats], sum(wrap_ups) / len(wrap_ups))
        return self._crews[mask]

    def _task(self, seat: Seat) -> _Task:
        if seat.state == "idle":
            return _Task(0.0, 0.0)
        wrap_up_s = self._wrap_up_s(seat.queue)
        if seat.state == "wrap_up":
            # One without an end of its own lasts as long as they usually do, and then it may end at any moment.
            until = seat.since + wrap_up_s if seat.until is None else seat.until
            return _Task(0.0, max(0.0, until - self._now))
        talked_s = max(0.0, self._now - seat.since) if seat.state == "talking" else 0.0
        talk_s = max(0.0, self._mean_s(seat.queue) - wrap_up_s)
        return _Task(self._handling.talk_left(seat.queue, talked_s) * talk_s, wrap_up_s)

    def _habit(self, queue: str) -> Habit:
        if queue not in self._habits:
            self._habits[queue] = self._history.usual(queue, self._local)
        return self._habits[queue]

    def _mean_s(self, queue: str) -> float:
        if queue not in self._means:
            self._means[queue] = self._handling.mean_s(queue, self._habit(queue))
        return self._means[queue]

    def _wrap_up_s(self, queue: str) -> float:
        if queue not in self._wrap_ups:
            self._wrap_ups[queue] = self._handling.wrap_up_s(queue)
        return self._wrap_ups[queue]


@dataclass(frozen=True, slots=True)
class _Task:
    """What an agent does before he is free: the rest of a talk, of which the mean is known, and a wrap-up."""

    talk_s: float
    wrap_up_s: float


class _Crew:
    """Agents who can take a call, and when they become free."""

    def __init__(self, tasks: Sequence[_Task], wrap_up_s: float) -> None:
        self._n = len(tasks)
        self._wrap_up_s = wrap_up_s
        # Those who do much the same are reckoned together, by the mean of what they do.
        alike: defaultdict[tuple[int, int], list[_Task]] = defaultdict(list)
        for task in tasks:
            alike[math.ceil(task.talk_s / 60), round(task.wrap_up_s / 3)].append(task)
        self._tasks = [
            (_Task(fmean(t.talk_s for t in group), fmean(t.wrap_up_s for t in group)), len(group))
            for group in alike.values()
        ]

    def wait_s(self, ahead: float, handling_s: float, patience_s: float | None) -> float:
        """Until the agent of a caller with `ahead` others before him is free, to half a second or one in a hundred.

        It is the time at which the formula of the module agrees with the calls ended by then: agents whose calls end
        sooner or later than at the constant rate n / handling make callers ahead fewer or more.
        """
        rate = self._n / handling_s
        # Whose call has just ended has a whole one before him, when the mean of a renewal process has him between two:
        # the k-th end comes (1 - squared variation)/2 calls before that mean is k. Talks vary, wrap-ups do not.
        needed = ahead + 0.5 + 0.5 * max(0.0, 1 - self._wrap_up_s / handling_s) ** 2
        low, high = 0.0, _passage_s(needed + self._n, rate, patience_s)
        while high - low > max(0.5, high / 100):
            at = (low + high) / 2
            gained = sum(n * self._ended(task, at, handling_s) for task, n in self._tasks) - rate * at
            if at < _passage_s(needed - gained, rate, patience_s):
                low = at
            else:
                high = at
        return (low + high) / 2

    def _ended(self, task: _Task, by_s: float, handling_s: float) -> float:
        """Mean number of calls that an agent with this task has ended by then: this one, and others after it."""
        left_s = by_s - task.wrap_up_s
        if left_s < 0:
            return 0.0
        first = 1.0
        if task.talk_s:
            first = -math.expm1(-left_s / task.talk_s)
        left_s -= self._wrap_up_s  # sooner than its wrap-up takes no next call can end
        if left_s <= 0:
            return first
        since_s = left_s + task.talk_s * math.expm1(-left_s / task.talk_s) if task.talk_s else left_s
        return first + since_s / handling_s


def _passage_s(calls: float, rate: float, patience_s: float | None) -> float:
    """Mean time in which so many calls leave a queue: served at `rate` a second, or given up, but for the last."""
    if calls <= 0:
        return 0.0
    if patience_s is None:
        return calls / rate
    x = rate * patience_s
    return patience_s * (_digamma(x + calls) - _digamma(x))


def _digamma(x: float) -> float:
    """The derivative of ln gamma: digamma(x + n) - digamma(x) is 1/x + 1/(x+1) + … of n terms."""
    shift = 0.0
    while x < 8:
        shift -= 1 / x
        x += 1
    y = 1 / (x * x)
    return shift + math.log(x) - 0.5 / x - y * (1 / 12 - y * (1 / 120 - y / 252))
