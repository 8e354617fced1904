"""The lease of a city on Redis: one value, and scripts that change it in one step (rules: cti.lease).

Key: `yihu:{city}:lease`. It never expires by itself; who looks at it knows how long he has seen it.
"""

from __future__ import annotations

import contextlib
from typing import Any

from redis.exceptions import RedisError

from cti.lease import Answer, Claim, Held, Look, Renew, Request, Take
from cti.storage.redis_client import connect

_EPOCH_OF = "local function epoch_of(text) return tonumber(string.match(text, '^%d+')) end\n"
FENCE = _EPOCH_OF + "local held = redis.call('GET', KEYS[1])\n"
"""The beginning of every script that a holder of the lease (KEYS[1]) runs: `held` and `epoch_of(held)`."""

_CLAIM = "redis.call('SET', KEYS[1], ARGV[1], 'NX') return {0, redis.call('GET', KEYS[1])}"
# Doubles hold microseconds since 1970 exactly for another 200 years.
_TAKE = (
    FENCE
    + """
if held ~= ARGV[1] then return {0, held or ''} end
local time = redis.call('TIME')
local epoch = math.max(tonumber(ARGV[3]) + 1, time[1] * 1000000 + time[2])
local new = string.format('%.0f 0 %s', epoch, ARGV[2])
redis.call('SET', KEYS[1], new)
return {1, new}
"""
)
_RENEW = (
    FENCE
    + """
if held and epoch_of(held) > epoch_of(ARGV[1]) then return {0, held} end
redis.call('SET', KEYS[1], ARGV[1])
return {1, ARGV[1]}
"""
)


class LeaseUnreachable(Exception):
    """Redis did not answer in time or refused; the request may still be carried out."""


def lease_key(city: str) -> str:
    return f"yihu:{city}:lease"


class RedisLease:
    def __init__(self, url: str, city: str, timeout_s: float) -> None:
        self._redis = connect(url, timeout_s)
        self._key = lease_key(city)
        self._claim = self._redis.register_script(_CLAIM)
        self._take = self._redis.register_script(_TAKE)
        self._renew = self._redis.register_script(_RENEW)

    async def ask(self, request: Request) -> Answer:
        """LeaseUnreachable when Redis is away; then nobody knows whether the request was carried out."""
        try:
            done, text = await self._carry_out(request)
            return Answer(bool(done), Held.from_text(text.decode()) if text else None)
        except (RedisError, OSError, ValueError) as error:
            raise LeaseUnreachable(str(error) or type(error).__name__) from None

    async def close(self) -> None:
        with contextlib.suppress(RedisError, OSError):
            await self._redis.aclose()

    async def _carry_out(self, request: Request) -> Any:
        match request:
            case Look():
                return 0, await self._redis.get(self._key)
            case Claim():
                return await self._claim([self._key], [request.value.to_text()])
            case Take():
                return await self._take([self._key], [request.seen.to_text(), request.node, request.above])
            case Renew():
                return await self._renew([self._key], [request.value.to_text()])
