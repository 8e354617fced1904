"""Sums by half hour: every metric of a longer time that adds up follows from them as from the records themselves.

Pure. They are made from the records alone, so they can be made again at any time, and what is stored can be compared
with what it should be.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from agents.times import agents_named, intervals
from cti.calls import AgentId, Milestone
from cti.metrics.agent_figures import of_intervals, of_milestone
from cti.metrics.figures import Sums, of_call
from cti.metrics.groups import AgentKey, Key, Period
from cti.metrics.record import CallRecord

K = TypeVar("K", Key, AgentKey)
Rollup = dict[Key, Sums]
AgentRollup = dict[AgentKey, Sums]
WAY = 1
"""How half hours are counted. To be raised with every change of what a figure counts or where a call belongs: stored
sums of another way are made anew, and nobody reads them until then."""


def roll_up(records: Iterable[CallRecord]) -> Rollup:
    """Of every call, callbacks too."""
    rollup: Rollup = {}
    for record in records:
        if sums := of_call(record):
            rollup.setdefault(Key.of(record), Sums()).update(sums)
    return rollup


def roll_up_agents_calls(records: Iterable[CallRecord]) -> AgentRollup:
    """The same sums, of each call for the agent who had it last."""
    rollup: AgentRollup = {}
    for record in records:
        if (key := AgentKey.of(record)) and (sums := of_call(record)):
            rollup.setdefault(key, Sums()).update(sums)
    return rollup


def roll_up_agents_time(milestones: Iterable[Milestone], period: Period) -> AgentRollup:
    """What agents did in a period of whole half hours.

    `milestones`: of agents, and of calls at their desks, from before the period too (`agents.LOOK_BACK_S`): they say
    what an agent was at its beginning.
    """
    own: dict[AgentId, list[Milestone]] = {}
    rollup: AgentRollup = {}
    for milestone in milestones:
        for agent in agents_named(milestone):
            own.setdefault(agent, []).append(milestone)
        if period.has(milestone.at):
            for key, sums in of_milestone(milestone):
                rollup.setdefault(key, Sums()).update(sums)
    for agent, said in own.items():
        add(rollup, of_intervals(agent, intervals(agent, said, period.since, period.until)))
    return rollup


def add(rollup: dict[K, Sums], more: Mapping[K, Sums]) -> None:
    """Merges `more` into `rollup`."""
    for key, sums in more.items():
        rollup.setdefault(key, Sums()).update(sums)


@dataclass(frozen=True, slots=True)
class Repair(Generic[K]):
    """A stored sum that is wrong, and what it has to be; None: not there."""

    key: K
    stored: Sums | None
    right: Sums | None


def repairs(stored: Mapping[K, Sums], right: Mapping[K, Sums]) -> list[Repair[K]]:
    """By key. Nothing for sums that say the same; applying them makes `stored` say what `right` does."""
    return [
        Repair(key, stored.get(key), right.get(key))
        for key in sorted(stored.keys() | right.keys())
        if stored.get(key, Sums()) != right.get(key, Sums())
    ]


def differing(live: Mapping[K, Sums], right: Mapping[K, Sums], half_hours: Collection[int]) -> list[Repair[K]]:
    """Where sums that were kept live are not what the records say, of these half hours alone."""
    of_these = ({key: sums for key, sums in rollup.items() if key.half_hour in half_hours} for rollup in (live, right))
    return repairs(*of_these)
