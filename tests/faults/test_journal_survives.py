"""F21, F8: a writer killed in the middle of batches, a full disk; every acknowledged milestone survives."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cti.calls import Milestone
from cti.settings import PROJECT
from cti.storage.drain import Drainer
from cti.storage.journal import Damage, Journal, read
from cti.storage.sql import SqlStore
from tests.support.milestones import entered

WRITER = """
import asyncio, sys
from pathlib import Path
import structlog
from cti.storage.drain import Drainer
from cti.storage.journal import Journal
from cti.storage.sql import SqlStore
from tests.support.milestones import ended, entered

structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))

async def main(var, run):
    def acknowledged(batch):
        print(*(f"{m.id}/{m.seq}" for m in batch), flush=True)

    journal = Journal(var / "journal", on_durable=acknowledged, segment_bytes=20_000)
    drainer = Drainer(journal, SqlStore.open(f"sqlite:///{var}/yihu.db"))
    tasks = [asyncio.create_task(journal.run()), asyncio.create_task(drainer.run())]
    for call in range(1_000_000):
        for seq in range(1, 6):
            journal.append(entered(seq, f"{run}-{call}"))
            await asyncio.sleep(0)
        journal.append(ended(6, f"{run}-{call}"))
        if call % 20 == 0:
            await asyncio.sleep(0.002)

asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
"""


def _killed_writer(var: Path, run: int, after_s: float) -> list[str]:
    """Starts a daemon's writing half and kills it `after_s` after its first words; what it had acknowledged."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(var), str(run)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=PROJECT,
        text=True,
    )
    assert process.stdout is not None
    try:
        first = process.stdout.readline()
        time.sleep(after_s)  # the moment of death is the point of the test, not a result waited for
    finally:
        process.send_signal(signal.SIGKILL)
    rest = process.stdout.read()
    process.stdout.close()
    process.wait(10)
    whole = (first + rest).rpartition("\n")[0]
    return whole.split()


async def test_every_acknowledged_milestone_survives_sigkill_and_drains_once(tmp_path: Path) -> None:
    """Eight daemons one after the other on one journal, each killed at another moment of its batches."""
    rng = random.Random(12345)
    acknowledged: list[str] = []
    for run in range(8):
        acknowledged += _killed_writer(tmp_path, run, rng.uniform(0.0, 0.25))
    assert len(acknowledged) > 1000
    assert len(set(acknowledged)) == len(acknowledged), "told once"

    damage: list[Damage] = []
    kept = [f"{m.id}/{m.seq}" for m in read(tmp_path / "journal", damage.append)]
    assert all(d.tail for d in damage)
    assert len(set(kept)) == len(kept)

    store = SqlStore.open(f"sqlite:///{tmp_path}/yihu.db")
    await _drain_rest(tmp_path / "journal", store)
    for run in range(8):
        seqs: dict[str, list[int]] = {}
        for name in (name for name in acknowledged if name.startswith(f"{run}-")):
            call, _, seq = name.partition("/")
            seqs.setdefault(call, []).append(int(seq))
        for call, told in seqs.items():
            found = [m.seq for m in store.milestones(call)]
            assert found[: len(told)] == told == list(range(1, len(told) + 1)), call
            if told[-1] == 6:
                record = next(r for r in [store.call(call)] if r)  # type: ignore[arg-type]
                assert (record.missing, len(record.path)) == (0, 5)
    store.close()


async def _drain_rest(folder: Path, store: SqlStore) -> None:
    journal = Journal(folder)
    drainer = Drainer(journal, store)
    tasks = [asyncio.create_task(journal.run()), asyncio.create_task(drainer.run())]
    async with asyncio.timeout(60):
        await drainer.drained()
    await journal.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    if os.geteuid() != 0:
        pytest.skip("a small file system can be mounted by root only")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"this machine does not let a file system be mounted: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


async def test_a_full_disk_loses_nothing_and_nothing_waits_for_it(small_disk: Path) -> None:
    told: list[Milestone] = []
    journal = Journal(small_disk / "journal", on_durable=told.extend)
    writer = asyncio.create_task(journal.run())
    journal.append(entered(1))
    await journal.durable()
    ballast = small_disk / "recordings"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096):
            pass

    slowest = 0.0
    for seq in range(2, 1002):
        begin = time.perf_counter()
        journal.append(entered(seq))
        slowest = max(slowest, time.perf_counter() - begin)
        if seq % 100 == 0:
            await asyncio.sleep(0.01)
    async with asyncio.timeout(10):
        while journal.state.ok:
            await asyncio.sleep(0.01)
    assert "No space left on device; free space on this disk" in journal.state.reason
    assert journal.dropped == 0
    assert len(told) < 1001
    assert slowest < 0.05

    ballast.unlink()
    async with asyncio.timeout(10):
        await journal.durable()
    assert journal.state.ok
    assert [m.seq for m in told] == list(range(1, 1002))
    await journal.close()
    await writer
    damage: list[Damage] = []
    assert list(read(small_disk / "journal", damage.append)) == told
    assert damage == []
