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
from itertools import count
from typing import Any

from cti.calls import AgentId, CallId
from queues.decision import LISTED, Ahead, Candidate, Decision, Rejected
from queues.needs import (
    Idle,
    Overflow,
    Waiting,
    changes,
    current_step,
    lacks,
    lender_of,
    lenders,
    place,
    rule_of,
    score_s,
    steps_since,
    wanted,
)
from queues.pools import Place, Pool, Pools, Profile, Turn

__all__ = ["Ahead", "Candidate", "Decision", "Idle", "Overflow", "Rejected", "Router", "Waiting"]


class _Caller:
    """A caller who waits, and what counts for him at the instant that the router has come to."""

    __slots__ = ("call", "change_at", "changes", "names", "place", "pool", "rule", "step")

    def __init__(self, call: Waiting, rules: Sequence[Overflow]) -> None:
        self.call = call
        self.place: Place = place(call)
        self.changes = changes(call, rules)
        self.change_at: float | None = None
        """The next of them, for which there is an alarm."""
        self.step = 0
        self.names: tuple[AgentId, ...] = ()
        self.pool: Pool | None = None
        """None until the next `_advance`."""
        self.rule = ""
        """Worked out when first wanted."""

    def wants(self) -> str:
        if not self.rule:
            self.rule = rule_of(self.call.need, self.step)
        return self.rule


class _Agent:
    __slots__ = ("idle", "profile", "turn")

    def __init__(self, idle: Idle, profile: Profile) -> None:
        self.idle = idle
        self.profile = profile
        self.turn: Turn = (profile.size, idle.since, idle.agent_id)


class Router:
    """Callers who wait and agents who are idle. Between two `decide` nothing is matched."""

    def __init__(self, overflow: Sequence[Overflow] = ()) -> None:
        self._rules: dict[str, tuple[Overflow, ...]] = {
            queue: tuple(rule for rule in overflow if rule.queue == queue) for queue in {r.queue for r in overflow}
        }
        self._borrowing = False
        self._now = 0.0
        self._pools = Pools()
        self._callers: dict[CallId, _Caller] = {}
        self._order: list[Place] = []
        self._queues: dict[str, list[Place]] = {}
        self._named: dict[AgentId, set[_Caller]] = {}
        self._agents: dict[AgentId, _Agent] = {}
        self._longest_idle: list[tuple[float, AgentId]] = []
        self._alarms: list[tuple[float, int, _Caller]] = []
        self._numbers = count()
        # Since the last decision:
        self._unplaced: set[_Caller] = set()
        self._changed: set[_Caller] = set()
        self._came: set[AgentId] = set()
        self._all_changed = False

    def wait(self, call: Waiting) -> None:
        """He waits from now on; a call that waits already is replaced."""
        self.leave(call.call_id)
        caller = self._callers[call.call_id] = _Caller(call, self._rules.get(call.need.queue, ()))
        insort(self._order, caller.place)
        insort(self._queues.setdefault(call.need.queue, []), caller.place)
        self._unplaced.add(caller)

    def leave(self, call_id: CallId) -> None:
        """He does not wait any more; no matter if he did."""
        caller = self._callers.pop(call_id, None)
        if caller is not None:
            _remove(self._order, caller.place)
            _remove(self._queues[caller.call.need.queue], caller.place)
            self._take_out(caller)
            self._unplaced.discard(caller)
            self._changed.discard(caller)
            caller.change_at = None

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
            _remove(self._longest_idle, (known.idle.since, agent_id))
            known.profile.remove(known.turn)
            self._came.discard(agent_id)

    def borrow(self, on: bool) -> None:
        """Overflow rules without a time of their own count while this is on."""
        if on != self._borrowing:
            self._borrowing = on
            for queue, rules in self._rules.items():
                if any(rule.after_s is None for rule in rules):
                    self._unplaced.update(self._callers[call_id] for _, call_id in self._queues.get(queue, ()))

    def waiting(self) -> list[Waiting]:
        """All who wait, first the one with the highest score."""
        return [self._callers[call_id].call for _, call_id in self._order]

    def waiting_count(self) -> int:
        return len(self._order)

    def position(self, call_id: CallId) -> int:
        """Place among those who wait for the same queue, from 1. KeyError if the call does not wait."""
        caller = self._callers[call_id]
        return 1 + bisect_left(self._queues[caller.call.need.queue], caller.place)

    def could_take(self, agent_id: AgentId, skills: Mapping[str, int], call: Waiting, now: float) -> bool:
        """Whether this agent may take this caller by the step, and the overflow rules, that count by now."""
        if not lacks(agent_id, skills, call.need, current_step(call.need, now, steps_since(call))):
            return True
        rules = self._rules.get(call.need.queue, ())
        return lender_of(skills, lenders(call, rules, self._borrowing, now)) != ""

    def decide(self, now: float) -> list[Decision]:
        """The offers to make now, first the highest score; whoever is matched is taken out.

        A caller who is not reachable yet keeps his turn: nobody behind him takes an agent that he could have.
        """
        self._advance(now)
        decisions: list[Decision] = []
        reserved: dict[_Caller, Idle] = {}
        turns = self._turns()
        while turns:
            at, _, pool = heappop(turns)
            if pool is not None:
                if not pool.idle:
                    continue  # nor is there anybody for those behind him
                following = bisect_right(pool.callers, at)
                if following < len(pool.callers):
                    heappush(turns, (pool.callers[following], 1, pool))
            caller = self._callers.get(at[1])
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
        self._changed.clear()
        for agent in reserved.values():
            self.free(agent)
        self._came.clear()
        # What was kept for those who cannot be reached may be anybody's next time.
        self._all_changed = bool(reserved)
        return decisions

    def next_at(self, now: float) -> float | None:
        """When a need relaxes or an overflow rule begins to count next (UTC seconds); None: never."""
        self._advance(now)
        while self._alarms and self._alarms[0][2].change_at != self._alarms[0][0]:
            heappop(self._alarms)
        return self._alarms[0][0] if self._alarms else None

    def _advance(self, now: float) -> None:
        """Puts each caller where he belongs at `now`."""
        if now < self._now:
            # The clock was set back: what has been may come again.
            self._alarms.clear()
            for caller in self._callers.values():
                caller.change_at = None
            self._unplaced.update(self._callers.values())
        self._now = now
        alarms = self._alarms
        while alarms and alarms[0][0] <= now:
            at, _, caller = heappop(alarms)
            if caller.change_at == at:
                self._unplaced.add(caller)
        for caller in self._unplaced:
            self._take_out(caller)
            self._put_in(caller)
        self._changed |= self._unplaced
        self._unplaced.clear()

    def _put_in(self, caller: _Caller) -> None:
        call, need, now = caller.call, caller.call.need, self._now
        caller.step = current_step(need, now, steps_since(call))
        caller.rule = ""
        step = wanted(need, caller.step)
        caller.names = step.agents
        for name in caller.names:
            self._named.setdefault(name, set()).add(caller)
        rules = self._rules.get(need.queue, ())
        lending = lenders(call, rules, self._borrowing, now) if rules else ()
        caller.pool = self._pools.pool(None if step.agents else step.all_of, lending)
        insort(caller.pool.callers, caller.place)
        following = bisect_right(caller.changes, now)
        change_at = caller.changes[following] if following < len(caller.changes) else None
        if change_at is not None and change_at != caller.change_at:
            heappush(self._alarms, (change_at, next(self._numbers), caller))
        caller.change_at = change_at

    def _take_out(self, caller: _Caller) -> None:
        if caller.pool is not None:
            _remove(caller.pool.callers, caller.place)
            caller.pool = None
            for name in set(caller.names):
                named = self._named[name]
                named.discard(caller)
                if not named:
                    del self._named[name]

    def _turns(self) -> list[tuple[Place, int, Pool | None]]:
        """A heap of whom there might be an agent for: callers (0, None), and the first callers of pools (1, pool)."""
        if self._all_changed:
            pools: Collection[Pool] = self._pools.with_callers()
            named: Collection[AgentId] = self._named.keys() & self._agents.keys()
        else:
            pools = {p for agent_id in self._came for p in self._agents[agent_id].profile.pools if p.callers}
            named = self._named.keys() & self._came
        callers = self._changed.union(*(self._named[name] for name in named))
        turns: list[tuple[Place, int, Pool | None]] = [(pool.callers[0], 1, pool) for pool in pools]
        turns += [(caller.place, 0, None) for caller in callers]
        heapify(turns)
        return turns

    def _able(self, caller: _Caller) -> tuple[int, list[Turn]]:
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
        self, caller: _Caller, chosen: _Agent, candidates: int, others: list[Turn], reserved: Collection[_Caller]
    ) -> Decision:
        call, now, pool = caller.call, self._now, caller.pool
        assert pool is not None
        agent_id = chosen.idle.agent_id
        meets = agent_id in caller.names if caller.names else not pool.lacks(chosen.profile)
        rejected = len(self._agents) - candidates
        # Whoever is ahead and could be taken by this agent has one reserved, or it would be his turn.
        spared = [w for w in reserved if w.place < caller.place and _takes(chosen, w)]
        return Decision(
            call_id=call.call_id,
            agent_id=agent_id,
            step=caller.step,
            rule=caller.wants(),
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
            ahead=bisect_left(self._order, caller.place) - len(spared),
            passed=self._passed(caller, spared),
        )

    def _rejected(self, caller: _Caller, listed: int) -> tuple[Rejected, ...]:
        """The longest idle who cannot take him; `listed` of them there are."""
        pool, found = caller.pool, list[Rejected]()
        assert pool is not None
        for _, agent_id in self._longest_idle if listed else ():
            profile = self._agents[agent_id].profile
            if profile not in pool.able_set and agent_id not in caller.names:
                found.append(Rejected(agent_id, caller.wants() if caller.names else pool.lacks(profile)))
                if len(found) == listed:
                    break
        return tuple(found)

    def _passed(self, caller: _Caller, spared: Collection[_Caller]) -> tuple[Ahead, ...]:
        found: list[Ahead] = []
        for at in self._order:
            if at == caller.place or len(found) == LISTED:
                break
            ahead = self._callers[at[1]]
            if ahead not in spared:
                found.append(Ahead(ahead.call.call_id, score_s(ahead.call, self._now), ahead.wants()))
        return tuple(found)


def _takes(agent: _Agent, caller: _Caller) -> bool:
    assert caller.pool is not None
    return agent.profile in caller.pool.able_set or agent.idle.agent_id in caller.names


def _remove(ordered: list[Any], item: Any) -> None:
    del ordered[bisect_left(ordered, item)]
