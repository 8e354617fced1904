"""Recordings to be transcribed by speech workers on other machines: a Redis stream with one consumer group.

Keys: `yihu:{city}:speech:jobs` (the stream, group `workers`), `yihu:{city}:speech:workers` (when each was last there),
`yihu:{city}:speech:job:{id}` (a hash: the sound itself, how far it is, and in the end the result; it expires). Nothing
here is the only copy of anything: who hands a recording over has it, and what is lost with Redis is handed over again.

Live sound never goes this way (decision 018).
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import structlog
from redis.exceptions import RedisError, ResponseError

from cti.storage.redis_client import connect

log = structlog.get_logger()

GROUP = "workers"
MOST_BYTES = 128 << 20
"""Of a recording: an hour of two sides."""
_KEEP_S = 3600
_RESULT_KEEP_S = 600
_TRIES = 3
"""Workers that may be lost over one recording."""
_TIMEOUT_S = 5.0
_PAUSE_S = 1.0
_POLL_S = 0.1
_LOOK_EVERY = 20
"""Polls from one look whether anybody works to the next."""

Do = Callable[[bytes, Callable[[float], object]], Awaitable[bytes]]
"""Sound, progress -> result. `RecordingRefused` when no worker could do it."""


class JobsAway(Exception):
    """Redis is away, or has lost the job, or nobody does it: it is to be done in another way."""


class RecordingRefused(Exception):
    """No worker can do it; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class SpeechJobs:
    """Both ends: `hand_over` on the machine that has the recording, `work` on one that has speech workers."""

    def __init__(self, url: str, city: str, *, beat_s: float = 2.0, silent_s: float = 10.0) -> None:
        """A worker says every `beat_s` that it is at it; what is silent for `silent_s` is somebody else's then."""
        # Its own types cannot tell a pipeline from a client, nor bytes from text.
        self._redis: Any = connect(url, _TIMEOUT_S)
        self._stream = f"yihu:{city}:speech:jobs"
        self._workers = f"yihu:{city}:speech:workers"
        self._job = f"yihu:{city}:speech:job:"
        self._beat_s, self._beat_ms, self._silent_ms = beat_s, int(beat_s * 1000), int(silent_s * 1000)

    async def others(self) -> int:
        """Consumers that were there within the last `silent_s`; 0 too while Redis is away."""
        try:
            return int(await self._redis.zcount(self._workers, await self._now_ms() - self._silent_ms, "+inf"))
        except (RedisError, OSError):
            return 0

    async def hand_over(self, sound: bytes, progress: Callable[[float], object]) -> bytes:
        """The result of whoever does it. JobsAway, RecordingRefused; when cancelled the job is taken back."""
        if len(sound) > MOST_BYTES:
            raise JobsAway("too long to be sent")
        job = secrets.token_hex(8)
        key, entry = f"{self._job}{job}", b""
        try:
            await self._group()
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.hset(key, mapping={"sound": sound, "part": 0})
                pipe.expire(key, _KEEP_S)
                pipe.xadd(self._stream, {"job": job})
                entry = (await pipe.execute())[2]
            return await self._result(key, progress)
        except (RedisError, OSError) as error:
            raise JobsAway(str(error) or type(error).__name__) from None
        finally:
            with contextlib.suppress(RedisError, OSError):
                await self._redis.delete(key)
                if entry:
                    await self._redis.xdel(self._stream, entry)

    async def work(self, name: str, do: Do) -> None:
        """Does one job after the other as consumer `name`, until cancelled. Waits while Redis is away."""
        failure = ""
        while True:
            try:
                await self._group()
                async for entry, job in self._jobs(name):
                    failure = ""
                    await self._one(name, entry, job, do)
            except (RedisError, OSError) as error:
                if not failure:
                    log.warning("speech_jobs_away", error=str(error) or type(error).__name__)
                failure = str(error) or type(error).__name__
                await asyncio.sleep(_PAUSE_S)

    async def close(self) -> None:
        with contextlib.suppress(RedisError, OSError):
            await self._redis.aclose()

    async def _here(self, name: str) -> None:
        """Redis 7.0 forgets when a consumer was last there as long as it has given him nothing; so this is noted."""
        now_ms = await self._now_ms()
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.zadd(self._workers, {name: now_ms})
            pipe.zremrangebyscore(self._workers, "-inf", now_ms - self._silent_ms)
            await pipe.execute()

    async def _now_ms(self) -> int:
        """Of the one clock that all machines have in common."""
        seconds, micros = await self._redis.time()
        return int(seconds) * 1000 + int(micros) // 1000

    async def _group(self) -> None:
        try:
            await self._redis.xgroup_create(self._stream, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def _result(self, key: str, progress: Callable[[float], object]) -> bytes:
        poll = 0
        while True:
            poll += 1
            part, result, refused = await self._redis.hmget(key, ["part", "result", "refused"])
            if result is not None:
                return bytes(result)
            if refused is not None:
                raise RecordingRefused(refused.decode())
            if part is None:
                raise JobsAway("Redis has lost it")
            progress(float(part))
            if poll % _LOOK_EVERY == 0 and not await self.others():
                raise JobsAway("nobody is there any more")
            await asyncio.sleep(_POLL_S)

    async def _jobs(self, name: str) -> AsyncIterator[tuple[bytes, str]]:
        """Entries with their jobs: those of consumers that fell silent first, then new ones."""
        while True:
            await self._here(name)
            claimed = await self._redis.xautoclaim(self._stream, GROUP, name, self._silent_ms, count=1)
            entries = claimed[1]
            if not entries:
                read = await self._redis.xreadgroup(GROUP, name, {self._stream: ">"}, count=1, block=self._beat_ms)
                entries = _entries(read)
            for entry, fields in entries:
                yield entry, fields[b"job"].decode()

    async def _one(self, name: str, entry: bytes, job: str, do: Do) -> None:
        key = f"{self._job}{job}"
        sound = await self._redis.hget(key, "sound")
        if sound is None:  # taken back, or too old
            await self._redis.xack(self._stream, GROUP, entry)
            return
        pending = await self._redis.xpending_range(self._stream, GROUP, entry, entry, 1)
        if pending and pending[0]["times_delivered"] > _TRIES:
            await self._settle(key, entry, "refused", b"workers_lost")
            return
        parts = [0.0]
        done = asyncio.ensure_future(do(sound, parts.append))
        try:
            while not done.done():
                await asyncio.wait([done], timeout=self._beat_s)
                if not await self._still_wanted(name, key, entry, parts[-1]):
                    return
            await self._settle(key, entry, "result", done.result())
        except RecordingRefused as refused:
            await self._settle(key, entry, "refused", refused.code.encode())
        finally:
            if not done.done():
                done.cancel()
            await asyncio.gather(done, return_exceptions=True)

    async def _still_wanted(self, name: str, key: str, entry: bytes, part: float) -> bool:
        """Says how far it is, and that we are at it."""
        if not await self._redis.exists(key):
            await self._redis.xack(self._stream, GROUP, entry)
            return False
        await self._here(name)
        await self._redis.hset(key, "part", str(part))
        await self._redis.xclaim(self._stream, GROUP, name, 0, [entry], justid=True)
        return True

    async def _settle(self, key: str, entry: bytes, field: str, value: bytes) -> None:
        """What stands there first stays: two may have done it, of whom one was only slow."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hsetnx(key, field, value)
            pipe.hdel(key, "sound")
            pipe.expire(key, _RESULT_KEEP_S)
            pipe.xack(self._stream, GROUP, entry)
            await pipe.execute()


def _entries(read: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """Of one stream, whichever shape the protocol gives the answer."""
    if not read:
        return []
    of_stream = next(iter(read.values())) if isinstance(read, dict) else read[0][1]
    flat = of_stream[0] if of_stream and isinstance(of_stream[0], list) else of_stream
    return list(flat)
