"""What becomes of the two sides that Asterisk has written of a talk."""

from __future__ import annotations

import asyncio
import os
import wave
from array import array
from collections.abc import Callable, Collection
from pathlib import Path, PurePosixPath
from typing import Any
from unittest.mock import patch

import pytest
from structlog.testing import capture_logs

from cti import sound_files
from cti.calls import CallFact, CallId, Milestone, Value
from cti.sound_files import finish, finished, look
from cti.storage.memory import MemoryStore
from cti.unfinished import Unfinished
from recordings.wav import heading, interleaved, read_heading
from tests.support.recorded import leave, recorded, silence

RECORDING = PurePosixPath("2026-11-23/n1-1.7-1.wav")
CITIZEN, AGENT = array("h", [1, 2, 3] * 40_000).tobytes(), array("h", [-7] * 120_000).tobytes()
NOW = 2_000_000_000.0

pytestmark = pytest.mark.looptime


async def _nothing(call_id: CallId) -> list[Milestone]:
    return []


def sweeper(folder: Path, live: Callable[[], Collection[CallId]] = frozenset) -> Unfinished:
    """Of calls of which nothing is noted."""
    return Unfinished(folder, live, lambda: NOW, _nothing, pytest.fail)


def there(folder: Path) -> list[str]:
    """All files, without their folders."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_heading_is_read_as_it_was_written_and_as_the_standard_library_reads_it(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(heading(2, 8) + bytes(8))
    with wave.open(str(tmp_path / "a.wav")) as wav:
        assert (wav.getnchannels(), wav.getframerate(), wav.getsampwidth(), wav.getnframes()) == (2, 8000, 2, 2)
    read = read_heading((tmp_path / "a.wav").read_bytes())
    assert read is not None
    assert (read.channels, read.rate_hz, read.sound_bytes, read.bytes_per_s) == (2, 8000, 8, 32_000)
    assert read_heading(b"RIFF") is None
    assert read_heading(b"\0" * 100) is None


def test_a_recording_beyond_four_gigabytes_is_written_all_the_same() -> None:
    read = read_heading(heading(2, 5_000_000_000))
    assert read is not None
    assert read.sound_bytes == 0xFFFF_FFFF


def test_two_sides_are_in_step_and_the_shorter_is_silent_at_its_end() -> None:
    assert array("h", interleaved(array("h", [1, 2, 3]).tobytes(), array("h", [9]).tobytes())).tolist() == [
        1, 9, 2, 0, 3, 0,
    ]  # fmt: skip


def test_the_citizen_is_left_and_the_agent_right_and_the_sides_are_gone(tmp_path: Path) -> None:
    leave(tmp_path, RECORDING, CITIZEN, AGENT)
    sound = finish(tmp_path, RECORDING)
    assert (sound.seconds, sound.whole, sound.bytes) == (15.0, True, (tmp_path / RECORDING).stat().st_size)
    made = recorded(tmp_path / RECORDING)
    assert (array("h", made.citizen).tobytes(), array("h", made.agent).tobytes()) == (CITIZEN, AGENT)
    assert there(tmp_path) == [RECORDING.name]
    assert look(tmp_path, RECORDING) == sound


def test_a_side_that_is_shorter_makes_the_talk_as_short_and_loses_nothing_of_the_other(tmp_path: Path) -> None:
    leave(tmp_path, RECORDING, CITIZEN, AGENT[:80_001])  # half a sample, by a full disk
    sound = finish(tmp_path, RECORDING)
    assert sound.seconds == pytest.approx(5.0, abs=0.001)
    made = recorded(tmp_path / RECORDING)
    assert len(made.citizen) == len(made.agent) == 120_000
    assert (set(made.agent[:40_000]), set(made.agent[40_000:])) == ({-7}, {0})


def test_a_message_is_measured_by_its_one_channel(tmp_path: Path) -> None:
    message = PurePosixPath("2026-11-23/n1-1.7-message.wav")
    (tmp_path / message.parent).mkdir()
    (tmp_path / message).write_bytes(heading(1, 0) + silence(4.0))
    assert look(tmp_path, message).seconds == 4.0


def test_the_sound_of_a_talk_that_goes_on_is_measured_by_its_sides(tmp_path: Path) -> None:
    leave(tmp_path, RECORDING, silence(6.0), silence(4.0), closed=False)
    sound = look(tmp_path, RECORDING)
    assert (sound.seconds, sound.bytes, sound.closed, sound.whole) == (4.0, 44 + 6 * 32_000, False, False)
    assert look(tmp_path, PurePosixPath("2026-11-23/n1-1.8-1.wav")).bytes == 0


async def test_a_recording_is_made_when_asterisk_has_closed_its_files_and_not_before(tmp_path: Path) -> None:
    leave(tmp_path, RECORDING, silence(1.0), silence(1.0), closed=False)
    making = asyncio.ensure_future(finished(tmp_path, RECORDING))
    await asyncio.sleep(0.4)
    assert (there(tmp_path), making.done()) == (["n1-1.7-1.wav.agent.wav", "n1-1.7-1.wav.citizen.wav"], False)
    leave(tmp_path, RECORDING, CITIZEN, AGENT)
    assert (await making).whole
    assert recorded(tmp_path / RECORDING).agent == [-7] * 120_000


async def test_what_asterisk_left_when_it_died_becomes_a_recording(tmp_path: Path) -> None:
    leave(tmp_path, RECORDING, CITIZEN, AGENT[:65_536], closed=False)
    sound = await finished(tmp_path, RECORDING)
    assert (sound.whole, sound.seconds) == (True, pytest.approx(4.1, abs=0.01))
    assert there(tmp_path) == [RECORDING.name]


async def test_a_talk_that_is_still_written_is_left_alone(tmp_path: Path) -> None:
    """Its end was believed too early."""
    leave(tmp_path, RECORDING, silence(2.0), silence(2.0), closed=False)
    making = asyncio.ensure_future(finished(tmp_path, RECORDING))
    await asyncio.sleep(1.0)
    leave(tmp_path, RECORDING, silence(4.0), silence(4.0), closed=False)
    sound = await making
    assert (sound.whole, sound.seconds) == (False, 4.0)
    assert len(there(tmp_path)) == 2


def test_sound_that_comes_while_the_recording_is_made_is_not_lost(tmp_path: Path) -> None:
    sides = leave(tmp_path, RECORDING, CITIZEN, AGENT, closed=False)

    def more(_file: int) -> None:
        with sides[0].open("ab") as side:
            side.write(bytes(320))

    with patch.object(os, "fsync", more):
        assert not finish(tmp_path, RECORDING).whole
    assert [path.stat().st_size for path in sides] == [44 + len(CITIZEN) + 320, 44 + len(AGENT)]
    assert len(there(tmp_path)) == 2
    assert finish(tmp_path, RECORDING).whole


async def test_without_any_sound_there_is_no_recording(tmp_path: Path) -> None:
    sound = await finished(tmp_path, RECORDING)
    assert (sound.whole, sound.seconds, there(tmp_path)) == (False, 0.0, [])


@pytest.mark.parametrize(("where", "step"), [(os, "fsync"), (Path, "replace")])
async def test_a_full_disk_leaves_the_sides_and_no_half_recording(tmp_path: Path, where: Any, step: str) -> None:
    leave(tmp_path, RECORDING, CITIZEN, AGENT)
    before = there(tmp_path)
    with patch.object(where, step, side_effect=OSError(28, "No space left on device")), capture_logs() as logs:
        sound = await finished(tmp_path, RECORDING)
    assert (sound.whole, there(tmp_path)) == (False, before)
    assert [(log["event"], log["problem"]) for log in logs] == [("recording_not_finished", "No space left on device")]
    assert (await finished(tmp_path, RECORDING)).whole


@pytest.mark.parametrize("left", [("citizen", "agent", "part"), ("citizen", "agent"), ("citizen",), ("agent",)])
def test_whoever_died_at_any_step_has_left_everything_to_the_next(tmp_path: Path, left: tuple[str, ...]) -> None:
    """While the recording was written, when it was there, and between the two that are deleted then."""
    leave(tmp_path, RECORDING, CITIZEN, AGENT)
    if "part" in left:
        (tmp_path / "unfinished/2026-11-23/n1-1.7-1.wav.0.part").write_bytes(b"RIFF")
    else:
        finish(tmp_path, RECORDING)
        for path in leave(tmp_path, RECORDING, CITIZEN, AGENT):
            if path.name.split(".")[-2] not in left:
                path.unlink()

    assert look(tmp_path, RECORDING).whole == (len(left) == 1)

    sound = finish(tmp_path, RECORDING)

    assert (sound.whole, sound.seconds) == (True, 15.0)
    made = recorded(tmp_path / RECORDING)
    assert (array("h", made.citizen).tobytes(), array("h", made.agent).tobytes()) == (CITIZEN, AGENT)
    assert [name for name in there(tmp_path) if not name.endswith(sound_files.PART)] == [RECORDING.name]


async def test_two_who_make_the_same_recording_make_one(tmp_path: Path) -> None:
    for n in range(20):
        recording = RECORDING.with_name(f"n1-{n}-1.wav")
        leave(tmp_path, recording, CITIZEN, AGENT)
        made = await asyncio.gather(*(finished(tmp_path, recording) for _ in range(3)))
        assert [(one.whole, one.seconds) for one in made] == [(True, 15.0)] * 3
        assert recorded(tmp_path / recording).agent == [-7] * 120_000
    assert len(there(tmp_path)) == 20


def old(path: Path, seconds: float) -> None:
    os.utime(path, (NOW - seconds, NOW - seconds))


async def test_what_nobody_finished_is_made_a_recording_at_the_next_start(tmp_path: Path) -> None:
    """Given talks of calls that are over, closed or cut short, one that is still written and one of a live call, when a
    daemon starts, then the first two are recordings, and the others are left to whom they belong."""
    leave(tmp_path, "2026-11-20/n0-1.1-1.wav", CITIZEN, AGENT)
    for path in leave(tmp_path, "2026-11-20/n0-1.1-p1.wav", CITIZEN, AGENT[:32_768], closed=False):
        old(path, 61)
    for path in leave(tmp_path, "2026-11-23/n1-1.5-1.wav", CITIZEN, AGENT, closed=False):
        old(path, 5)
    for path in leave(tmp_path, RECORDING, CITIZEN, AGENT, closed=False):
        old(path, 300)
    part = tmp_path / "unfinished/2026-11-20/n0-1.1-1.wav.0.part"
    part.write_bytes(b"half")
    old(part, 61)
    empty = tmp_path / "unfinished/2026-11-19"
    empty.mkdir()
    old(empty, 3 * 86_400)

    house = sweeper(tmp_path, lambda: [CallId("n1-1.7")])
    assert await house.sweep() == 2

    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.glob("2026*/*")) == [
        "2026-11-20/n0-1.1-1.wav",
        "2026-11-20/n0-1.1-p1.wav",
    ]
    assert {path.name.partition(".wav")[0] for path in (tmp_path / "unfinished").glob("*/*")} == {
        "n1-1.5-1",
        "n1-1.7-1",
    }
    assert not empty.exists()


def ended_call(complete: bool, size: int) -> list[Milestone]:
    """A talk of 15 s with its recording as it was noted."""
    recorded: dict[str, Value] = {"segment": "1", "n": 1, "file": str(RECORDING), "talk_s": 15.0}
    facts: list[tuple[CallFact, dict[str, Value]]] = [
        (CallFact.ARRIVED, {}),
        (CallFact.TALK_ENDED, {"agent": "a1", "n": 1, "side": "agent", "talk_s": 15.0}),
        (CallFact.RECORDED, {**recorded, "bytes": size, "complete": complete}),
        (CallFact.ENDED, {"side": "caller", "place": "talk", "lost_at": None}),
    ]
    return [Milestone("call", "n1-1.7", seq, 1000.0 + seq, kind, data) for seq, (kind, data) in enumerate(facts, 1)]


class Kept:
    """The milestones of a call that has ended, and a sweeper that tells them anew."""

    def __init__(self, folder: Path, milestones: list[Milestone]) -> None:
        self.store = MemoryStore()
        self.store.drain(milestones)
        self.away = False
        self.sweeper = Unfinished(folder, frozenset, lambda: NOW, self._milestones, lambda m: self.store.drain([m]))

    async def _milestones(self, call_id: CallId) -> list[Milestone]:
        if self.away:
            raise TimeoutError
        return self.store.milestones(call_id)

    @property
    def recorded(self) -> list[tuple[int, bool]]:
        record = self.store.call(CallId("n1-1.7"))
        assert record is not None
        return [(one.bytes, one.complete) for one in record.recordings]


async def test_what_was_noted_as_incomplete_and_is_whole_now_is_told_anew_once(tmp_path: Path) -> None:
    leave(tmp_path, RECORDING, CITIZEN, AGENT)
    kept = Kept(tmp_path, ended_call(complete=False, size=0))
    assert await kept.sweeper.sweep() == 1
    assert kept.recorded == [(44 + len(CITIZEN + AGENT), True)]
    late = kept.store.milestones("n1-1.7")[-1]
    assert (late.kind, late.seq, late.at) == (CallFact.RECORDED_LATE, 5, NOW)
    assert kept.store.contradictions(0.0, 2e9) == {}
    leave(tmp_path, RECORDING, CITIZEN, AGENT)
    await kept.sweeper.sweep()
    assert len(kept.store.milestones("n1-1.7")) == 5, "it is known by then"


async def test_what_is_as_it_was_noted_is_not_told_anew(tmp_path: Path) -> None:
    leave(tmp_path, RECORDING, CITIZEN, AGENT)
    kept = Kept(tmp_path, ended_call(complete=True, size=44 + len(CITIZEN + AGENT)))
    await kept.sweeper.sweep()
    assert len(kept.store.milestones("n1-1.7")) == 4


async def test_what_is_too_short_stays_incomplete_and_can_be_played(tmp_path: Path) -> None:
    leave(tmp_path, RECORDING, CITIZEN[:32_000], AGENT)
    kept = Kept(tmp_path, ended_call(complete=False, size=0))
    await kept.sweeper.sweep()
    assert kept.recorded == [(44 + 2 * len(AGENT), False)]


async def test_records_that_are_away_are_told_the_next_time(tmp_path: Path) -> None:
    leave(tmp_path, RECORDING, CITIZEN, AGENT)
    kept = Kept(tmp_path, ended_call(complete=False, size=0))
    kept.away = True
    assert await kept.sweeper.sweep() == 1
    assert kept.recorded == [(0, False)]
    kept.away = False
    assert await kept.sweeper.sweep() == 0
    assert kept.recorded == [(44 + len(CITIZEN + AGENT), True)]


async def test_a_disk_that_is_still_full_is_said_once_a_sweep_and_nothing_is_lost(tmp_path: Path) -> None:
    for n in range(3):
        leave(tmp_path, f"2026-11-20/n0-1.{n}-1.wav", CITIZEN, AGENT)
    house = sweeper(tmp_path)
    with patch.object(os, "fsync", side_effect=OSError(28, "No space left on device")), capture_logs() as logs:
        assert await house.sweep() == 0
    assert [(log["event"], log["count"]) for log in logs] == [("recordings_not_finished", 3)]
    assert await house.sweep() == 3
    assert await sweeper(tmp_path / "nowhere").sweep() == 0
