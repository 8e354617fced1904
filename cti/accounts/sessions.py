"""Sessions: opaque tokens of which only the hash is kept, in a store that both daemons of a pair share.

The daemon that decides knows every live session itself, so that a store that is away throws nobody out; what it has
not been told meanwhile is told it when it is back.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import math
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import orjson
import structlog

from cti.accounts.people import Person, Role

log = structlog.get_logger()

LASTS_S = 12 * 3600.0
"""A session is over after so long, however busy it was."""
SCREEN_LASTS_S = 365 * 86_400.0
"""The same of a screen on a wall, also if it was off meanwhile."""
_KEPT_EVERY_S = 60.0
"""The store learns of a session's use this often."""
_SWEEP_S = 1.0
_RETRY_S = 1.0
_PREFIX = "session:"


class KeeperAway(Exception):
    """The store does not answer."""


class Keeper(Protocol):
    """Small values that go by themselves when their time is over. Every method may raise KeeperAway."""

    async def put(self, key: str, value: bytes, lasts_s: float) -> None: ...
    async def get(self, key: str) -> bytes | None: ...
    async def drop(self, key: str) -> None: ...
    async def all(self, prefix: str) -> dict[str, bytes]:
        """Everything whose key begins so."""


@dataclass(frozen=True, slots=True)
class Session:
    key: str
    """Hash of its token; nobody can make the token of it."""
    user: str
    name: str
    roles: frozenset[Role]
    stamp: str
    """`Person.stamp` at log-in"""
    began_at: float
    ends_at: float
    seen_at: float
    seat: str = ""
    """Where he said that he sits."""
    call: str = ""
    """Of a guest: the one call that he may take part in."""


class Sessions:
    """All sessions of a city. `person_stamp`: None for somebody who is not there any more; `busy`: in a call, which a
    session whose time is over outlives; `idle_s`: without a sign for so long it is over."""

    def __init__(
        self,
        keeper: Keeper,
        wall: Callable[[], float],
        person_stamp: Callable[[str], str | None],
        busy: Callable[[str], bool],
        idle_s: float,
    ) -> None:
        self._keeper = keeper
        self._wall = wall
        self._person_stamp = person_stamp
        self._busy = busy
        self._idle_s = idle_s
        self._live: dict[str, Session] = {}
        self._kept_at: dict[str, float] = {}
        self._untold: dict[str, int] = {}
        """Keys of which the store does not know the newest, oldest first, with the how-manieth change it is."""
        self._changes = 0
        self._work = asyncio.Event()
        self.on_end: list[Callable[[Session, str], None]] = []
        """Each is told of a session that is over, and why: logout, taken_over, changed, idle, too_old."""

    async def begin(self, person: Person, seat: str = "") -> str:
        """A new session's token. It counts even while the store is away."""
        now, token = self._wall(), secrets.token_urlsafe(32)
        session = Session(
            key_of(token),
            person.id,
            person.name,
            person.roles,
            person.stamp,
            now,
            now + lasts_s(person),
            now,
            seat=seat,
        )
        await self._open(session)
        return token

    async def begin_guest(self, guest: str, call: str, lasts_s: float) -> str:
        """The token of a citizen who may take part in this one call."""
        now, token = self._wall(), secrets.token_urlsafe(32)
        roles = frozenset({Role.GUEST})
        await self._open(Session(key_of(token), guest, "", roles, "", now, now + lasts_s, now, call=call))
        return token

    async def find(self, token: str) -> Session | None:
        """The live session of this token, which has been seen now. KeeperAway: it is none we know, and cannot ask."""
        key = key_of(token)
        if key not in self._live:
            if key in self._untold or (kept := await self._keeper.get(_PREFIX + key)) is None:
                return None
            if key not in self._untold and key not in self._live:
                self._live[key] = _session(key, kept)
        if not self._good(key):
            return None
        self.seen(key)
        return self._live.get(key)

    def get(self, key: str) -> Session | None:
        return self._live[key] if key in self._live and self._good(key) else None

    def of(self, user: str) -> list[Session]:
        """His live sessions, oldest first."""
        mine = [key for key, session in self._live.items() if session.user == user]
        return sorted((self._live[key] for key in mine if self._good(key)), key=lambda session: session.began_at)

    def seen(self, key: str) -> None:
        """A sign of him: a request, or his page's heartbeat."""
        now = self._wall()
        if (session := self._live.get(key)) is not None:
            self._live[key] = replace(session, seen_at=now)
            if now - self._kept_at.get(key, 0.0) > _KEPT_EVERY_S:
                self._tell(key)

    def renew(self, key: str, person: Person | None) -> None:
        """It goes on although he has changed, for he himself did it."""
        if person is not None and (session := self._live.get(key)) is not None:
            self._live[key] = replace(session, roles=person.roles, stamp=person.stamp)
            self._tell(key)

    def end(self, key: str, why: str) -> None:
        """At once, here; the store is told as soon as it listens."""
        session = self._live.pop(key, None)
        self._kept_at.pop(key, None)
        self._tell(key)
        if session is not None:
            for tell in self.on_end:
                tell(session, why)

    async def end_and_tell(self, key: str, why: str) -> None:
        """The same; returns when the store knows it, so that no other daemon can take it up, or is away."""
        self.end(key, why)
        with contextlib.suppress(KeeperAway):
            await self._tell_store(key)

    def end_all_of(self, user: str, why: str, but: str = "") -> None:
        for session in self.of(user):
            if session.key != but:
                self.end(session.key, why)

    def check(self) -> None:
        """Ends all that are over."""
        for key in list(self._live):
            if key in self._live:
                self._good(key)

    async def load(self) -> None:
        """What the store has. KeeperAway."""
        for name, kept in (await self._keeper.all(_PREFIX)).items():
            key = name.removeprefix(_PREFIX)
            if key not in self._live and key not in self._untold:
                self._live[key] = _session(key, kept)

    async def run(self) -> None:
        """Until cancelled: tells the store what it was not told, and ends what is over."""
        loaded, told_away = False, False
        while True:
            try:
                if not loaded:
                    await self.load()
                    loaded = True
                while self._untold:
                    await self._tell_store(next(iter(self._untold)))
                if told_away:
                    log.info("sessions_told_again", sessions=len(self._live))
                told_away = False
            except KeeperAway as away:
                if not told_away:
                    log.warning("sessions_kept_in_memory_alone", problem=str(away))
                told_away = True
                for key in self._live:
                    self._note(key)  # it may come back empty
                await asyncio.sleep(_RETRY_S)
            self.check()
            self._work.clear()
            if not self._untold or told_away:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_SWEEP_S):
                        await self._work.wait()

    async def _open(self, session: Session) -> None:
        self._live[session.key] = session
        self._note(session.key)
        try:
            await self._tell_store(session.key)
        except KeeperAway:
            self._work.set()

    def _tell(self, key: str) -> None:
        self._note(key)
        self._work.set()

    def _note(self, key: str) -> None:
        self._changes += 1
        self._untold[key] = self._changes

    async def _tell_store(self, key: str) -> None:
        """What is true when it begins. Until the store has it, the key counts as not told: `find` asks no store that
        may still have a session which is over."""
        change, session, now = self._untold[key], self._live.get(key), self._wall()
        if session is None:
            await self._keeper.drop(_PREFIX + key)
        else:
            idle_s = math.inf if Role.SCREEN in session.roles else self._idle_s
            kept_s = min(session.ends_at - now, idle_s) + 2 * _KEPT_EVERY_S
            await self._keeper.put(_PREFIX + key, _text(session), max(1.0, kept_s))
        if self._untold.get(key) == change:
            del self._untold[key]
            if session is not None:
                self._kept_at[key] = now

    def _good(self, key: str) -> bool:
        """Ends it if it is over."""
        session = self._live[key]
        if why := self._over(session):
            self.end(key, why)
        return not why

    def _over(self, session: Session) -> str:
        now = self._wall()
        if Role.GUEST not in session.roles and self._person_stamp(session.user) != session.stamp:
            return "changed"
        if now >= session.ends_at and not self._busy(session.user):
            return "too_old"
        idle = now - session.seen_at >= self._idle_s and Role.SCREEN not in session.roles
        if idle and not self._busy(session.user):
            return "idle"
        return ""


def lasts_s(person: Person) -> float:
    """How long a session of his may last."""
    return SCREEN_LASTS_S if Role.SCREEN in person.roles else LASTS_S


def key_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def csrf_of(token: str) -> str:
    """What a page has to say with every change; made of the token, which the page's scripts cannot read."""
    return hashlib.sha256(b"csrf " + token.encode()).hexdigest()[:32]


def _text(session: Session) -> bytes:
    return orjson.dumps(
        {
            "user": session.user,
            "name": session.name,
            "roles": sorted(session.roles),
            "stamp": session.stamp,
            "began_at": session.began_at,
            "ends_at": session.ends_at,
            "seen_at": session.seen_at,
            "seat": session.seat,
            "call": session.call,
        }
    )


def _session(key: str, text: bytes) -> Session:
    row = orjson.loads(text)
    row["roles"] = frozenset(Role(role) for role in row["roles"])
    return Session(key=key, **row)
