"""The audit trail over memory, SQLite and PostgreSQL; and every way to change it behind its back."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from cti.accounts.trail import Deed, Entry, deed, verify
from cti.audit import Audit
from cti.cli import main
from cti.storage import audit as audits
from cti.storage import tables
from cti.storage.audit import MemoryTrail, SqlTrail
from cti.storage.sql import SqlStore
from cti.storage.store import StoreUnavailableError
from cti.storage.worker import Worker

NOON = 1_763_700_000.0


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def trail(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MemoryTrail | SqlTrail]:
    if request.param == "memory":
        yield MemoryTrail()
        return
    url = f"sqlite:///{tmp_path}/yihu.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").new_database()
    store = SqlStore.open(url)
    yield SqlTrail(store)
    store.close()


def deeds(count: int) -> list[Deed]:
    return [deed(NOON + n / 7, f"u{n % 3}", ("logged_in", "refused")[n % 2], f"某{n}", {"n": n}) for n in range(count)]


def test_entries_are_read_back_as_they_were_written_and_found_by_who_and_what(trail: MemoryTrail | SqlTrail) -> None:
    trail.append(deeds(5))
    last = trail.append(deeds(3))

    whole = list(trail.whole())
    assert [entry.deed for entry in whole] == [*deeds(5), *deeds(3)]
    assert whole[-1] == last
    assert verify(whole).faults == ()
    assert [entry.n for entry in trail.newest(None, 3)] == [8, 7, 6]
    assert [entry.n for entry in trail.newest(6, 100)] == [5, 4, 3, 2, 1]
    assert [entry.n for entry in trail.newest(None, 100, who="u1")] == [7, 5, 2]
    assert {entry.deed.what for entry in trail.newest(None, 100, what="refused")} == {"refused"}


def test_a_long_trail_is_read_a_page_at_a_time(trail: MemoryTrail | SqlTrail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audits, "_PAGE", 7)
    trail.append(deeds(21))
    assert [entry.n for entry in trail.whole()] == list(range(1, 22))


def test_two_daemons_that_write_in_turn_make_one_trail(sql_url: str) -> None:
    one, other = SqlStore.open(sql_url), SqlStore.open(sql_url)
    for n in range(6):
        SqlTrail((one, other)[n % 2]).append(deeds(2))
    assert verify(SqlTrail(one).whole()).faults == ()
    assert len(list(SqlTrail(other).whole())) == 12
    one.close()
    other.close()


Tampering = Callable[[sa.Connection], object]
A = tables.audit.c


def _set(entry: int, **values: object) -> Tampering:
    return lambda connection: connection.execute(sa.update(tables.audit).where(A.n == entry).values(**values))


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (_set(3, who="u9"), "changed: 3"),
        (_set(3, what="logged_on"), "changed: 3"),
        (_set(3, on="某1"), "changed: 3"),
        (_set(3, data='{"n":3}'), "changed: 3"),
        (_set(3, at=NOON), "changed: 3"),
        (_set(3, hash="0" * 64), "changed: 3"),
        (_set(5, n=9), "missing: 5"),
        (lambda connection: connection.execute(sa.delete(tables.audit).where(A.n == 1)), "missing: 1"),
        (lambda connection: connection.execute(sa.delete(tables.audit).where(A.n.in_([2, 3]))), "missing: 2 to 3"),
        (lambda connection: connection.execute(sa.delete(tables.audit).where(A.n == 5)), "cut off: 5"),
    ],
)
def test_whatever_is_changed_afterwards_is_found(tmp_path: Path, tamper: Tampering, said: str) -> None:
    settings = tmp_path / "yihu.toml"
    settings.write_text('var = "."\n', encoding="utf-8")
    store = SqlStore.open(f"sqlite:///{tmp_path}/yihu.db")
    SqlTrail(store).append(deeds(5))

    before = CliRunner().invoke(main, ["--settings", str(settings), "audit", "verify"])
    assert before.exit_code == 0
    seen = re.search(r"the last is (5 [0-9a-f]{64})", before.output)
    assert seen is not None
    with store.transaction() as connection:
        tamper(connection)
    store.close()

    after = CliRunner().invoke(main, ["--settings", str(settings), "audit", "verify", "--known", seen[1]])
    assert after.exit_code == 1
    assert said in after.output
    assert "NOT whole" in after.output


class Away:
    """A store that does not answer for the first `times`."""

    def __init__(self, times: int) -> None:
        self.memory, self.times = MemoryTrail(), times

    def append(self, some: list[Deed]) -> Entry:
        self.times -= 1
        if self.times >= 0:
            raise StoreUnavailableError("away")
        return self.memory.append(some)

    def newest(self, before: int | None, limit: int, who: str = "", what: str = "") -> list[Entry]:
        raise StoreUnavailableError("away")


async def test_what_is_done_while_the_database_is_away_is_written_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cti.audit._RETRY_S", 0.01)
    monkeypatch.setattr("cti.audit.MOST_WAITING", 3)
    store, worker, now = Away(times=2), Worker("audit"), NOON
    audit = Audit(store, worker.run, lambda: now)
    for n in range(5):
        audit.note("li", "number_viewed", f"n1-1.{n}")
    for _ in range(3):
        audit.note_refusal("li", "GET /api/calls", "not_allowed")
    with pytest.raises(TimeoutError):
        await audit.read(None, 10)

    writing = asyncio.create_task(audit.run())
    async with asyncio.timeout(5.0):
        await audit.written()
    writing.cancel()
    worker.stop()

    written = [(entry.deed.what, entry.deed.on) for entry in store.memory.whole()]
    assert written[0] == ("lost", "")
    assert written[1:] == [("number_viewed", "n1-1.3"), ("number_viewed", "n1-1.4"), ("refused", "GET /api/calls")]
    assert verify(store.memory.whole()).faults == ()


def test_nothing_that_somebody_sends_can_keep_an_entry_from_being_written(trail: MemoryTrail | SqlTrail) -> None:
    trail.append([deed(NOON, "li", "unlocked", "a\x00b\n" + "x" * 999, {"seat": "\x00"})])
    assert verify(trail.whole()).faults == ()
