"""From the journal into every store: exactly once, whatever the database does meanwhile, and never in a call's way."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from cti.calls import CallId, Milestone
from cti.metrics.record import fold
from cti.storage.drain import REFUSED_FILE, Drainer
from cti.storage.journal import Journal
from cti.storage.memory import MemoryStore
from cti.storage.segments import Position
from cti.storage.sql import SqlStore
from cti.storage.store import Store, StoreUnavailableError
from tests.support.calls import answered_call, lost_call, milestone
from tests.support.milestones import ended, entered
from tests.support.postgres import Postgres
from tests.support.waiting_async import eventually


@asynccontextmanager
async def draining(folder: Path, store: Store, **options: int) -> AsyncIterator[tuple[Journal, Drainer]]:
    journal = Journal(folder, **options)  # type: ignore[arg-type]
    drainer = Drainer(journal, store)
    tasks = [asyncio.create_task(journal.run()), asyncio.create_task(drainer.run())]
    try:
        yield journal, drainer
    finally:
        await journal.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        drainer.worker.stop()


async def drained(drainer: Drainer) -> None:
    async with asyncio.timeout(30):
        await drainer.drained()


async def test_calls_arrive_in_the_store(store: Store, tmp_path: Path) -> None:
    calls = [answered_call(f"c{n}", 1000.0 + n) for n in range(50)]
    async with draining(tmp_path / "journal", store) as (journal, drainer):
        for lines in zip(*calls, strict=True):
            for line in lines:
                journal.append(line)
        await drained(drainer)
        assert (drainer.lag_bytes, drainer.behind_s) == (0, 0)
        assert drainer.state.ok
        assert drainer.drained_total == sum(map(len, calls))
    assert store.calls(0, 2000) == [fold(call) for call in calls]


async def test_it_goes_on_after_a_restart_where_it_was(store: Store, tmp_path: Path) -> None:
    call = answered_call("c1", 1000.0)
    half = len(call) // 2
    async with draining(tmp_path / "journal", store) as (journal, drainer):
        for line in call[:half]:
            journal.append(line)
        await drained(drainer)
    async with draining(tmp_path / "journal", store) as (journal, drainer):
        for line in call[half:]:
            journal.append(line)
        await drained(drainer)
        assert drainer.drained_total == len(call) - half
    assert store.call(CallId("c1")) == fold(call)


async def test_a_journal_without_its_position_is_drained_again_without_doubling(store: Store, tmp_path: Path) -> None:
    call = answered_call("c1", 1000.0)
    async with draining(tmp_path / "journal", store) as (journal, drainer):
        for line in call:
            journal.append(line)
        await drained(drainer)
    store.drain([], journal.id, Position(0, 0))
    async with draining(tmp_path / "journal", store) as (_, drainer):
        await drained(drainer)
        assert drainer.drained_total == 0
    assert store.milestones("c1") == call


async def test_a_journal_begun_anew_is_not_taken_for_the_old_one(store: Store, tmp_path: Path) -> None:
    for name in ("old", "new"):
        async with draining(tmp_path / name, store) as (journal, drainer):
            journal.append(entered(1, name))
            await drained(drainer)
    assert store.milestones("old")
    assert store.milestones("new")


async def test_drained_files_go_away(store: Store, tmp_path: Path) -> None:
    async with draining(tmp_path / "journal", store, segment_bytes=2000) as (journal, drainer):
        for n in range(40):
            journal.append(entered(1, f"c{n}"))
            journal.append(ended(2, f"c{n}"))
            await journal.durable()
        await drained(drainer)
        files = tmp_path / "journal"
        await eventually(lambda: len(list(files.glob("0*.jsonl"))) <= 2, 10, "files that nobody needs are gone")
    assert len(store.calls(0, 2e9)) == 40


class _Moody(MemoryStore):
    """Fails as often as told, before or after it has taken the batch."""

    def __init__(self, *moods: str) -> None:
        super().__init__()
        self.moods = list(moods)

    def drain(self, batch: Sequence[Milestone], journal: str = "", position: Position | None = None) -> int:
        mood = self.moods.pop(0) if self.moods else "fine"
        if mood == "before":
            raise StoreUnavailableError("down; start it")
        new = super().drain(batch, journal, position)
        if mood == "after":
            raise StoreUnavailableError("the connection broke before the answer")
        return new


async def test_failures_before_and_after_the_commit_are_tried_again(tmp_path: Path) -> None:
    store = _Moody("before", "after", "before")
    async with draining(tmp_path, store) as (journal, drainer):
        with capture_logs() as logs:
            for line in answered_call("c1", 1000.0):
                journal.append(line)
            await drained(drainer)
    assert store.milestones("c1") == answered_call("c1", 1000.0)
    events = [entry["event"] for entry in logs]
    assert events.count("drain_failed") == 3
    assert events[-1] == "drain_recovered"


async def _append_for(journal: Journal, seconds: float, first: int) -> tuple[int, float]:
    """Appends calls and waits for the disk, as the daemon does; the next number and the longest wait in seconds."""
    until, worst, n = time.monotonic() + seconds, 0.0, first
    while time.monotonic() < until:
        begin = time.monotonic()
        for line in lost_call(f"c{n}", 1000.0 + n):
            journal.append(line)
        await journal.durable()
        worst = max(worst, time.monotonic() - begin)
        n += 1
        await asyncio.sleep(0.02)
    return n, worst


async def test_a_locked_sqlite_delays_records_and_nothing_else(tmp_path: Path) -> None:
    """F7: another program holds the database for 3 s."""
    store = SqlStore.open(f"sqlite:///{tmp_path}/yihu.db")
    async with draining(tmp_path / "journal", store) as (journal, drainer):
        await drained(drainer)
        other = sqlite3.connect(tmp_path / "yihu.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        n, worst = await _append_for(journal, 3.0, 0)
        assert drainer.lag_bytes > 0
        assert drainer.behind_s > 2
        other.execute("ROLLBACK")
        other.close()
        await drained(drainer)
    assert worst < 0.5, "the call path waited for the database"
    assert len(store.calls(0, 1e9)) == n
    store.close()


async def test_a_sqlite_locked_for_longer_than_its_patience_is_named_and_tried_again(tmp_path: Path) -> None:
    store = SqlStore.open(f"sqlite:///{tmp_path}/yihu.db")
    async with draining(tmp_path / "journal", store) as (journal, drainer):
        await drained(drainer)
        other = sqlite3.connect(tmp_path / "yihu.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        journal.append(entered(1))
        async with asyncio.timeout(20):
            while drainer.state.ok:
                await asyncio.sleep(0.05)
        assert "database is locked; another program holds it" in drainer.state.reason
        other.execute("ROLLBACK")
        other.close()
        await drained(drainer)
        assert drainer.state.ok
    assert store.milestones("c1") == [entered(1)]
    store.close()


async def test_a_postgresql_that_hangs_delays_records_and_nothing_else(tmp_path: Path, postgres: Postgres) -> None:
    """F7: SIGSTOP for 3 s."""
    store = SqlStore.open(postgres.new_database())
    async with draining(tmp_path / "journal", store) as (journal, drainer):
        await drained(drainer)
        postgres.suspend()
        try:
            n, worst = await _append_for(journal, 3.0, 0)
            assert drainer.lag_bytes > 0
        finally:
            postgres.go_on()
        await drained(drainer)
        assert drainer.state.ok
    assert worst < 0.5, "the call path waited for the database"
    assert len(store.calls(0, 1e9)) == n
    store.close()


async def test_a_killed_postgresql_has_everything_once_it_is_back(tmp_path: Path, postgres: Postgres) -> None:
    store = SqlStore.open(postgres.new_database())
    async with draining(tmp_path / "journal", store) as (journal, drainer):
        n, _ = await _append_for(journal, 0.3, 0)
        postgres.kill()
        n, worst = await _append_for(journal, 0.7, n)
        assert not drainer.state.ok
        assert "is PostgreSQL running there" in drainer.state.reason
        await asyncio.to_thread(postgres.start_again)
        await drained(drainer)
    assert worst < 0.5
    records = store.calls(0, 1e9)
    assert [record.call_id for record in records] == [f"c{i}" for i in range(n)]
    assert all(record.missing == 0 for record in records)
    store.close()


async def test_a_database_that_is_down_at_the_start_does_not_keep_the_daemon_from_starting(
    tmp_path: Path, postgres: Postgres
) -> None:
    url = postgres.new_database()
    postgres.kill()
    try:
        store = SqlStore(url)
        async with draining(tmp_path / "journal", store) as (journal, drainer):
            journal.append(entered(1))
            async with asyncio.timeout(10):
                while drainer.state.ok:
                    await asyncio.sleep(0.02)
            await asyncio.to_thread(postgres.start_again)
            await drained(drainer)
        assert store.milestones("c1") == [entered(1)]
        store.close()
    finally:
        if postgres.process.poll() is not None:
            postgres.start_again()


async def test_a_line_that_the_database_refuses_is_kept_aside_and_holds_up_nothing(
    tmp_path: Path, postgres: Postgres
) -> None:
    store = SqlStore.open(postgres.new_database())
    refused = milestone("c\0", 1, "entered", 1.0)
    with capture_logs() as logs:
        async with draining(tmp_path / "journal", store) as (journal, drainer):
            for line in (entered(1), refused, ended(2)):
                journal.append(line)
            await drained(drainer)
            assert drainer.refused == 1
            assert REFUSED_FILE in drainer.state.reason
    assert [entry["seq"] for entry in logs if entry["event"] == "drain_refused"] == [1]
    assert b'"c\\u0000"' in (tmp_path / "journal" / REFUSED_FILE).read_bytes()
    assert store.milestones("c1") == [entered(1), ended(2)]
    assert store.call(CallId("c1")) is not None
    store.close()


@pytest.mark.parametrize("lost", [10, 100_000])
async def test_a_journal_shorter_than_what_was_drained_is_read_again(tmp_path: Path, lost: int) -> None:
    """A disk that lied about fsync, after a power cut."""
    store = MemoryStore()
    async with draining(tmp_path, store) as (journal, drainer):
        journal.append(entered(1))
        await drained(drainer)
        end = drainer._position
    assert end is not None
    store.drain([], journal.id, Position(end.segment, end.offset + lost))
    async with draining(tmp_path, store) as (journal, drainer):
        journal.append(entered(2))
        await drained(drainer)
    assert store.milestones("c1") == [entered(1), entered(2)]
