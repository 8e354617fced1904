"""The journal keeps every acknowledged milestone in order, whatever happens to its files and its disk."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.calls import AgentFact, CityFact, Milestone, Value
from cti.storage.journal import Damage, Journal, JournalError, Position, read
from cti.storage.segments import decode, encode
from tests.support.milestones import ended, entered


@asynccontextmanager
async def running(folder: Path, **options: object) -> AsyncIterator[tuple[Journal, list[Milestone]]]:
    """A journal at work and what it has acknowledged."""
    told: list[Milestone] = []
    journal = Journal(folder, on_durable=told.extend, **options)  # type: ignore[arg-type]
    writer = asyncio.create_task(journal.run())
    try:
        yield journal, told
    finally:
        await journal.close()
        await writer


async def test_everything_appended_is_told_and_read_back_in_order(tmp_path: Path) -> None:
    milestones = [entered(seq) for seq in range(1, 3001)]
    async with running(tmp_path) as (journal, told):
        for milestone in milestones:
            journal.append(milestone)
        assert told == []
        assert list(read(tmp_path)) == []
        await journal.durable()
        assert told == milestones
        assert journal.lag_ms == 0
        assert journal.state.ok
    assert list(read(tmp_path)) == milestones


async def test_close_writes_what_is_left(tmp_path: Path) -> None:
    async with running(tmp_path) as (journal, told):
        journal.append(entered(1))
    assert told == list(read(tmp_path)) == [entered(1)]


async def test_close_writes_what_is_left_though_the_writer_was_cancelled(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    writer = asyncio.create_task(journal.run())
    for seq in range(1, 101):
        journal.append(entered(seq))
        if seq == 50:
            await asyncio.sleep(0.02)
    writer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writer
    await journal.close()
    lines = b"".join(p.read_bytes() for p in tmp_path.glob("*.jsonl")).splitlines(keepends=True)
    assert [decode(line).seq for line in lines] == list(range(1, 101))


async def test_it_goes_on_in_the_same_file_after_a_restart(tmp_path: Path) -> None:
    for seq in (1, 2, 3):
        async with running(tmp_path) as (journal, _):
            journal.append(entered(seq))
    assert [m.seq for m in read(tmp_path)] == [1, 2, 3]
    assert len(list(tmp_path.glob("*.jsonl"))) == 1


@given(
    st.dictionaries(
        st.text(),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    )
)
def test_no_data_can_make_a_line_fail_or_break(data: dict[str, Value]) -> None:
    try:
        key_text = "".join(data).encode()
    except UnicodeEncodeError:
        return
    line = encode(Milestone("call", "c1", 1, 1.5, "entered", data))
    assert line.count(b"\n") == 1
    again = decode(line)
    assert set(again.data) == set(data), key_text
    assert encode(again) == line


@pytest.mark.parametrize("cut", range(1, 40))
async def test_a_torn_tail_is_cut_off_and_counted(tmp_path: Path, cut: int) -> None:
    async with running(tmp_path) as (journal, _):
        journal.append(entered(1))
        journal.append(entered(2))
    file = next(tmp_path.glob("*.jsonl"))
    os.truncate(file, file.stat().st_size - cut)
    torn = file.stat().st_size - len(encode(entered(1)))

    damage: list[Damage] = []
    assert list(read(tmp_path, damage.append)) == [entered(1)]
    assert [(d.tail, d.size) for d in damage] == [(True, torn)]

    async with running(tmp_path) as (journal, _):
        assert journal.torn_bytes == torn
        assert journal.state.ok
        journal.append(entered(3))
    assert list(read(tmp_path, damage.append)) == [entered(1), entered(3)]
    assert len(damage) == 1


async def test_damage_in_the_middle_names_file_and_line_and_costs_that_line_alone(tmp_path: Path) -> None:
    async with running(tmp_path) as (journal, _):
        for seq in range(1, 6):
            journal.append(entered(seq))
    file = next(tmp_path.glob("*.jsonl"))
    content = bytearray(file.read_bytes())
    content[content.index(b'"n3"') + 1] ^= 1
    file.write_bytes(content)

    damage: list[Damage] = []
    assert [m.seq for m in read(tmp_path, damage.append)] == [1, 2, 4, 5]
    assert [(d.file, d.line, d.lines, d.tail) for d in damage] == [(file, 3, 1, False)]
    async with running(tmp_path) as (journal, _):
        assert not journal.state.ok
        assert f"{file}:3:" in journal.state.reason


@given(data=st.data())
def test_whatever_happens_to_a_file_only_the_touched_lines_are_lost(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    lines = [encode(entered(seq)) for seq in range(1, 9)]
    content = bytearray(b"".join(lines))
    at = data.draw(st.integers(0, len(content) - 1))
    length = data.draw(st.integers(1, 120))
    rubbish = data.draw(st.binary(min_size=length, max_size=length))
    content[at : at + length] = rubbish
    (folder / "00000001.jsonl").write_bytes(content)

    starts = [sum(map(len, lines[:n])) for n in range(len(lines))]
    untouched = [n + 1 for n, s in enumerate(starts) if s + len(lines[n]) <= at or s > at + length]
    found = [m.seq for m in read(folder, lambda damage: None)]
    assert set(untouched) <= set(found)
    assert all(seq in range(1, 9) for seq in found)


async def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path):
        with pytest.raises(JournalError, match="another process writes this journal"):
            Journal(tmp_path)
    async with running(tmp_path):
        pass


async def test_too_little_space_at_the_start_says_how_much_is_needed(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"MB free, \d+ MB needed"):
        Journal(tmp_path, min_free_bytes=2**60)
    async with running(tmp_path):
        pass


async def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match=r"file/journal: the journal cannot be opened \(Not a directory\)"):
        Journal(tmp_path / "file" / "journal")


async def test_files_are_deleted_when_drained_and_all_their_calls_have_ended(tmp_path: Path) -> None:
    async with running(tmp_path, segment_bytes=1) as (journal, _):
        for milestone in (entered(1, "long"), entered(1, "short"), entered(2, "long"), ended(2, "short")):
            journal.append(milestone)
            await journal.durable()
        await journal.drained(Position(2, 0))
        assert _numbers(tmp_path) == [1, 2, 3, 4], "of what is drained, the first file holds the long call"

        await journal.drained(journal.end)
        assert _numbers(tmp_path) == [1, 3, 4], "the short call has ended and left its file to nobody"
        assert [(m.id, m.seq) for m in read(tmp_path)] == [("long", 1), ("long", 2), ("short", 2)]

        journal.append(ended(3, "long"))
        await journal.durable()
        await journal.drained(Position(3, 0))
        assert _numbers(tmp_path) == [3, 4, 5], "the third is not drained"
        await journal.drained(journal.end)
        assert _numbers(tmp_path) == [5]

    async with running(tmp_path, segment_bytes=1) as (journal, _):
        journal.append(entered(1, "next"))
        await journal.durable()
        assert _numbers(tmp_path) == [5, 6]


async def test_open_calls_of_an_earlier_run_keep_their_files(tmp_path: Path) -> None:
    async with running(tmp_path, segment_bytes=1) as (journal, _):
        for milestone in (entered(1, "long"), entered(1, "other"), ended(2, "other")):
            journal.append(milestone)
            await journal.durable()
    async with running(tmp_path, segment_bytes=1) as (journal, _):
        await journal.drained(journal.end)
        assert _numbers(tmp_path) == [1, 3]
        journal.append(ended(2, "long"))
        await journal.durable()
        await journal.drained(journal.end)
        assert _numbers(tmp_path) == [4]


async def test_what_agents_are_outlives_the_files_it_was_written_to(tmp_path: Path) -> None:
    def fact(seq: int, kind: AgentFact, **data: Value) -> Milestone:
        return Milestone("agent", "a1001", seq, float(seq), kind.value, data)

    logged_in, ready = fact(1, AgentFact.LOGGED_IN), fact(3, AgentFact.STATUS, status="ready")
    async with running(tmp_path, segment_bytes=1) as (journal, told):
        for milestone in (logged_in, fact(2, AgentFact.STATUS, status="paused"), ready, entered(1), ended(2)):
            journal.append(milestone)
            await journal.durable()
        await journal.drained(journal.end)
        assert _numbers(tmp_path) == [5]
        assert told.count(logged_in) == 1, "a copy is not news"
    assert list(read(tmp_path)) == [logged_in, ready, ended(2)]


async def test_rungs_and_notices_that_are_on_outlive_the_files_they_were_written_to(tmp_path: Path) -> None:
    def fact(id_: str, seq: int, kind: CityFact, on: bool) -> Milestone:
        return Milestone("city", id_, seq, float(seq), kind.value, {"on": on})

    water, borrow = fact("notice_water", 1, CityFact.NOTICE, True), fact("borrow", 3, CityFact.RUNG, False)
    same_name = Milestone("agent", "borrow", 4, 4.0, AgentFact.LOGGED_IN.value)
    async with running(tmp_path, segment_bytes=1) as (journal, told):
        for milestone in (water, fact("borrow", 2, CityFact.RUNG, True), borrow, same_name, entered(1), ended(2)):
            journal.append(milestone)
            await journal.durable()
        await journal.drained(journal.end)
        assert _numbers(tmp_path) == [6]
        assert told.count(water) == 1, "a copy is not news"
    assert list(read(tmp_path)) == [water, borrow, same_name, ended(2)]


class _Disk:
    """Stands between the journal and `os`: fails on demand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fails: Callable[[], None] = lambda: None
        self.short = False
        real_write, real_sync = os.write, os.fdatasync

        def write(handle: int, data: bytes) -> int:
            if self.short:
                real_write(handle, bytes(data)[: len(data) // 2])
                raise OSError(errno.ENOSPC, "No space left on device")
            return real_write(handle, data)

        def fdatasync(handle: int) -> None:
            self.fails()
            real_sync(handle)

        monkeypatch.setattr("cti.storage.segment_file.os.write", write)
        monkeypatch.setattr("cti.storage.segment_file.os.fdatasync", fdatasync)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def test_a_full_disk_delays_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = _Disk(monkeypatch)
    async with running(tmp_path) as (journal, told):
        journal.append(entered(1))
        await journal.durable()
        disk.short = True
        for seq in range(2, 500):
            journal.append(entered(seq))
        await _until(lambda: not journal.state.ok)
        assert "No space left on device" in journal.state.reason
        assert journal.lag_ms > 0
        assert told == [entered(1)]
        assert list(read(tmp_path, _no_damage)) == [entered(1)], "a half-written batch is undone"
        disk.short = False
        await journal.durable()
        assert journal.state.ok
    assert [m.seq for m in told] == list(range(1, 500))
    assert list(read(tmp_path, _no_damage)) == told


async def test_what_a_failed_fsync_left_is_written_again_to_a_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = _Disk(monkeypatch)
    failures = iter([True, True, False])

    def fail() -> None:
        if next(failures, False):
            raise OSError(errno.EIO, "Input/output error")

    async with running(tmp_path) as (journal, told):
        journal.append(entered(1))
        await journal.durable()
        disk.fails = fail
        journal.append(entered(2))
        await journal.durable()
        assert told == [entered(1), entered(2)]
        assert _numbers(tmp_path) == [1, 2], "not a file for each failure"
    assert list(read(tmp_path, _no_damage)) == told


async def test_memory_is_bounded_while_the_disk_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = _Disk(monkeypatch)
    async with running(tmp_path, max_pending=10) as (journal, told):
        disk.short = True
        for seq in range(1, 16):
            journal.append(entered(seq))
        assert journal.dropped == 5
        assert "5 milestones lost" in journal.state.reason
        disk.short = False
    assert [m.seq for m in told] == list(range(1, 11))


def _no_damage(damage: Damage) -> None:
    raise AssertionError(str(damage))


def _numbers(folder: Path) -> list[int]:
    return sorted(int(path.stem) for path in folder.glob("0*.jsonl"))
