"""What is live, copied to the other daemon through Redis: it has everything when it takes over.

Keys: `yihu:{city}:replica`, a stream whose entries hold journal lines in their order, and `yihu:{city}:replica:begun`,
"epoch count", which says whose it is. A stream begins with the whole picture; it is begun anew when it has grown long,
and after anything that may have lost a part of it. Who has lost the lease cannot add to it any more.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from cti.calls import Milestone
from cti.storage.journal import Health
from cti.storage.kept import Picture
from cti.storage.lease import FENCE, lease_key
from cti.storage.redis_client import connect
from cti.storage.segments import decode, encode

log = structlog.get_logger()

_ENTRY_LINES = 200
_READ_ENTRIES = 100
_LONGEST = 20_000
"""Lines after the picture before a stream is begun anew: some minutes of a large city."""
_RETRY_S = 0.2

_BEGIN = (
    FENCE
    + """
if held and epoch_of(held) > epoch_of(ARGV[1]) then return 'over' end
redis.call('DEL', KEYS[2])
for i = 2, #ARGV do redis.call('XADD', KEYS[2], '*', 'lines', ARGV[i]) end
redis.call('SET', KEYS[3], ARGV[1])
return 'done'
"""
)
_ADD = (
    FENCE
    + """
if held and epoch_of(held) > epoch_of(ARGV[1]) then return 'over' end
if redis.call('GET', KEYS[3]) ~= ARGV[1] then return 'begin' end
for i = 2, #ARGV do redis.call('XADD', KEYS[2], '*', 'lines', ARGV[i]) end
return 'done'
"""
)
_FOLLOW = """
local begun = redis.call('GET', KEYS[2]) or ''
local from = '-'
if begun == ARGV[1] and ARGV[2] ~= '' then from = '(' .. ARGV[2] end
return {begun, redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', ARGV[3])}
"""


class Replica:
    """The copy that the deciding daemon writes. `picture`: everything live at its beginning."""

    def __init__(self, url: str, city: str, epoch: int, picture: Picture, timeout_s: float) -> None:
        self._redis = connect(url, timeout_s)
        self._keys = [lease_key(city), *_keys(city)]
        self._begin_script = self._redis.register_script(_BEGIN)
        self._add_script = self._redis.register_script(_ADD)
        self._epoch = epoch
        self._picture = picture
        self._begun = 0
        self._lines = 0
        self._begin_due = True
        self._outbox: list[Milestone] = []
        self._work = asyncio.Event()
        self._work.set()
        self._failure = ""

    def add(self, batch: Sequence[Milestone]) -> None:
        """Durable milestones, in the order of the journal. Returns at once."""
        for milestone in batch:
            self._picture.add(milestone)
        if not self._begin_due:  # else they are in the picture
            self._outbox += batch
        self._work.set()

    async def run(self) -> None:
        """Writes until cancelled, or until another daemon has the lease. While Redis is away it tries again."""
        while True:
            await self._work.wait()
            self._work.clear()
            try:
                if not await self._write():
                    log.warning("replica_refused", epoch=self._epoch)
                    return
                if self._failure:
                    log.info("replica_recovered")
                    self._failure = ""
            except (RedisError, OSError) as error:
                if not self._failure:
                    log.warning("replica_failed", error=str(error) or type(error).__name__)
                self._failure = str(error) or type(error).__name__
                self._begin_due = True
                self._outbox.clear()
                self._work.set()
                await asyncio.sleep(_RETRY_S)

    async def close(self) -> None:
        await _close(self._redis)

    @property
    def state(self) -> Health:
        if self._failure:
            return Health(False, f"Redis: {self._failure}; a take-over now would begin without the latest calls")
        return Health(True)

    async def _write(self) -> bool:
        """False: the lease is another's."""
        while self._begin_due or self._outbox:
            if self._begin_due or self._lines > _LONGEST:
                lines = self._picture.milestones()
                self._begin_due, self._outbox, self._begun = False, [], self._begun + 1
                script, self._lines = self._begin_script, 0
            else:
                lines, self._outbox = self._outbox, []
                script = self._add_script
                self._lines += len(lines)
            parts = [lines[at : at + _ENTRY_LINES] for at in range(0, len(lines), _ENTRY_LINES)]
            entries = [b"".join(map(encode, part)) for part in parts]
            answer = await script(self._keys, [f"{self._epoch} {self._begun}", *entries])
            if answer == b"over":
                return False
            self._begin_due = self._begin_due or answer == b"begin"
        return True


class Follower:
    """The copy as the other daemon has it. `epoch`: under which it was written; 0: nothing was read yet."""

    def __init__(self, url: str, city: str, timeout_s: float) -> None:
        self._redis = connect(url, timeout_s)
        self._keys = _keys(city)
        self._script = self._redis.register_script(_FOLLOW)
        self._begun = ""
        self._last = ""
        self._picture = Picture()
        self.epoch = 0

    async def catch_up(self) -> None:
        """Reads everything there is. RedisError, OSError: what was read so far stays."""
        while await self._read():
            pass

    def milestones(self) -> list[Milestone]:
        return self._picture.milestones()

    async def close(self) -> None:
        await _close(self._redis)

    async def _read(self) -> bool:
        """True: there may be more."""
        found: tuple[bytes, list[Any]] = await self._script(self._keys, [self._begun, self._last, _READ_ENTRIES])
        begun, entries = found[0].decode(), found[1]
        if not begun:
            return False  # a Redis that lost everything: what we have is better than nothing
        if begun != self._begun:
            self._begun, self._last = begun, ""
            self.epoch, self._picture = int(begun.split()[0]), Picture()
        for number, fields in entries:
            for line in fields[1].splitlines(keepends=True):
                try:
                    self._picture.add(decode(line))
                except (ValueError, KeyError) as error:  # the rest is worth more than none
                    log.error("replica_line_unreadable", error=type(error).__name__)
            self._last = number.decode()
        return len(entries) == _READ_ENTRIES


def _keys(city: str) -> list[str]:
    return [f"yihu:{city}:replica", f"yihu:{city}:replica:begun"]


async def _close(redis: Redis) -> None:
    with contextlib.suppress(RedisError, OSError):
        await redis.aclose()
