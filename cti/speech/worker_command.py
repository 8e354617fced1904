"""The command line of a speech worker, and where it may run."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from cti.speech.prompt_files import SOUNDS
from cti.speech.worker_process import Ready, SpeechWorker

WARM_RECORDING = SOUNDS / "zh-CN" / "greeting.wav"
"""Our own greeting, a sentence of Mandarin: a model is warmed, and its speed measured, by understanding it."""
_MOST_WORKERS = 4
"""Without a setting: each loads the model for itself, and a large one takes gigabytes."""


def worker_cpus() -> list[int]:
    """All cores but the first, which is left to calls; the only one, if there is no other."""
    cores = sorted(os.sched_getaffinity(0))
    return cores[1:] or cores


def default_workers() -> int:
    return min(_MOST_WORKERS, len(worker_cpus()))


def worker_argv(model: Path) -> list[str]:
    cpus = ",".join(map(str, worker_cpus()))
    return [sys.executable, "-m", "cti.speech.worker", str(model), str(WARM_RECORDING), cpus]


async def try_worker(model: Path, log: Path) -> Ready:
    """Starts one, and ends it. WorkerFailed."""
    worker = SpeechWorker(worker_argv(model), log, time.monotonic, growth_mb=0.0)
    await worker.start()
    await worker.end()
    return worker.ready
