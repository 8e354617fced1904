"""Everything about speech in a running daemon, as one part of it: which model, its workers, and who is listened to.

Whoever has sound asks `transcriber`. It is there from the beginning and never fails; until a model is up, and where
there is none, sessions end at once and say why.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import orjson
import structlog

from cti.settings import Settings
from cti.speech.models import OFF, Chosen, choose
from cti.speech.pool import Pool, PoolRules
from cti.speech.silent import Silent
from cti.speech.worker_command import default_workers, worker_argv
from cti.storage.speech_jobs import JobsAway, RecordingRefused, SpeechJobs
from cti.transcriber import Purpose, Session, Transcriber, TranscriptionFailed
from recordings.transcript import Transcript, as_dict, from_dict

log = structlog.get_logger()


class SpeechHouse:
    """A `Transcriber`; `run` it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.chosen = Chosen("", None, "it is being started")
        self.pool: Pool | None = None
        """None: no model."""
        self._jobs = SpeechJobs(settings.redis_url, settings.city.code)
        self._live: Transcriber = Silent()

    @property
    def state(self) -> dict[str, Any]:
        """For health and wallboard."""
        pool = self.pool
        return {
            "ok": self.chosen.name == OFF or bool(pool and pool.usable),
            "model": self.chosen.name,
            "demo": self.chosen.demo,
            "text": self.chosen.text,
            "workers": len(pool.usable) if pool else 0,
            "streams": pool.streams if pool else 0,
            "live": len(pool.live) if pool else 0,
        }

    def word(self, *, heard: bool) -> Literal["ok", "demo", "lost", "none"]:
        """For agents (cti.desk_view.SpeechWord). `heard`: the sound of calls can come."""
        if self.pool is None:
            return "none"
        if not self.pool.usable or not heard:
            return "lost"
        return "demo" if self.chosen.demo else "ok"

    async def run(self) -> None:
        """Until cancelled."""
        try:
            self.chosen = await asyncio.to_thread(choose, self._settings.speech.model, self._settings.models_dir)
            folder = self.chosen.folder
            if folder is None:
                say = log.info if self.chosen.name == OFF else log.warning
                say("speech_off", model=self.chosen.name, reason=self.chosen.why)
                await asyncio.Event().wait()  # recordings may still be transcribed elsewhere
                return
            log.info("speech_model", model=self.chosen.name, demo=self.chosen.demo, about=self.chosen.text)
            self._live = self.pool = make_pool(self._settings, folder, self.chosen.name)
            await self.pool.run()
        except Exception:  # calls go on without speech, whatever is wrong with it
            log.exception("speech_failed")
            self.pool, self._live = None, Silent()
            self.chosen = replace(self.chosen, folder=None, why="a fault of ours, see speech_failed in the log")
        finally:
            await self._jobs.close()

    # Transcriber

    def hears(self, language: str) -> bool:
        return self._live.hears(language)

    def open(
        self,
        purpose: Purpose,
        *,
        expected_ticket_s: float = 0.0,
        phrases: Sequence[str] | None = None,
        rate_hz: int = 8000,
    ) -> Session:
        return self._live.open(purpose, expected_ticket_s=expected_ticket_s, phrases=phrases, rate_hz=rate_hz)

    async def transcribe(self, recording: Path, progress: Callable[[float], object] | None = None) -> Transcript:
        """Here when there is room; otherwise on another machine that takes part, if there is one."""
        if (self.pool is None or not self.pool.has_room_for_recording) and await self._jobs.others():
            try:
                sound = await asyncio.to_thread(recording.read_bytes)
                return from_dict(orjson.loads(await self._jobs.hand_over(sound, progress or _nobody)))
            except RecordingRefused as refused:
                raise TranscriptionFailed(refused.code, "the workers on other machines could not do it") from None
            except (JobsAway, OSError, ValueError, KeyError, TypeError) as fault:
                log.warning("speech_job_came_back", reason=type(fault).__name__)
        return await self._live.transcribe(recording, progress)


def make_pool(settings: Settings, model: Path, name: str) -> Pool:
    """The speech workers of this machine."""
    speech = settings.speech
    rules = PoolRules(speech.workers or default_workers(), speech.streams, speech.growth_mb, speech.languages)
    return Pool(worker_argv(model), name, settings.log_dir / "speech.log", time.monotonic, rules)


async def work_for_city(settings: Settings, chosen: Chosen, name: str) -> None:
    """On a machine of its own: takes the recordings that the city's daemon hands over, until cancelled."""
    assert chosen.folder is not None
    pool = make_pool(settings, chosen.folder, chosen.name)
    jobs = SpeechJobs(settings.redis_url, settings.city.code)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(pool.run())
            for n in range(settings.speech.workers or default_workers()):
                group.create_task(jobs.work(f"{name}-{n}", lambda sound, progress: _do(pool, sound, progress)))
    finally:
        await jobs.close()


async def _do(pool: Pool, sound: bytes, progress: Callable[[float], object]) -> bytes:
    """The sound reaches the worker in memory: nothing of it is ever on this machine's disk."""
    descriptor = os.memfd_create("recording")
    try:
        await asyncio.to_thread(_write_all, descriptor, sound)
        transcript = await pool.transcribe(Path(f"/proc/{os.getpid()}/fd/{descriptor}"), progress)
    except TranscriptionFailed as failed:
        raise RecordingRefused(failed.code) from None
    finally:
        os.close(descriptor)
    return orjson.dumps(as_dict(transcript))


def _write_all(descriptor: int, sound: bytes) -> None:
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(sound)


def _nobody(part: float) -> None:
    pass
