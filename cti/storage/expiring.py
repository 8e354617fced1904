"""Small values that go by themselves when their time is over: sessions, counted tries. A `Keeper` on Redis, and a twin.

Keys: `yihu:{city}:kept:{key}`.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator

from redis.exceptions import RedisError

from cti.accounts.sessions import KeeperAway
from cti.storage.redis_client import connect

_TIMEOUT_S = 1.0


class MemoryExpiring:
    """A `Keeper` within the process. `away`: as if it did not answer."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self._kept: dict[str, tuple[bytes, float]] = {}
        self.away = False

    async def put(self, key: str, value: bytes, lasts_s: float) -> None:
        self._check()
        self._kept[key] = value, self._wall() + lasts_s

    async def get(self, key: str) -> bytes | None:
        self._check()
        value, until = self._kept.get(key, (b"", 0.0))
        return value if self._wall() < until else None

    async def drop(self, key: str) -> None:
        self._check()
        self._kept.pop(key, None)

    async def all(self, prefix: str) -> dict[str, bytes]:
        self._check()
        now = self._wall()
        return {key: value for key, (value, until) in self._kept.items() if key.startswith(prefix) and now < until}

    def _check(self) -> None:
        if self.away:
            raise KeeperAway("away")


class RedisExpiring:
    """A `Keeper` on the server at `url`, shared by all daemons of the city."""

    def __init__(self, url: str, city: str) -> None:
        self._redis = connect(url, _TIMEOUT_S)
        self._root = f"yihu:{city}:kept:"

    async def put(self, key: str, value: bytes, lasts_s: float) -> None:
        with _away():
            await self._redis.set(self._root + key, value, px=math.ceil(lasts_s * 1000))

    async def get(self, key: str) -> bytes | None:
        with _away():
            return _bytes(await self._redis.get(self._root + key))

    async def drop(self, key: str) -> None:
        with _away():
            await self._redis.delete(self._root + key)

    async def all(self, prefix: str) -> dict[str, bytes]:
        with _away():
            keys = [key async for key in self._redis.scan_iter(match=f"{self._root}{prefix}*", count=1000)]
            values = await self._redis.mget(keys) if keys else []
        pairs = zip(keys, values, strict=True)
        found = {_bytes(key) or b"": _bytes(value) for key, value in pairs}
        return {key.decode().removeprefix(self._root): value for key, value in found.items() if value is not None}

    async def close(self) -> None:
        with contextlib.suppress(RedisError, OSError):
            await self._redis.aclose()


def _bytes(answer: bytes | str | None) -> bytes | None:
    """redis-py says either, by an option that is not ours."""
    return answer.encode() if isinstance(answer, str) else answer


@contextlib.contextmanager
def _away() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise KeeperAway(str(error) or type(error).__name__) from None
