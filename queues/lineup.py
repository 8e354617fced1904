"""Those who wait, in order of their places, and for each of them the pool where he belongs at an instant."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import count

from cti.calls import AgentId, CallId
from queues.needs import Overflow, Waiting, changes, current_step, lenders, place, rule_of, steps_since, wanted
from queues.pools import Place, Pool, Pools, remove


class Caller:
    """A caller who waits, and what counts for him at the instant that the lineup has come to."""

    __slots__ = ("_rule", "call", "change_at", "changes", "names", "place", "pool", "step")

    def __init__(self, call: Waiting, rules: Sequence[Overflow]) -> None:
        self.call = call
        self.place: Place = place(call)
        self.changes = changes(call, rules)
        self.change_at: float | None = None
        """The next of them, for which there is an alarm; None also when he has left."""
        self.step = 0
        self.names: tuple[AgentId, ...] = ()
        """The agents whom his step names."""
        self.pool: Pool | None = None
        """None until the next `Lineup.advance`."""
        self._rule = ""

    def put_in(self, pool: Pool, step: int, names: tuple[AgentId, ...]) -> None:
        self.pool, self.step, self.names, self._rule = pool, step, names, ""
        insort(pool.callers, self.place)

    def rule(self) -> str:
        """What he wants now; worked out when first asked for."""
        if not self._rule:
            self._rule = rule_of(self.call.need, self.step)
        return self._rule


class Lineup:
    """Changes of time, of borrowing and of who waits are noted in `changed`, which whoever decides empties."""

    def __init__(self, overflow: Sequence[Overflow], pools: Pools) -> None:
        self.callers: dict[CallId, Caller] = {}
        self.order: list[Place] = []
        self.named: dict[AgentId, set[Caller]] = {}
        """By agent: the callers whose steps name him."""
        self.changed: set[Caller] = set()
        self.now = 0.0
        self.borrowing = False
        self.rules: dict[str, tuple[Overflow, ...]] = {
            queue: tuple(rule for rule in overflow if rule.queue == queue) for queue in {r.queue for r in overflow}
        }
        """By queue."""
        self._pools = pools
        self._queues: dict[str, list[Place]] = {}
        self._unplaced: set[Caller] = set()
        self._alarms: list[tuple[float, int, Caller]] = []
        self._numbers = count()

    def add(self, call: Waiting) -> None:
        """A call that waits already is replaced."""
        self.remove(call.call_id)
        caller = self.callers[call.call_id] = Caller(call, self.rules.get(call.need.queue, ()))
        insort(self.order, caller.place)
        insort(self._queues.setdefault(call.need.queue, []), caller.place)
        self._unplaced.add(caller)

    def remove(self, call_id: CallId) -> None:
        caller = self.callers.pop(call_id, None)
        if caller is not None:
            remove(self.order, caller.place)
            remove(self._queues[caller.call.need.queue], caller.place)
            self._take_out(caller)
            self._unplaced.discard(caller)
            self.changed.discard(caller)
            caller.change_at = None

    def borrow(self, on: bool) -> None:
        if on != self.borrowing:
            self.borrowing = on
            for queue, rules in self.rules.items():
                if any(rule.after_s is None for rule in rules):
                    self._unplaced.update(self.callers[call_id] for _, call_id in self._queues.get(queue, ()))

    def position(self, caller: Caller) -> int:
        return 1 + bisect_left(self._queues[caller.call.need.queue], caller.place)

    def advance(self, now: float) -> None:
        """Puts each caller where he belongs at `now`."""
        if now < self.now:
            # The clock was set back: what has been may come again.
            self._alarms.clear()
            for caller in self.callers.values():
                caller.change_at = None
            self._unplaced.update(self.callers.values())
        self.now = now
        while self._alarms and self._alarms[0][0] <= now:
            at, _, caller = heappop(self._alarms)
            if caller.change_at == at:
                self._unplaced.add(caller)
        for caller in self._unplaced:
            self._take_out(caller)
            self._put_in(caller)
        self.changed |= self._unplaced
        self._unplaced.clear()

    def next_change(self) -> float | None:
        """The next instant at which `advance` will find somebody to put elsewhere."""
        while self._alarms and self._alarms[0][2].change_at != self._alarms[0][0]:
            heappop(self._alarms)
        return self._alarms[0][0] if self._alarms else None

    def _put_in(self, caller: Caller) -> None:
        call, need = caller.call, caller.call.need
        index = current_step(need, self.now, steps_since(call))
        step = wanted(need, index)
        lending = lenders(call, self.rules.get(need.queue, ()), self.borrowing, self.now)
        caller.put_in(self._pools.pool(None if step.agents else step.all_of, lending), index, step.agents)
        for name in step.agents:
            self.named.setdefault(name, set()).add(caller)
        following = bisect_right(caller.changes, self.now)
        change_at = caller.changes[following] if following < len(caller.changes) else None
        if change_at is not None and change_at != caller.change_at:
            heappush(self._alarms, (change_at, next(self._numbers), caller))
        caller.change_at = change_at

    def _take_out(self, caller: Caller) -> None:
        if caller.pool is not None:
            remove(caller.pool.callers, caller.place)
            caller.pool = None
            for name in set(caller.names):
                named = self.named[name]
                named.discard(caller)
                if not named:
                    del self.named[name]
