"""Citizens who call again: the place they lost is kept, and their last agent comes first. And what one call adds to its
need: that agent, a language, the agents of the number dialled.

A place is waiting time, not a seat in a row. Who was cut off while he waited, or in talk, and calls again in time
waits since the moment he began to, as if he had stayed; never longer. A lost network and a hang-up look alike, so both
keep it. It is given back once: what he inherited is not handed on if he is cut off again, only what he waited then.
It counts in another queue too, because callers press another key exactly when the first led them astray, and agents
of several queues serve by time waited; but the steps of the new need begin at their beginning there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TypeVar

from cti.calls import EMERGENCY_S, AgentId, Need, NeedStep, SkillNeed

_DAY_S = 86_400.0
_Kept = TypeVar("_Kept")


@dataclass(frozen=True, slots=True)
class PastCall:
    """A call that has ended, as far as its caller's next one is concerned. Times are UTC seconds."""

    pii_number: str = field(repr=False)
    """"" for a withheld number: nothing is kept."""
    ended_at: float
    queue: str = ""
    queued_at: float | None = None
    """When its own waiting began, without a place that was kept from an earlier call; None: it never waited."""
    cut_off: bool = False
    """It ended while he waited or an agent's telephone rang, whoever hung up, or its last talk was interrupted."""
    agent: AgentId | None = None
    """Who talked to him last."""


@dataclass(frozen=True, slots=True)
class KeptPlace:
    """For the milestone QUEUED of the call that gets the place back. Times are UTC seconds."""

    since: float
    steps_since: float
    kept_s: float
    """How much earlier than now `since` is."""


class Citizens:
    """What is remembered of callers by number; fed with calls that ended, at a restart with those of the last days."""

    def __init__(self, kept_place_s: float, last_agent_days: float, limit: int = 200_000) -> None:
        """At most `limit` numbers are remembered, the latest."""
        self._limit = limit
        self.keep(kept_place_s, last_agent_days)
        self._places: dict[str, PastCall] = {}
        self._agents: dict[str, tuple[AgentId, float]] = {}

    def keep(self, kept_place_s: float, last_agent_days: float) -> None:
        """From now on for so long."""
        self._kept_place_s = kept_place_s
        self._last_agent_s = last_agent_days * _DAY_S

    def ended(self, call: PastCall) -> None:
        """Feed calls in about the order they ended; of two calls of one number the one that ended later counts."""
        number = call.pii_number
        if not number:
            return
        place, agent = self._places.get(number), self._agents.get(number)
        served_since = agent is not None and agent[1] > call.ended_at
        later = not served_since and (place is None or place.ended_at <= call.ended_at)
        if later and (call.queued_at is not None or call.agent is not None):
            # He had the place of his earlier call in this one, or needs it no more.
            self._places.pop(number, None)
        if later and call.cut_off and call.queued_at is not None and self._kept_place_s > 0:
            self._places[number] = call
            _forget(self._places, self._limit, lambda old: call.ended_at - old.ended_at > self._kept_place_s)
        if call.agent is not None and not served_since and self._last_agent_s > 0:
            self._agents.pop(number, None)
            self._agents[number] = (call.agent, call.ended_at)
            _forget(self._agents, self._limit, lambda old: call.ended_at - old[1] > self._last_agent_s)

    def place(self, number: str, queue: str, now: float) -> KeptPlace | None:
        """The place that the caller of `number` gets back as he enters `queue` now; asked again, there is none.

        After a restart, ask for the calls that wait already too, so that nobody gets theirs.
        """
        call = self._places.pop(number, None)
        if call is None or call.queued_at is None or not 0 <= now - call.ended_at <= self._kept_place_s:
            return None
        # Who was in talk begins his steps anew: the first of them is his last agent.
        same = call.queue == queue and call.agent is None
        return KeptPlace(call.queued_at, call.queued_at if same else now, now - call.queued_at)

    def last_agent(
        self, number: str, queue: str, now: float, here: Mapping[AgentId, Mapping[str, int]]
    ) -> AgentId | None:
        """The agent who last talked to him, if that matter counts as open and he is among those `here`.

        `here`: the agents who are at work and on no break, with their skills; he must have that of `queue`. Who has an
        open ticket of his comes before this; here every call that was answered counts as an open matter.
        """
        agent, at = self._agents.get(number, (None, 0.0))
        if agent is None or not 0 <= now - at <= self._last_agent_s:
            return None
        return agent if here.get(agent, {}).get(queue, 0) >= 1 else None


@dataclass(frozen=True, slots=True)
class Wishes:
    """What one call adds to the need that its flow states; "" and None: nothing of that kind."""

    last_agent: AgentId | None = None
    last_agent_s: float = 0.0
    language_skill: str = ""
    """Of the agents who speak his language."""
    language_s: float = 0.0
    did_skill: str = ""
    """Of the agents who belong to the number he dialled."""
    did_s: float = 0.0


def shaped(need: Need, wishes: Wishes) -> Need:
    """The need with the wishes laid over it: each counts from the start, for its own time, beside what a step asks for.

    No step begins later than the flow says, and when the last wish is over the need is what the flow wrote, to the
    second. Steps that name agents ask for nothing more. An emergency is left as it is.
    """
    if need.priority_s >= EMERGENCY_S or wishes == Wishes():
        return need
    pieces: list[tuple[NeedStep, float, float]] = []
    begin = 0.0
    for step in (*need.steps, NeedStep((SkillNeed(need.queue),))):
        end = math.inf if step.expires_s is None else begin + step.expires_s
        ends = (wishes.last_agent_s, wishes.language_s, wishes.did_s)
        for since, until in pairwise(sorted({begin, end, *(at for at in ends if begin < at < end)})):
            wanted = _wanted(step, since, wishes)
            same = bool(pieces) and pieces[-1][0] == wanted
            pieces.append((wanted, pieces.pop()[1] if same else since, until))
        if (begin := end) == math.inf:
            break
    if all(step.expires_s is not None for step in need.steps):
        pieces.pop()  # any agent of the queue, which follows every need's steps
    steps = (replace(s, expires_s=None if until == math.inf else round(until - at, 3)) for s, at, until in pieces)
    return replace(need, steps=tuple(steps))


def taken_back(need: Need, agent: AgentId, for_s: float, elapsed_s: float) -> Need:
    """The need of a caller whose agent was lost in the talk: for `for_s` seconds from now this agent alone, then what
    is left of the steps, of which `elapsed_s` seconds have passed."""
    left, begin = [], 0.0
    for step in need.steps:
        end = math.inf if step.expires_s is None else begin + step.expires_s
        rest_s = end - max(begin, elapsed_s + for_s)
        if rest_s > 0:
            left.append(step if rest_s == math.inf else replace(step, expires_s=round(rest_s, 3)))
        begin = end
    return replace(need, steps=(NeedStep(expires_s=for_s, agents=(agent,)), *left))


def _wanted(step: NeedStep, at_s: float, wishes: Wishes) -> NeedStep:
    """What is asked for during `step`, `at_s` seconds after queueing."""
    if step.agents:
        return NeedStep(agents=step.agents)
    if wishes.last_agent is not None and at_s < wishes.last_agent_s:
        return NeedStep(agents=(wishes.last_agent,))
    extras = ((wishes.language_skill, wishes.language_s), (wishes.did_skill, wishes.did_s))
    known = {need.skill for need in step.all_of}
    return NeedStep(step.all_of + tuple(SkillNeed(s) for s, for_s in extras if s and at_s < for_s and s not in known))


def _forget(kept: dict[str, _Kept], limit: int, too_old: Callable[[_Kept], bool]) -> None:
    """From the oldest on, which stands first."""
    while kept and (len(kept) > limit or too_old(next(iter(kept.values())))):
        del kept[next(iter(kept))]
