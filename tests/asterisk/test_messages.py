"""A message at night: nobody is at work, so the caller speaks, and what he said is there in the morning."""

from __future__ import annotations

import time
import wave
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from cti.calls import CallFact
from cti.demo import audio
from tests.support.city import City, city, eventually
from tests.support.hall import Caller, calls, hall, hire
from tests.support.stack import RunningStack

SAMPLE = audio.load("broken_lift")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with hall(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest_asyncio.fixture
async def telephones(stack: RunningStack, tmp_path: Path) -> AsyncIterator[City]:
    folder = tmp_path / "sipp"
    folder.mkdir()
    async with city(stack, folder) as place:
        yield place


def messages(stack: RunningStack) -> list[Path]:
    return list(stack.settings.recordings_dir.rglob("*-message.wav"))


async def speaks(caller: Caller) -> float:
    """He skips the request to speak, hears the beep and tells his story; returns when the beep was over."""
    await caller.told(CallFact.LEFT_QUEUE, reason="no_seat")
    caller.line.press("#")
    await eventually(lambda: caller.ear.beeps, 10, "the beep")
    await eventually(lambda: time.time() - caller.ear.beeps[-1] > 0.1, 5, "the end of the beep")
    caller.line.say(SAMPLE)
    return caller.ear.beeps[-1]


def is_his_voice(path: Path) -> bool:
    """Whether a part of what he said is in this file, to the byte."""
    with wave.open(str(path)) as wav:
        sound = audio.load(str(path))
        assert wav.getframerate() == audio.RATE
    loudest = max(range(0, 16_000, 160), key=lambda at: len(set(SAMPLE[at : at + 160])))
    return SAMPLE[loudest : loudest + 160] in sound


@pytest.mark.parametrize("ends", ["#", "hangs up"])
async def test_what_he_says_is_kept(telephones: City, ends: str) -> None:
    caller = await calls(telephones, 1)
    beep_at = await speaks(caller)
    await eventually(lambda: time.time() - beep_at > 4.0, 6, "four seconds of his story")

    if ends == "#":
        caller.line.press("#")
    else:
        caller.hang_up()
    ended_at = time.time()
    record = await caller.record()
    left = (await caller.told(CallFact.MESSAGE_LEFT)).data

    assert left["seconds"] == pytest.approx(ended_at - beep_at, abs=0.5)
    path = telephones.stack.settings.recordings_dir / str(left["file"])
    assert (path.stat().st_size - 44) / 16_000 == pytest.approx(float(left["seconds"] or 0.0), abs=0.1)
    assert is_his_voice(path)
    assert (record.lost_at, record.answered) == ("message", False)
    assert record.ended_side == ("system" if ends == "#" else "caller")
    if ends == "#":
        assert caller.ear.times("message_thanks") == 1


async def test_zero_in_the_middle_leads_to_an_agent_who_has_come(telephones: City) -> None:
    caller = await calls(telephones, 1)
    before = set(messages(telephones.stack))
    beep_at = await speaks(caller)
    (agent,) = await hire(telephones, {"general": 3})
    await telephones.api.set_status(agent, "ready")
    await eventually(lambda: time.time() - beep_at > 3.0, 6, "enough to be a message")
    (file,) = set(messages(telephones.stack)) - before

    caller.line.press("0")
    answered = await caller.told(CallFact.ANSWERED)
    telephones.end_talks()
    record = await caller.record()

    assert answered.data["agent"] == agent
    assert CallFact.MESSAGE_LEFT not in await caller.kinds()
    assert not file.exists()
    assert (record.answered, record.lost_at) == (True, None)
