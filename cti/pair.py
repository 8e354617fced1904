"""Who decides for the city, at work: the lease is waited for and kept, and a daemon whose lease is over ends at once.

The rules are in cti.lease. It ends by `os._exit`: the kernel closes its connections, so callers go to the other daemon,
and nothing of it can act any more. Its supervisor starts it again, and then it is the warm one.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import aiohttp
import structlog
from redis.exceptions import RedisError

from cti.calls import CityFact, Milestone, Value
from cti.lease import Lease
from cti.settings import Settings, SettingsError
from cti.storage import journal as journals
from cti.storage.journal import Health, Journal
from cti.storage.kept import Picture, current, epoch_of
from cti.storage.lease import LeaseUnreachable, RedisLease
from cti.storage.replica import Follower, Replica
from cti.tls import client_tls
from cti.web.pair import PROMISE_PATH, Ask

log = structlog.get_logger()

EX_LEASE_OVER = 75
"""Exit code of a daemon that must not decide any more (EX_TEMPFAIL)."""
_AT_ONCE = 4
"""So many first turns follow one another: a look, a claim and a take need no pause between them."""


@dataclass(frozen=True, slots=True)
class Inheritance:
    """What a daemon begins with that decides from now on."""

    milestones: list[Milestone]
    """Of everything that is live, and what agents and the city are."""
    first_seq: int
    """The numbers of calls' milestones go on from here: the other daemon may have noted some that have not come to us,
    and they keep theirs. 0: there is no other, they go on as they are."""


class Pair:
    """This daemon's part. `active` is set when it decides; alone that is soon, and Redis need not be there."""

    def __init__(self, settings: Settings, secret: str, journal: Journal) -> None:
        """SettingsError if there is a peer and not everything that the two have to share."""
        needed = {"redis.url": settings.redis.url, "sql.url": settings.sql.url, "agi.second": settings.agi.second}
        if settings.pair.peer and (missing := [key for key, value in needed.items() if not value]):
            raise SettingsError(
                f"pair.peer is set and {', '.join(missing)} not: two daemons need the same Redis and SQL"
            )
        self._settings, self._journal = settings, journal
        self._peer, self.secret, self._tls = settings.pair.peer, secret, client_tls(settings)
        self._ttl_s = settings.pair.ttl_s
        self._limit_s = self._ttl_s / 3
        self._city = settings.city.code
        self._own = list(journals.read(settings.journal_dir, on_damage=lambda damage: None))  # the journal told of it
        self._own_epoch = epoch_of(m for m in self._own if m.id == journal.id)
        self.lease = Lease(journal.id, self._ttl_s, self._own_epoch, alone=not self._peer)
        self.active = asyncio.Event()
        self._redis = RedisLease(settings.redis_url, self._city, self._limit_s)
        self._follower = Follower(settings.redis_url, self._city, self._limit_s)
        self._replica: Replica | None = None
        self._failure = ""
        self._refused = ""

    def may_decide(self) -> bool:
        """Asked before every decision and once more before it is carried out. Does not return when it is over."""
        if not self.lease.may_decide(_now()):
            self._end()
        return True

    def promise(self, ask: Ask) -> bool:
        """The other daemon asks that we take nothing for a while."""
        if ask.node == self.lease.node:
            log.critical("pair_is_one_node", remedy="pair.peer must be the other daemon; never copy a journal")
            return False
        return ask.city == self._city and self.lease.promise(ask.epoch, _now())

    async def run(self) -> None:
        """Until cancelled. SettingsError when another daemon decides for this city and we are not its pair."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._ask_redis())
            if self._peer:
                group.create_task(self._ask_peer())
                group.create_task(self._follow())

    async def inherit(self) -> Inheritance:
        """Once `active` is set: what is live, on our own disk before anything is decided."""
        own, self._own = self._own, []
        if not self._peer:
            return Inheritance(current(own), 0)
        with contextlib.suppress(RedisError, OSError):
            await self._follower.catch_up()
        epoch, anew = self.lease.epoch, self._follower.epoch > self._own_epoch
        data: dict[str, Value] = {"epoch": epoch, "anew": anew}
        noted = [Milestone("city", self.lease.node, epoch, time.time(), CityFact.DECIDES, data)]
        if anew:
            noted += self._follower.milestones()
        for milestone in noted:
            self._journal.append(milestone)
        with contextlib.suppress(TimeoutError):  # a disk that fails must not keep callers waiting
            async with asyncio.timeout(self._limit_s):
                await self._journal.durable()
        found = current([*own, *noted])
        self._replica = Replica(self._settings.redis_url, self._city, epoch, Picture(found), self._limit_s)
        log.info("lease_begins", epoch=epoch, anew=anew, milestones=len(found))
        return Inheritance(found, epoch)

    def on_durable(self, batch: Sequence[Milestone]) -> None:
        """Milestones on our disk, for the other daemon."""
        if self._replica is not None:
            self._replica.add(batch)

    async def replicate(self) -> None:
        """After `inherit`, until cancelled."""
        if self._replica is not None:
            await self._replica.run()

    async def give_back(self) -> None:
        """Nothing will be decided here any more: the other daemon need not wait."""
        if self.lease.role == "active":
            with contextlib.suppress(LeaseUnreachable):
                await self._redis.ask(self.lease.give_back())

    async def close(self) -> None:
        await self._redis.close()
        await self._follower.close()
        if self._replica is not None:
            await self._replica.close()

    @property
    def state(self) -> Health:
        """Whether the other daemon could take over from us, or we from it."""
        if self._failure:
            return Health(False, f"Redis: {self._failure}")
        if self._refused:
            return Health(False, self._refused)
        return self._replica.state if self._replica is not None else Health(True)

    # Inside

    async def _ask_redis(self) -> None:
        turns = 0
        while True:
            sent_at = _now()
            request = self.lease.for_redis(sent_at)
            try:
                answer = await self._redis.ask(request)
            except LeaseUnreachable as error:
                self.lease.redis_failed(request)
                self.lease.go_alone(_fresh_epoch())
                self._note(str(error))
            else:
                self.lease.redis_said(request, answer, sent_at, _now())
                self._note("")
            self._look()
            turns += 1
            if self.active.is_set():
                await asyncio.sleep(max(0.0, sent_at + self._ttl_s / 3 - _now()))
            elif self._failure or turns > _AT_ONCE:
                await asyncio.sleep(self._ttl_s / 15)

    async def _ask_peer(self) -> None:
        timeout = aiohttp.ClientTimeout(total=self._limit_s)
        headers = {"Authorization": f"Bearer {self.secret}"}
        connector = aiohttp.TCPConnector(ssl=self._tls or True)
        async with aiohttp.ClientSession(self._peer, headers=headers, timeout=timeout, connector=connector) as session:
            while True:
                if not self.active.is_set() and await self._decides(session):
                    self.lease.other_decides(_now())
                if self.lease.wants_promise(_now()):
                    sent_at = _now()
                    if await self._is_promised(session):
                        self.lease.promised(sent_at, _now(), _fresh_epoch())
                        self._look()
                await asyncio.sleep(self._ttl_s / (30 if self.active.is_set() else 6))

    async def _decides(self, session: aiohttp.ClientSession) -> bool:
        try:
            async with session.get("/api/health") as answer:
                return bool((await answer.json()).get("role") == "active")
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError, AttributeError):
            return False

    async def _is_promised(self, session: aiohttp.ClientSession) -> bool:
        ask = Ask(city=self._city, node=self.lease.node, epoch=self.lease.epoch)
        try:
            async with session.post(PROMISE_PATH, json=ask.model_dump()) as answer:
                if answer.status == 403 and not self._refused:
                    log.error("pair_refuses_us", peer=self._peer, remedy="both need the same var/secrets.toml")
                self._refused = f"{self._peer} refuses our secret" if answer.status == 403 else ""
                return answer.status == 200
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False

    async def _follow(self) -> None:
        while not self.active.is_set():
            with contextlib.suppress(RedisError, OSError):
                await self._follower.catch_up()
            await asyncio.sleep(self._ttl_s / 15)

    def _look(self) -> None:
        if self.lease.rival is not None:
            raise SettingsError(
                f"another daemon decides for the city {self._city} on this Redis (its journal is "
                f"{self.lease.rival.node}); stop it, use another Redis (redis.url), or make the two a pair (pair.peer)"
            )
        if self.lease.role == "over":
            self._end()
        if self.lease.role == "active" and not self.active.is_set():
            log.info("lease_taken", epoch=self.lease.epoch)
            self.active.set()

    def _note(self, failure: str) -> None:
        if failure and not self._failure:
            log.warning("lease_redis_away", error=failure)
        elif self._failure and not failure:
            log.info("lease_redis_back")
        self._failure = failure

    def _end(self) -> NoReturn:
        log.critical("lease_over", epoch=self.lease.epoch, known=self.lease.known_epoch)
        os._exit(EX_LEASE_OVER)


def _now() -> float:
    """Goes on while this process is stopped and while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _fresh_epoch() -> int:
    """As Redis would make it."""
    return int(time.time() * 1e6)


def health_of(state: Health) -> dict[str, Any]:
    return {"ok": state.ok, "reason": state.reason}
