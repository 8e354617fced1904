"""Agents' sums by half hour, kept from milestones as they come: as `roll_up_agents_time` of all of them. Pure.

After a restart give it what the records know since some time before `since`, then what comes; what comes twice counts
once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from agents.roster import Agent
from agents.status import Desk
from agents.times import agents_named, followed
from cti.calls import AgentId, Milestone
from cti.metrics.agent_figures import of_intervals, of_milestone
from cti.metrics.figures import Sums
from cti.metrics.groups import AgentKey, half_hour_of
from cti.metrics.half_hours import HALF_HOUR_S
from cti.metrics.rollups import AgentRollup, add

_IDS_KEPT_S = 86_400.0
"""So long after its last milestone a call is still known, and a milestone that comes again is known for one."""


@dataclass(slots=True)
class _Followed:
    desk: Desk
    said: list[Milestone] = field(default_factory=list)
    """Since the moment up to which everything is settled."""


class LiveAgents:
    """Milestones of one call, or of one agent, come in the order of their numbers, or together in one batch."""

    def __init__(self, since: float) -> None:
        """Sums begin with the half hour of this moment; what was earlier only says what an agent was then."""
        self._since = self._settled_at = float(half_hour_of(since))
        self._agents: dict[AgentId, _Followed] = {}
        self._sums: AgentRollup = {}
        self._heard: dict[tuple[str, str], tuple[int, float]] = {}
        """Last number of each stream, and its time."""
        self._doubtful: set[int] = set()

    def add(self, batch: Iterable[Milestone]) -> None:
        for milestone in sorted(batch, key=lambda m: m.seq):
            identity = milestone.stream, milestone.id
            named = agents_named(milestone)
            if not named or milestone.seq <= self._heard.get(identity, (0, 0.0))[0]:
                continue
            self._heard[identity] = milestone.seq, milestone.at
            if self._since <= milestone.at < self._settled_at:
                self._doubtful.update(range(half_hour_of(milestone.at), int(self._settled_at), HALF_HOUR_S))
            if milestone.at >= self._since:
                for key, sums in of_milestone(milestone):
                    add(self._sums, {key: sums})
            for agent in named:
                self._of(agent).said.append(milestone)

    @property
    def doubtful(self) -> frozenset[int]:
        """Half hours of which something came after they were settled: to be made anew from the records."""
        return frozenset(self._doubtful)

    @property
    def settled_until(self) -> float:
        """Sums of what is before this are final, but for the doubtful."""
        return self._settled_at

    def mend(self, half_hour: int, right: Mapping[AgentKey, Sums]) -> None:
        """Puts a roll-up made from the records in the place of what was kept of a settled half hour."""
        self._sums = {key: sums for key, sums in self._sums.items() if key.half_hour != half_hour}
        add(self._sums, {key: sums for key, sums in right.items() if key.half_hour == half_hour})
        self._doubtful.discard(half_hour)

    def settle(self, before: float) -> None:
        """Half hours that ended by then are summed up for good, which keeps `sums` quick. Leave room for stragglers."""
        at = float(half_hour_of(before))
        if at <= self._settled_at:
            return
        for agent, known in self._agents.items():
            found, known.desk = followed(known.desk, known.said, self._settled_at, at)
            known.said = [milestone for milestone in known.said if milestone.at >= at]
            add(self._sums, of_intervals(agent, found))
        self._settled_at = at
        self._heard = {
            identity: (seq, said_at)
            for identity, (seq, said_at) in self._heard.items()
            if identity[0] == "agent" or said_at >= at - _IDS_KEPT_S
        }

    def forget(self, before: float) -> None:
        """Sums of half hours that begin earlier."""
        self._sums = {key: sums for key, sums in self._sums.items() if key.half_hour >= before}
        self._doubtful = {half_hour for half_hour in self._doubtful if half_hour >= before}

    def sums(self, now: float) -> AgentRollup:
        """Up to `now`, which is later than everything that was given."""
        sums = {key: Sums(found) for key, found in self._sums.items()}
        if now <= self._settled_at:
            return sums
        for agent, known in self._agents.items():
            found, _ = followed(known.desk, known.said, self._settled_at, now)
            add(sums, of_intervals(agent, found))
        return sums

    def _of(self, agent: AgentId) -> _Followed:
        return self._agents.setdefault(agent, _Followed(Desk(Agent(agent, agent, {}))))
