"""Passwords: hashed with argon2id, checked beside the event loop, never so many at once that calls would feel it."""

from __future__ import annotations

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_AT_ONCE = 2
"""19 MiB and some ten milliseconds of a processor each"""
_IN_LINE = 500
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$ZBHpmpkmCr0lX8hKMFnZ/w$PwVlRPLTqyx0UPVfp/SZnMCWIStnbJkyH0XunVd2M8Q"
"""Checked for names that do not exist, so that the time of the answer tells nothing."""
SHORTEST = 8


class TooBusy(Exception):
    """So many wait for a check that one more would not be answered in time."""


class WeakPassword(Exception):
    """The text says what a password must be."""


class Passwords:
    """Checks and hashes, two at a time."""

    def __init__(self) -> None:
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    async def right(self, stored_hash: str, password: str) -> bool:
        """`stored_hash` is "" for somebody who is not there. TooBusy."""
        if self._waiting >= _IN_LINE:
            raise TooBusy
        self._waiting += 1
        try:
            async with self._gate:
                return await asyncio.to_thread(_verify, stored_hash or _NOBODY, password) and bool(stored_hash)
        finally:
            self._waiting -= 1

    async def hash(self, password: str) -> str:
        async with self._gate:
            return await asyncio.to_thread(hash_password, password)


def hash_password(password: str) -> str:
    return _HASHER.hash(password)


def check_new(password: str, user_id: str) -> None:
    """WeakPassword for one that is guessed too easily."""
    if len(password) < SHORTEST:
        raise WeakPassword(f"at least {SHORTEST} characters")
    if user_id in password.lower() or len(set(password)) < SHORTEST // 2:
        raise WeakPassword("not the name, and not the same few characters again and again")


def _verify(stored_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored_hash, password)
    except (VerificationError, InvalidHashError):
        return False
