"""Checking passwords without letting anybody guess them or burn our processor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_TRIES = 5
_LOCK_S = 30.0
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$ZBHpmpkmCr0lX8hKMFnZ/w$PwVlRPLTqyx0UPVfp/SZnMCWIStnbJkyH0XunVd2M8Q"
"""Hash checked for names that do not exist, so that the time of the answer tells nothing."""


class TooManyTries(Exception):
    """Wait before trying again."""


class Passwords:
    """At most two checks at a time (19 MiB and some ten milliseconds each); five failures lock a name for 30 s."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._gate = asyncio.Semaphore(2)
        self._failures: dict[str, list[float]] = {}

    async def check(self, name: str, stored_hash: str, password: str) -> bool:
        """Whether it is right. TooManyTries while the name is locked."""
        now = self._monotonic()
        recent = [at for at in self._failures.get(name, []) if now - at < _LOCK_S]
        if len(recent) >= _TRIES:
            raise TooManyTries
        async with self._gate:
            right = await asyncio.to_thread(_verify, stored_hash or _NOBODY, password) and bool(stored_hash)
        if right:
            self._failures.pop(name, None)
        else:
            self._failures[name] = [*recent, now]
            if len(self._failures) > 10_000:
                self._failures.pop(next(iter(self._failures)))
        return right


def _verify(stored_hash: str, password: str) -> bool:
    try:
        return PasswordHasher().verify(stored_hash, password)
    except (VerificationError, InvalidHashError):
        return False
