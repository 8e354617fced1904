"""Recordings of talks on the whole real system: who is on which side, both in step, and whole whatever died.

Each sings a note; in the end both change theirs at the same moment, and that has to be one moment of the recording.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from cti.calls import CallFact
from cti.demo import audio
from cti.metrics.record import CallRecord
from recordings.wav import RATE_HZ
from tests.support.city import eventually
from tests.support.moving_scene import TAX, House, Scene, scene, started
from tests.support.spoken import MATERNITY_BENEFIT, STREET_LAMP, error_rate
from tests.support.telephones import Ring
from tests.support.tones import MUSIC, began_s, note, sung

pytestmark = pytest.mark.timeout(120)
IN_STEP_S = 0.15


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    yield from started(tmp_path_factory, lambda text: text.replace('speech = {model = "off"}', ""))


@pytest_asyncio.fixture
async def on(house: House, tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(house, tmp_path) as there:
        yield there


def change_notes(on: Scene, ring: Ring) -> None:
    """Both at this moment."""
    assert on.line is not None
    on.line.say(note("second"))
    ring.line.say(note("third"))


def check_sides(on: Scene, record: CallRecord) -> float:
    """Seconds by which the moment at which both changed their notes is another on the other side."""
    (one,) = (r for r in record.recordings if r.segment == "1")
    both = on.recorded(record, "1")
    assert one.complete
    assert len(both.agent) / RATE_HZ == pytest.approx(one.talk_s, abs=0.6)
    assert sung(both.citizen, "citizen") > 1
    assert sung(both.agent, "agent") > 1
    for other in ("agent", "third"):
        assert sung(both.citizen, other) == 0
    for other in ("citizen", "second", "expert"):
        assert sung(both.agent, other) == 0
    # What he hears is muted by an action of its own: a packet or two of the expert may come before it or after it.
    assert sung(both.citizen, "expert") <= 0.2
    return began_s(both.citizen, "second") - began_s(both.agent, "third")


async def ends(on: Scene) -> CallRecord:
    await asyncio.sleep(1.0)  # of the new notes
    await on.does("t1", "POST", "/end")
    return await on.survey()


@pytest.mark.parametrize("who", ["agent", "citizen"])
async def test_each_side_is_apart_and_both_stay_in_step_when_one_sends_nothing(on: Scene, who: str) -> None:
    await on.talk()
    (ring,) = on.rings_of("t1")
    line = ring.line if who == "agent" else on.line
    assert line is not None
    await asyncio.sleep(1.5)
    to, line._to = line._to, None
    await asyncio.sleep(2.5)
    line._to = to
    await asyncio.sleep(1.0)
    change_notes(on, ring)
    assert abs(check_sides(on, await ends(on))) <= IN_STEP_S


async def test_both_stay_in_step_through_a_hold_and_a_consult(on: Scene) -> None:
    await on.talk()
    (ring,) = on.rings_of("t1")
    await asyncio.sleep(1.5)
    on.softphones.hold(ring, True)
    await on.noted(CallFact.HELD, agent="t1")
    await on.hears(citizen={MUSIC})
    on.softphones.hold(ring, False)
    await on.hears(citizen={"agent"}, agent={"citizen"})
    p = await on.call_in("t1", "tax", "consult")
    await on.answers("expert", TAX)
    await on.hears(citizen={MUSIC}, agent={"expert"}, expert={"agent"})
    await on.does("t1", "DELETE", f"/parties/{p}")
    await on.noted(CallFact.PARTY_LEFT, p=p)
    await on.hears(citizen={"agent"}, agent={"citizen"})
    change_notes(on, ring)
    assert abs(check_sides(on, await ends(on))) <= IN_STEP_S


async def test_a_daemon_that_dies_in_a_talk_comes_back_and_makes_the_recording(on: Scene) -> None:
    await on.talk()
    (ring,) = on.rings_of("t1")
    pid, _ = on.stack.kill_daemon(signal.SIGKILL)
    await asyncio.sleep(1.0)
    change_notes(on, ring)
    await eventually(lambda: on.stack.ready[0] not in (0, pid), 40, "the next daemon")
    assert abs(check_sides(on, await ends(on))) <= IN_STEP_S


async def test_a_talk_that_ends_while_no_daemon_runs_is_recorded_whole(on: Scene) -> None:
    await on.talk()
    (ring,) = on.rings_of("t1")
    await asyncio.sleep(1.5)
    change_notes(on, ring)
    await asyncio.sleep(1.0)
    pid, _ = on.stack.kill_daemon(signal.SIGKILL)
    on.softphones.hang_up(ring)
    await eventually(lambda: on.stack.ready[0] not in (0, pid), 40, "the next daemon")
    assert abs(check_sides(on, await on.survey())) <= IN_STEP_S


async def test_the_words_of_a_recording_are_the_citizens_and_the_agents(on: Scene) -> None:
    """Given both speak at once, when their talk is transcribed, then each one's words are his."""
    await eventually(lambda: list(on.stack.log("speech_worker_ready")), 30, "a speech worker")
    await on.talk()
    (ring,) = on.rings_of("t1")
    assert on.line is not None
    samples = audio.load("street_lamp"), audio.load("maternity_benefit")
    pause = bytes([0xD5]) * audio.RATE * 20
    for line, sample in zip((on.line, ring.line), samples, strict=True):
        line.say(sample + pause)
    await asyncio.sleep(max(map(len, samples)) / audio.RATE + 1.0)
    await on.does("t1", "POST", "/end")
    await on.survey()

    async def words() -> dict[str, str] | None:
        _, found = await on.ask("t1", "GET", "/transcript")
        lines = [line for one in found["segments"] if one["source"] == "recording" for line in one["lines"]]
        said = {side: "".join(line["text"] for line in lines if line["side"] == side) for side in ("citizen", "agent")}
        return said if all(said.values()) else None

    said = await eventually(words, 30, "the words of the recording", every_s=0.3)
    assert error_rate(STREET_LAMP, said["citizen"]) < 0.3
    assert error_rate(MATERNITY_BENEFIT, said["agent"]) < 0.3
