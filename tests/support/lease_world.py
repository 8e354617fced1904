"""Two daemons, a Redis and two links in virtual time, where everything may be late, lost, stopped or begun anew."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from cti.lease import Answer, Claim, Held, Lease, Look, Renew, Request, Take

TTL_S = 1.5
LOOK_S = 0.1
LIMIT_S = 0.5


def obey(value: Held | None, request: Request, now: float) -> tuple[Answer, Held | None]:
    """What the scripts on Redis do: (answer, the value afterwards)."""
    match request:
        case Look():
            return Answer(False, value), value
        case Claim():
            return Answer(value is None, value or request.value), value or request.value
        case Take():
            if value != request.seen:
                return Answer(False, value), value
            above = max(request.above, request.seen.epoch)
            taken = Held(max(above + 1, int(now * 1e6)), 0, request.node)
            return Answer(True, taken), taken
        case Renew():
            if value is not None and value.epoch > request.value.epoch:
                return Answer(False, value), value
            return Answer(True, request.value), request.value


@dataclass
class Node:
    """One `var` folder: its processes come one after the other."""

    name: str
    lease: Lease
    stopped: bool = False
    alive: bool = True
    life: int = 0
    asleep: list[Callable[[], None]] = field(default_factory=list)
    """What waits for a stopped process."""
    waits_for: int = 0
    """The request to Redis whose answer counts; others come too late."""


class World:
    """`chance` decides every delay and every fault. `two_decide` says when two could have decided at one moment."""

    def __init__(self, chance: random.Random, faults: float) -> None:
        self.now = 0.0
        self.chance, self._faults = chance, faults
        self.redis: Held | None = None
        self.redis_up = True
        self.redis_link = {"a": True, "b": True}
        self.peer_link = True
        self.nodes = {name: Node(name, Lease(name, TTL_S)) for name in "ab"}
        self.log: list[str] = []
        self.epochs: list[tuple[int, str]] = []
        self._frozen: list[Callable[[], None]] = []
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count(1)
        for node in self.nodes.values():
            self._boot(node)

    def run(self, until: float) -> None:
        while self._queue and self._queue[0][0] <= until:
            self.now, _, job = heapq.heappop(self._queue)
            job()
            self.check()
        self.now = until
        self.check()

    def check(self) -> None:
        """Everybody counts whose time is not over, stopped or not: he may be continued at any moment."""
        able = [n for n in self.nodes.values() if n.alive and n.lease.role == "active" and n.lease._until > self.now]
        assert len(able) < 2, "\n".join(self.log[-40:])
        for node in able:
            if (node.lease.epoch, node.name) not in self.epochs:
                assert not self.epochs or node.lease.epoch > self.epochs[-1][0], "epochs grow"
                self.epochs.append((node.lease.epoch, node.name))

    @property
    def decides(self) -> str:
        for node in self.nodes.values():
            if node.alive and not node.stopped and node.lease.may_decide(self.now):
                return node.name
        return ""

    # Faults

    def kill(self, name: str, back_after_s: float | None) -> None:
        node = self.nodes[name]
        self._note(f"{name} killed")
        node.alive, node.stopped, node.asleep, node.life = False, False, [], node.life + 1
        if back_after_s is not None:
            self._later(back_after_s, lambda: self._restart(node))

    def stop(self, name: str, for_s: float) -> None:
        node, life = self.nodes[name], self.nodes[name].life
        if node.alive and not node.stopped:
            self._note(f"{name} stopped for {for_s:.2f}")
            node.stopped = True
            self._later(for_s, lambda: self._go_on(node, life))

    def lose_redis_data(self) -> None:
        self._note("redis lost everything")
        self.redis = None

    def freeze_redis(self, for_s: float) -> None:
        """Requests wait meanwhile and are carried out afterwards."""
        self._note(f"redis frozen for {for_s:.2f}")
        self.redis_up = False
        self._later(for_s, self._thaw)

    def cut(self, which: str, for_s: float) -> None:
        self._note(f"link {which} cut for {for_s:.2f}")
        self._set_link(which, False)
        self._later(for_s, lambda: self._set_link(which, True))

    def _set_link(self, which: str, up: bool) -> None:
        if which == "peer":
            self.peer_link = up
        else:
            self.redis_link[which] = up

    # Inside

    def _note(self, text: str) -> None:
        self.log.append(f"{self.now:8.3f} {text}")

    def _later(self, delay_s: float, job: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (self.now + delay_s, next(self._count), job))

    def _delay(self) -> float:
        """Mostly a millisecond, now and then so long that everything is over when it arrives."""
        late = self.chance.random() < self._faults
        return self.chance.uniform(0.0, self.chance.choice((0.5, 4.0))) if late else self.chance.uniform(0.0002, 0.003)

    def _thaw(self) -> None:
        self.redis_up = True
        frozen, self._frozen = self._frozen, []
        for job in frozen:
            job()

    def _restart(self, node: Node) -> None:
        if node.alive:
            return
        self._note(f"{node.name} starts")
        node.alive, node.stopped = True, False
        node.lease = Lease(node.name, TTL_S, node.lease.epoch)
        self._boot(node)

    def _boot(self, node: Node) -> None:
        life = node.life
        self._later(self.chance.uniform(0.0, 0.1), lambda: self._in(node, life, self._redis_turn))
        self._later(self.chance.uniform(0.0, 0.1), lambda: self._in(node, life, self._peer_turn))

    def _go_on(self, node: Node, life: int) -> None:
        if node.alive and node.life == life and node.stopped:
            self._note(f"{node.name} goes on")
            node.stopped = False
            if self._is_over(node):
                return
            waiting, node.asleep = node.asleep, []
            self.chance.shuffle(waiting)
            for job in waiting:
                if node.alive and node.life == life:
                    job()

    def _in(self, node: Node, life: int, job: Callable[[Node], None]) -> None:
        """`job` within the process that was alive when it was asked for, as soon as it is not stopped."""
        if not node.alive or node.life != life:
            return
        if node.stopped:
            node.asleep.append(lambda: self._in(node, life, job))
            return
        if not self._is_over(node):
            job(node)

    def _is_over(self, node: Node) -> bool:
        if node.lease.role == "warm" or node.lease.may_decide(self.now):
            return False
        self.kill(node.name, self.chance.uniform(0.1, 0.5))
        return True

    def _redis_turn(self, node: Node) -> None:
        life, sent_at, number = node.life, self.now, next(self._count)
        request = node.lease.for_redis(self.now)
        node.waits_for = number

        def answered(node: Node, answer: Answer) -> None:
            if node.waits_for == number:
                node.waits_for = 0
                node.lease.redis_said(request, answer, sent_at, self.now)
                self._later(self._pause(node), lambda: self._in(node, life, self._redis_turn))

        def failed(node: Node) -> None:
            if node.waits_for == number:
                node.waits_for = 0
                node.lease.redis_failed(request)
                self._later(LOOK_S, lambda: self._in(node, life, self._redis_turn))

        def arrives() -> None:
            if not self.redis_up:
                self._frozen.append(arrives)
                return
            answer, self.redis = obey(self.redis, request, self.now)
            self._note(f"redis: {node.name} {request} -> {answer}")
            if self.redis_link[node.name]:
                self._later(self._delay(), lambda: self._in(node, life, lambda node: answered(node, answer)))

        if self.redis_link[node.name]:
            self._later(self._delay(), arrives)
        self._later(LIMIT_S, lambda: self._in(node, life, failed))

    def _pause(self, node: Node) -> float:
        return TTL_S / 3 if node.lease.role == "active" else LOOK_S

    def _peer_turn(self, node: Node) -> None:
        life, sent_at = node.life, self.now
        other = self.nodes["b" if node.name == "a" else "a"]
        self._later(LOOK_S, lambda: self._in(node, life, self._peer_turn))
        if not node.lease.wants_promise(self.now):
            return
        epoch = node.lease.epoch

        def asked(other: Node) -> None:
            granted = other.lease.promise(epoch, self.now)
            self._note(f"{other.name} promises {node.name}: {granted}")
            if granted and self.peer_link:
                self._later(self._delay(), lambda: self._in(node, life, promised))

        def promised(node: Node) -> None:
            node.lease.promised(sent_at, self.now, int(self.now * 1e6))

        if self.peer_link:
            other_life = other.life
            self._later(self._delay(), lambda: self._in(other, other_life, asked))
