"""A speech worker of a measurement's own, on the core and with the priority that it has beside calls."""

from __future__ import annotations

import asyncio
import tempfile
import time
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cti.bench.errors import BenchError
from cti.speech.models import Chosen
from cti.speech.pool import Pool, PoolRules
from cti.speech.worker_command import worker_argv
from recordings.transcript import Transcript

_READY_S = 180.0


@asynccontextmanager
async def own_worker(chosen: Chosen, log: Path) -> AsyncIterator[Pool]:
    """A pool of one, and no limit to its streams. BenchError: there is no model, or it does not get ready."""
    if chosen.folder is None:
        raise BenchError(chosen.text)
    rules = PoolRules(1, 10_000, 1e6, ("zh-CN",))
    pool = Pool(worker_argv(chosen.folder), chosen.name, log, time.monotonic, rules)
    running = asyncio.create_task(pool.run())
    try:
        deadline = time.monotonic() + _READY_S
        while not pool.usable:
            if time.monotonic() > deadline:
                raise BenchError(f"the worker does not get ready: see {log}")
            await asyncio.sleep(0.05)
        yield pool
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def transcribe(pool: Pool, pcm: bytes) -> Transcript:
    """`pcm`: 8 kHz, 16 bits, one channel."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        with wave.open(file.name, "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(8000)
            sound.writeframes(pcm)
        return await pool.transcribe(Path(file.name))
