"""Wrong passwords are counted, by name and by address, whether there is such a name or not."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import orjson

from cti.accounts.sessions import Keeper, KeeperAway

TRIES = 5
"""Wrong passwords for a name within `WITHIN_S`, and it is locked for `LOCK_S`."""
ADDRESS_TRIES = 50
"""The same for an address, behind which a whole office may sit."""
WITHIN_S = LOCK_S = 600.0
_MOST = 10_000
"""Names and addresses remembered in this process; beyond it the oldest are asked of the store again."""


class Locked(Exception):
    """Nothing is checked for this name, or from this address, until then."""

    def __init__(self, until: float, *, name: bool) -> None:
        super().__init__("too many wrong passwords")
        self.until, self.is_name = until, name


@dataclass(frozen=True, slots=True)
class _Tries:
    wrong: tuple[float, ...] = ()
    locked_until: float = 0.0

    def at(self, now: float) -> _Tries:
        """What counts now."""
        if self.locked_until and now >= self.locked_until:
            return _Tries()
        return _Tries(tuple(at for at in self.wrong if now - at < WITHIN_S), self.locked_until)

    def one_more(self, now: float, most: int) -> _Tries:
        wrong = (*self.wrong, now)
        return _Tries(wrong, now + LOCK_S if len(wrong) >= most else 0.0)


class Throttle:
    """Kept in the store, so that a restart forgets nothing; without it, in memory."""

    def __init__(self, keeper: Keeper, wall: Callable[[], float]) -> None:
        self._keeper = keeper
        self._wall = wall
        self._known: dict[str, _Tries] = {}

    async def take(self, name: str, address: str) -> None:
        """A try begins, and counts as wrong until `right` says otherwise: tries at one moment are tries. Locked."""
        now, by_name, by_address = self._wall(), _key("name", name), _key("address", address)
        tries = await self._of(by_name), await self._of(by_address)
        for found, is_name in zip(tries, (True, False), strict=True):
            if found.locked_until:
                raise Locked(found.locked_until, name=is_name)
        # Nothing is awaited between looking and counting.
        self._known[by_name] = self._now(by_name).one_more(now, TRIES)
        self._known[by_address] = self._now(by_address).one_more(now, ADDRESS_TRIES)
        await self._keep(by_name)
        await self._keep(by_address)

    async def right(self, name: str, address: str) -> None:
        """The try was right: the name is forgotten, and of the address this one try."""
        await self.unlock(name)
        await self._one_less(_key("address", address))

    async def not_checked(self, name: str, address: str) -> None:
        """The try came to nothing, by our fault."""
        await self._one_less(_key("name", name))
        await self._one_less(_key("address", address))

    def left(self, name: str) -> int:
        """Tries that are left to him."""
        return max(0, TRIES - len(self._now(_key("name", name)).wrong))

    def locked_until(self, name: str) -> float:
        """0: the name is not locked."""
        return self._now(_key("name", name)).locked_until

    async def unlock(self, name: str) -> None:
        key = _key("name", name)
        self._known[key] = _Tries()
        await self._keep(key)

    async def _one_less(self, key: str) -> None:
        self._known[key] = _Tries(self._now(key).wrong[:-1])
        await self._keep(key)

    def _now(self, key: str) -> _Tries:
        return self._known.get(key, _Tries()).at(self._wall())

    async def _of(self, key: str) -> _Tries:
        if key not in self._known:
            kept = None
            with contextlib.suppress(KeeperAway):
                kept = await self._keeper.get(key)
            if kept is not None:
                wrong, locked_until = orjson.loads(kept)
                self._known.setdefault(key, _Tries(tuple(wrong), locked_until))
        return self._now(key)

    async def _keep(self, key: str) -> None:
        while len(self._known) > _MOST:
            self._known.pop(next(iter(self._known)))
        tries = self._now(key)
        with contextlib.suppress(KeeperAway):
            if tries.wrong:
                await self._keeper.put(key, orjson.dumps([tries.wrong, tries.locked_until]), max(WITHIN_S, LOCK_S))
            else:
                await self._keeper.drop(key)


def _key(kind: str, text: str) -> str:
    """By hash: somebody may have typed his password where the name belongs."""
    return f"tries:{kind}:{hashlib.sha256(text.encode()).hexdigest()[:32]}"
