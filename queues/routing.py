"""Who talks to whom next: callers and agents go in, decisions that explain themselves come out.

Deterministic: the same arguments in the same order give the same decisions. The live switchboard, a replay of yesterday
and a simulation drive this one class. Nothing here knows a clock: `now` is an argument, UTC seconds.

The rules. Callers are served by score, in seconds: how long they have waited (a kept place included) and their head
start. A caller takes an agent who meets the step of his need that counts by then; of several the one with the fewest
skills, so that those who can do more stay free for callers who need it; of those the longest idle. While any caller
waits whom an idle agent could take, there is a decision for him.

After a decision nobody who waits can be taken by anybody who is idle, so the next one looks only at what has changed
since: new callers, agents who became idle, steps and overflow rules that time has changed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Mapping, Sequence
from heapq import heapify, heappop, heappush

from cti.calls import AgentId, CallId
from queues.decision import LISTED, Ahead, Candidate, Decision, Rejected
from queues.lineup import Caller, Lineup
from queues.needs import Idle, Overflow, Waiting, current_step, lacks, lender_of, lenders, score_s, steps_since
from queues.pools import Place, Pool, Pools, Profile, Turn, remove

__all__ = ["Ahead", "Candidate", "Decision", "Idle", "Overflow", "Rejected", "Router", "Waiting"]


class _Agent:
    """An idle agent."""

    __slots__ = ("idle", "profile", "turn")

    def __init__(self, idle: Idle, profile: Profile) -> None:
        self.idle = idle
        self.profile = profile
        self.turn: Turn = (profile.size, idle.since, idle.agent_id)

    def can_take(self, caller: Caller) -> bool:
        return (caller.pool is not None and self.profile in caller.pool.able_set) or self.idle.agent_id in caller.names


class Router:
    """Callers who wait and agents who are idle. Between two `decide` nothing is matched."""

    def __init__(self, overflow: Sequence[Overflow] = ()) -> None:
        self._pools = Pools()
        self._lineup = Lineup(overflow, self._pools)
        self._agents: dict[AgentId, _Agent] = {}
        self._longest_idle: list[tuple[float, AgentId]] = []
        # Since the last decision:
        self._came: set[AgentId] = set()
        self._all_changed = False

    def wait(self, call: Waiting) -> None:
        """He waits from now on; a call that waits already is replaced."""
        self._lineup.add(call)

    def leave(self, call_id: CallId) -> None:
        """He does not wait any more; no matter if he did."""
        self._lineup.remove(call_id)

    def free(self, agent: Idle) -> None:
        """The agent is idle; one who is already is replaced."""
        self.busy(agent.agent_id)
        known = self._agents[agent.agent_id] = _Agent(agent, self._pools.profile(agent.skills))
        insort(self._longest_idle, (agent.since, agent.agent_id))
        known.profile.add(known.turn)
        self._came.add(agent.agent_id)

    def busy(self, agent_id: AgentId) -> None:
        """The agent cannot be offered anything any more; no matter if he could."""
        known = self._agents.pop(agent_id, None)
        if known is not None:
            remove(self._longest_idle, (known.idle.since, agent_id))
            known.profile.remove(known.turn)
            self._came.discard(agent_id)

    def borrow(self, on: bool) -> None:
        """Overflow rules without a time of their own count while this is on."""
        self._lineup.borrow(on)

    def waiting(self) -> list[Waiting]:
        """All who wait, first the one with the highest score."""
        return [self._lineup.callers[call_id].call for _, call_id in self._lineup.order]

    def position(self, call_id: CallId) -> int:
        """Place among those who wait for the same queue, from 1. KeyError if the call does not wait."""
        return self._lineup.position(self._lineup.callers[call_id])

    def could_take(self, agent_id: AgentId, skills: Mapping[str, int], call: Waiting, now: float) -> bool:
        """Whether this agent may take this caller by the step, and the overflow rules, that count by now."""
        if not lacks(agent_id, skills, call.need, current_step(call.need, now, steps_since(call))):
            return True
        rules = self._lineup.rules.get(call.need.queue, ())
        return lender_of(skills, lenders(call, rules, self._lineup.borrowing, now)) != ""

    def decide(self, now: float) -> list[Decision]:
        """The offers to make now, first the highest score; whoever is matched is taken out.

        A caller who is not reachable yet keeps his turn: nobody behind him takes an agent that he could have.
        """
        self._lineup.advance(now)
        decisions: list[Decision] = []
        reserved: dict[Caller, Idle] = {}
        turns = self._turns()
        while turns:
            at, _, pool = heappop(turns)
            if pool is not None:
                if not pool.idle:
                    continue  # nor is there anybody for those behind him
                following = bisect_right(pool.callers, at)
                if following < len(pool.callers):
                    heappush(turns, (pool.callers[following], 1, pool))
            caller = self._lineup.callers.get(at[1])
            if caller is None or caller in reserved:
                continue
            candidates, best = self._able(caller)
            if not candidates:
                continue
            chosen = self._agents[best[0][2]]
            if caller.call.reachable:
                decisions.append(self._explain(caller, chosen, candidates, best[1:], reserved))
                self.leave(caller.call.call_id)
            else:
                reserved[caller] = chosen.idle
            self.busy(chosen.idle.agent_id)
        self._lineup.changed.clear()
        for agent in reserved.values():
            self.free(agent)
        self._came.clear()
        # What was kept for those who cannot be reached may be anybody's next time.
        self._all_changed = bool(reserved)
        return decisions

    def next_at(self, now: float) -> float | None:
        """When a need relaxes or an overflow rule begins to count next (UTC seconds); None: never."""
        self._lineup.advance(now)
        return self._lineup.next_change()

    def _turns(self) -> list[tuple[Place, int, Pool | None]]:
        """A heap of whom there might be an agent for: callers (0, None), and the first callers of pools (1, pool)."""
        if self._all_changed:
            pools: Collection[Pool] = self._pools.with_callers()
            named: Collection[AgentId] = self._lineup.named.keys() & self._agents.keys()
        else:
            pools = {p for agent_id in self._came for p in self._agents[agent_id].profile.pools if p.callers}
            named = self._lineup.named.keys() & self._came
        callers = self._lineup.changed.union(*(self._lineup.named[name] for name in named))
        turns: list[tuple[Place, int, Pool | None]] = [(pool.callers[0], 1, pool) for pool in pools]
        turns += [(caller.place, 0, None) for caller in callers]
        heapify(turns)
        return turns

    def _able(self, caller: Caller) -> tuple[int, list[Turn]]:
        """How many could take him, and the first of them."""
        pool = caller.pool
        assert pool is not None
        candidates, best = pool.idle, pool.best() if pool.idle else []
        if caller.names:
            here = [self._agents[name] for name in set(caller.names) if name in self._agents]
            by_name = [agent.turn for agent in here if agent.profile not in pool.able_set]
            candidates += len(by_name)
            best = sorted(best + by_name)[: LISTED + 1]
        return candidates, best

    def _explain(
        self, caller: Caller, chosen: _Agent, candidates: int, others: list[Turn], reserved: Collection[Caller]
    ) -> Decision:
        call, now, pool = caller.call, self._lineup.now, caller.pool
        assert pool is not None
        agent_id = chosen.idle.agent_id
        meets = agent_id in caller.names if caller.names else not pool.lacks(chosen.profile)
        rejected = len(self._agents) - candidates
        # Whoever is ahead and could be taken by this agent has one reserved, or it would be his turn.
        spared = [w for w in reserved if w.place < caller.place and chosen.can_take(w)]
        return Decision(
            call_id=call.call_id,
            agent_id=agent_id,
            step=caller.step,
            rule=caller.rule(),
            lent_by="" if meets else lender_of(chosen.profile.skills, pool.lending),
            score_s=score_s(call, now),
            waited_s=round(now - call.since, 3),
            kept_s=round(call.kept_s, 3),
            head_start_s=call.need.priority_s,
            idle_s=round(now - chosen.idle.since, 3),
            candidates=candidates,
            others=tuple([Candidate(other, size, round(now - since, 3)) for size, since, other in others]),
            idle_rejected=rejected,
            rejected=self._rejected(caller, min(rejected, LISTED)),
            ahead=bisect_left(self._lineup.order, caller.place) - len(spared),
            passed=self._passed(caller, spared),
        )

    def _rejected(self, caller: Caller, listed: int) -> tuple[Rejected, ...]:
        """The longest idle who cannot take him; `listed` of them there are."""
        pool, found = caller.pool, list[Rejected]()
        assert pool is not None
        for _, agent_id in self._longest_idle if listed else ():
            profile = self._agents[agent_id].profile
            if profile not in pool.able_set and agent_id not in caller.names:
                found.append(Rejected(agent_id, caller.rule() if caller.names else pool.lacks(profile)))
                if len(found) == listed:
                    break
        return tuple(found)

    def _passed(self, caller: Caller, spared: Collection[Caller]) -> tuple[Ahead, ...]:
        found: list[Ahead] = []
        for at in self._lineup.order:
            if at == caller.place or len(found) == LISTED:
                break
            ahead = self._lineup.callers[at[1]]
            if ahead not in spared:
                found.append(Ahead(ahead.call.call_id, score_s(ahead.call, self._lineup.now), ahead.rule()))
        return tuple(found)
