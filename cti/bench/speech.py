"""What speech costs on this machine, and how well it understands: real workers, spoken requests with their texts.

One worker on one core, as it runs beside calls (niced). Its processor time is that of the process, so what else runs
on the machine does not count; delays are by the clock, so it does.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
import time
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cti.bench.hearing import Accuracy, accuracy, word_delays_s
from cti.bench.own_worker import own_worker, transcribe
from cti.bench.request_set import spoken
from cti.bench.timing import figures
from cti.demo import audio
from cti.settings import Settings
from cti.speech.models import choose
from cti.speech.pool import Pool
from cti.speech.worker_command import worker_cpus
from cti.tickets.form import load_form
from cti.transcriber import Ended, Heard, Session
from recordings.transcript import Transcript

TRAINED_ON = {"zf_xiaobei", "zf_xiaoxiao", "zf_xiaoyi", "zm_yunxi", "zm_yunxia", "zm_yunyang"}
"""Voices that the demo model has heard in its training (cti/speech/demo_model/README.md)."""
LATE_S = 0.7
"""Words that are on the desk later than this, at p95, are too late."""
LEVELS = (1, 2, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 64)
_PACKET_S = 0.02


@dataclass(frozen=True, slots=True)
class Caller:
    text: str
    known_voice: bool
    """The model was trained with this voice."""
    pcm: bytes
    """8 kHz, 16 bits."""

    @property
    def seconds(self) -> float:
        return len(self.pcm) / 16000


def callers() -> list[Caller]:
    """The shipped spoken requests (cti/bench/requests)."""
    return [
        Caller(one.text, one.voice in TRAINED_ON, audio.decode(one.sound.read_bytes())) for one in spoken(load_form())
    ]


async def measure(settings: Settings, callers: Sequence[Caller], seconds: float) -> dict[str, Any]:
    """`seconds`: of each number of streams. BenchError."""
    chosen = choose(settings.speech.model, settings.models_dir)
    load_before = os.getloadavg()[0]
    async with own_worker(chosen, settings.log_dir / "speech.log") as pool:
        ready = pool.usable[0].ready
        accuracies = await _accuracies(pool, callers)
    levels = []
    for streams in LEVELS:
        async with own_worker(chosen, settings.log_dir / "speech.log") as pool:
            levels.append(await _level(pool, callers, streams, seconds))
        if not levels[-1]["in_time"]:
            break
    in_time = [level["streams"] for level in levels if level["in_time"]]
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": {
            "cores": os.cpu_count(),
            "cores_of_workers": len(worker_cpus()),
            "processor": _processor(),
            "load_before": round(load_before, 2),
            "load_after": round(os.getloadavg()[0], 2),
        },
        "model": chosen.name,
        "demo_model": chosen.demo,
        "worker_mb": ready.rss_mb,
        **accuracies,
        "streams_per_core": max(in_time, default=0),
        "late_ms": LATE_S * 1000,
        "levels": levels,
    }


async def _accuracies(pool: Pool, callers: Sequence[Caller]) -> dict[str, Any]:
    """Understood as recordings, as they are and after A-law; what that took of the processor."""
    pid = pool.usable[0].pid
    found: dict[str, Any] = {}
    spent_s = 0.0
    for name, of in (("plain", lambda pcm: pcm), ("alaw", _through_alaw)):
        before_s = _cpu_s(pid)
        understood = [_text(await transcribe(pool, of(caller.pcm))) for caller in callers]
        spent_s += _cpu_s(pid) - before_s
        known = [caller.known_voice for caller in callers]
        pairs = [(caller.text, text) for caller, text in zip(callers, understood, strict=True)]
        found[name] = {
            "all": accuracy(pairs).as_json(),
            "voices_not_trained_on": _only(pairs, [not one for one in known]).as_json(),
            "voices_trained_on": _only(pairs, known).as_json(),
        }
    # Telephone samples may have been through A-law before; then once more changes nothing.
    found["unchanged_by_alaw"] = sum(_through_alaw(caller.pcm) == caller.pcm for caller in callers)
    heard_s = 2 * sum(caller.seconds for caller in callers)
    return {"accuracy": found, "audio_s": round(heard_s, 1), "real_time_factor": round(spent_s / heard_s, 4)}


def _only(pairs: Sequence[tuple[str, str]], chosen: Sequence[bool]) -> Accuracy:
    return accuracy(itertools.compress(pairs, chosen))


def _text(transcript: Transcript) -> str:
    return "".join(said.text for said in transcript.utterances)


async def _level(pool: Pool, callers: Sequence[Caller], streams: int, seconds: float) -> dict[str, Any]:
    """So many talk at once, without a pause, as a telephone sends it."""
    worker = pool.usable[0]
    before_mb = _rss_mb(worker.pid)
    sessions = [pool.open("talk") for _ in range(streams)]
    # Each begins with another request, and at another moment of a packet's time.
    sounds = [_endless(callers, n) for n in range(streams)]
    hearing = [asyncio.create_task(_events(session)) for session in sessions]
    cpu_s, began = _cpu_s(worker.pid), time.monotonic()
    begins = [0.0] * streams
    for tick in range(int(seconds / _PACKET_S)):
        for n, session in enumerate(sessions):
            begins[n] = begins[n] or time.monotonic()
            session.hear(next(sounds[n]))
        await asyncio.sleep(max(0.0, began + (tick + 1) * _PACKET_S - time.monotonic()))
    spent_s, took_s, mb = _cpu_s(worker.pid) - cpu_s, time.monotonic() - began, _rss_mb(worker.pid)
    for session in sessions:
        session.finish()
    heard = await asyncio.gather(*hearing)
    delays = [delay for events, at in zip(heard, begins, strict=True) for delay in word_delays_s(events, at)]
    lost = sum(events[-1][1] != Ended("finished") for events in heard)
    milliseconds = figures([1000 * delay for delay in delays])
    p95 = milliseconds["p95"]
    return {
        "streams": streams,
        "in_time": lost == 0 and p95 is not None and p95 <= LATE_S * 1000,
        "lost": lost,
        "word_shown_after_ms": milliseconds,
        "cpu_cores": round(spent_s / took_s, 3),
        "mb_per_stream": round((mb - before_mb) / streams, 2),
    }


async def _events(session: Session) -> list[tuple[float, Heard]]:
    return [(time.monotonic(), event) async for event in session]


def _endless(callers: Sequence[Caller], first: int) -> Iterator[bytes]:
    """One request after the other, in packets."""
    size = int(8000 * _PACKET_S) * 2
    for caller in itertools.cycle([*callers[first % len(callers) :], *callers[: first % len(callers)]]):
        for at in range(0, len(caller.pcm) - size + 1, size):
            yield caller.pcm[at : at + size]


def _through_alaw(pcm: bytes) -> bytes:
    samples = array("h", pcm)
    if sys.byteorder == "big":
        samples.byteswap()
    return audio.decode(audio.encode(list(samples)))


def _cpu_s(pid: int) -> float:
    """Of all threads of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
