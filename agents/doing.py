"""What the agents at work are doing, counted by what they can. It is asked for each caller who comes, so it is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping

from cti.calls import AgentId

_Skills = tuple[tuple[str, int], ...]


class Doing:
    """`put` each agent whenever something about him changes."""

    def __init__(self) -> None:
        self._agents: dict[AgentId, tuple[_Skills, str]] = {}
        self._counts: dict[_Skills, Counter[str]] = {}

    def put(self, agent_id: AgentId, skills: Mapping[str, int], what: str) -> None:
        """`what` he does now; "": he is not at work."""
        before, after = self._agents.get(agent_id), (tuple(sorted(skills.items())), what)
        if before == after or (before is None and not what):
            return
        if before is not None:
            self._add(before, -1)
            del self._agents[agent_id]
        if what:
            self._add(after, 1)
            self._agents[agent_id] = after

    def of(self, agents: Collection[AgentId]) -> Counter[str]:
        """How many of these do what."""
        return Counter(self._agents[agent][1] for agent in agents if agent in self._agents)

    def able(self, can: Callable[[Mapping[str, int]], bool]) -> Counter[str]:
        """How many of those whose skills will do are doing what."""
        total: Counter[str] = Counter()
        for skills, counts in self._counts.items():
            if can(dict(skills)):
                total.update(counts)
        return total

    def _add(self, agent: tuple[_Skills, str], by: int) -> None:
        skills, what = agent
        counts = self._counts.setdefault(skills, Counter())
        counts[what] += by
        if not counts[what]:
            del counts[what]
        if not counts:
            del self._counts[skills]
