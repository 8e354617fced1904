"""Who decides for a city: rules by which at most one daemon of two does, whatever is delayed, stopped or lost. Pure.

The lease is one value on Redis. Its holder changes it several times within `ttl_s`. Nobody reads a clock that is not
its own: the holder decides until `ttl_s` after it *sent* the last renewal that was confirmed, and another may take the
lease only when it has *seen* the same value for `ttl_s`, and only by exchanging exactly that value. So no expiry of
Redis and no time of day is trusted. A Redis that lost everything has no value to be seen, and may have lost one twice
between two looks: a claim, never written before, is put there first, which the holder overwrites. What is left to
trust: clocks that run equally fast within `MARGIN`, and that Redis does not go back to an older value by itself.

While Redis is away the holder asks the other daemon to promise that it takes nothing for `ttl_s`. All times are
seconds of a clock that goes on while the process is stopped and the machine sleeps (CLOCK_BOOTTIME).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MARGIN = 0.1
"""The part of its time that a holder leaves unused: for clocks, and for what is under way between a look and a deed."""
RENEWALS = 3
"""So many renewals within `ttl_s`."""
NOBODY = "-"
"""`Held.node` of a lease that its holder has given back."""


@dataclass(frozen=True, slots=True)
class Held:
    """The value on Redis."""

    epoch: int
    """The fencing token: every take makes a larger one. 0: a claim, which no holder heeds."""
    beat: int
    """Counts renewals. 0: taken, and perhaps the taker never heard of it. Of a claim: any number never used before."""
    node: str

    def to_text(self) -> str:
        return f"{self.epoch} {self.beat} {self.node}"

    @staticmethod
    def from_text(text: str) -> Held:
        """Reads what `to_text` wrote; ValueError if it is not of that form."""
        epoch, beat, node = text.split(" ")
        return Held(int(epoch), int(beat), node)


@dataclass(frozen=True, slots=True)
class Look:
    """Read the value."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Write `value` if nothing stands there."""

    value: Held


@dataclass(frozen=True, slots=True)
class Take:
    """Replace exactly `seen` by a value of `node` with beat 0 and an epoch above `above`, else change nothing."""

    seen: Held
    node: str
    above: int


@dataclass(frozen=True, slots=True)
class Renew:
    """Write `value` unless a larger epoch stands there; an older one or none at all is overwritten."""

    value: Held


Request = Look | Claim | Take | Renew


@dataclass(frozen=True, slots=True)
class Answer:
    """What Redis did and what stands there now."""

    done: bool
    held: Held | None


class Lease:
    """One daemon's side. Whatever it says, the caller sends; whatever comes back, the caller tells, with both times.

    `last_epoch`: the last one under which this node decided, 0 if never. `alone`: there is no second daemon; then
    nothing ends our deciding but a larger epoch, and a lease that somebody else renews is not waited for.
    """

    def __init__(self, node: str, ttl_s: float, last_epoch: int = 0, *, alone: bool = False) -> None:
        self.node = node
        self.ttl_s = ttl_s
        self.alone = alone
        self.role: Literal["warm", "active", "over"] = "warm"
        self.epoch = last_epoch
        """Under which we decide, or did last."""
        self.known_epoch = last_epoch
        """The largest we have heard of."""
        self.rival: Held | None = None
        """Alone: another node renews the lease. Then we must not decide, and there is nothing to wait for."""
        self._beat = 0
        self._until = float("-inf")
        self._looked = False
        self._seen: Held | None = None
        self._seen_since = float("-inf")
        self._redis_away = False
        self._promised_until = float("-inf")
        self._other_decided_at = float("-inf")
        self._taking = False

    def may_decide(self, now: float) -> bool:
        """Once it was True and is False it stays so: another may decide, and this process has to end."""
        if self.role == "active" and now >= self._until:
            self.role = "over"
        return self.role == "active"

    # Redis

    def for_redis(self, now: float) -> Request:
        """What to ask Redis now. One at a time: the next when this one is answered or failed."""
        if self.role == "active":
            self._beat += 1
            return Renew(Held(self.epoch, self._beat, self.node))
        if self._seen is None:
            return Claim(Held(0, int(now * 1e6), self.node)) if self._looked else Look()
        if self._may_take(self._seen, now):
            self._taking = True
            return Take(self._seen, self.node, self.known_epoch)
        return Look()

    def redis_said(self, request: Request, answer: Answer, sent_at: float, now: float) -> None:
        self._redis_away = False
        if answer.held is not None:
            self.known_epoch = max(self.known_epoch, answer.held.epoch)
        if isinstance(request, Take):
            self._taking = False
            if answer.done and answer.held is not None and self._begin(answer.held.epoch, sent_at, now):
                return
        if self.role == "active":
            if answer.held is not None and answer.held.epoch > self.epoch:
                self.role = "over"
            elif answer.done:
                self._extend(sent_at, now)
            return
        self._saw(answer.held, now)

    def redis_failed(self, request: Request) -> None:
        """No answer in time, or an error: it may have been done, or be done later."""
        self._redis_away = True
        if isinstance(request, Take):
            self._taking = False

    def give_back(self) -> Renew:
        """The last request, after the last decision."""
        self.role = "over"
        return Renew(Held(self.epoch, self._beat + 1, NOBODY))

    # Without Redis

    def go_alone(self, epoch: int) -> bool:
        """Redis cannot be asked, and there is no second daemon: True, we decide, under an epoch of at least `epoch`."""
        return self.alone and not self._looked and self._begin(max(epoch, self.known_epoch + 1), 0.0, 0.0)

    def wants_promise(self, now: float) -> bool:
        """Whether to ask the other daemon for a promise now.

        As the holder, when Redis has not answered for a while; and as who held the lease last, when he begins anew
        while Redis is away.
        """
        if self.alone:
            return False
        if self.role == "active":
            return self._until - now < self.ttl_s / 2
        return self.role == "warm" and self._redis_away and 0 < self.epoch == self.known_epoch

    def promised(self, sent_at: float, now: float, epoch: int) -> None:
        """The other daemon promised. `epoch`: a new one at least as large as this, if we begin with it."""
        if self.role == "active":
            self._extend(sent_at, now)
        elif not self._taking and now >= self._promised_until:
            self._begin(max(epoch, self.known_epoch + 1), sent_at, now)

    def promise(self, epoch: int, now: float) -> bool:
        """The other daemon, which decides or did last under `epoch`, asks us. True: we take nothing for `ttl_s`."""
        if self.alone or self.role != "warm" or self._taking or epoch < self.known_epoch:
            return False
        self.known_epoch = epoch
        self._promised_until = now + self.ttl_s
        return True

    def other_decides(self, now: float) -> None:
        """The other daemon says so itself. It would not be needed if both looked at the same Redis, as they should."""
        self._other_decided_at = now

    # Inside

    def _saw(self, held: Held | None, now: float) -> None:
        if self._looked and held == self._seen:
            return
        if self.alone and self._looked and held is not None and held.node not in (self.node, NOBODY):
            self.rival = held
        self._looked, self._seen, self._seen_since = True, held, now

    def _may_take(self, seen: Held, now: float) -> bool:
        if self.role != "warm" or now < self._promised_until:
            return False
        # One process a node: whoever renewed what is ours is dead. A take that was never renewed may be one that nobody
        # heard of, carried out long after we last looked.
        ours = seen.node == self.node and (self.alone or (seen.epoch > 0 and seen.beat > 0))
        if ours or seen.node == NOBODY:
            return True
        return now - self._seen_since >= self.ttl_s and now - self._other_decided_at >= self.ttl_s / 2

    def _begin(self, epoch: int, sent_at: float, now: float) -> bool:
        """False: the answer came so late that our time would be over already."""
        until = float("inf") if self.alone else sent_at + self.ttl_s * (1 - MARGIN)
        if self.role != "warm" or now >= until:
            return False
        self.role, self._until, self._beat = "active", until, 0
        self.epoch = self.known_epoch = epoch
        return True

    def _extend(self, sent_at: float, now: float) -> None:
        """Time that has run out is not given again: another may have decided meanwhile."""
        if self.may_decide(now):
            self._until = max(self._until, sent_at + self.ttl_s * (1 - MARGIN))
