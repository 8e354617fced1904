"""Both sides of a talk are listened to on the whole real system: each apart, nobody's leg, and nothing left over."""

from __future__ import annotations

import asyncio
import math
import os
import random
import signal
from array import array
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from cti.asterisk import names
from cti.asterisk.ami import Ami
from cti.calls import CallFact
from cti.secrets import load_or_create
from cti.tap import Taps
from tests.support.city import eventually
from tests.support.fake_taps import FakeTranscriber
from tests.support.moving_scene import WATER, House, Scene, scene, started
from tests.support.tones import sung

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    yield from started(tmp_path_factory, lambda text: text.replace('speech = {model = "off"}', ""))


@pytest_asyncio.fixture
async def on(house: House, tmp_path: Path) -> AsyncIterator[Scene]:
    await eventually(lambda: list(house.stack.log("speech_worker_ready")), 30, "a speech worker")
    async with scene(house, tmp_path) as there:
        yield there


def listening(on: Scene) -> list[str]:
    """The channels that bring sound to the daemon."""
    return [i for i in on.stack.asterisk_channels() if i.startswith(names.LISTEN_ID)]


async def until_listening(on: Scene, count: int, limit_s: float = 8.0) -> None:
    await eventually(lambda: len(listening(on)) == count, limit_s, f"{count} who listen", every_s=0.2)


async def test_both_are_listened_to_while_they_talk_and_nothing_is_left(on: Scene) -> None:
    await on.talk()
    await until_listening(on, 2)
    (ring,) = on.rings_of("t1")

    on.softphones.hold(ring, True)
    await on.noted(CallFact.HELD, agent="t1")
    await until_listening(on, 0)
    on.softphones.hold(ring, False)
    await on.noted(CallFact.UNHELD, agent="t1")
    await until_listening(on, 2)
    await on.hears(citizen={"agent"}, agent={"citizen"})

    p = await on.call_in("t1", "water", "conference")
    await on.answers("expert", WATER)
    await on.hears(citizen={"agent", "expert"}, agent={"citizen", "expert"}, expert={"citizen", "agent"})
    await until_listening(on, 2)
    await on.does("t1", "DELETE", f"/parties/{p}")
    await on.noted(CallFact.PARTY_LEFT, p=p)
    await on.hears(citizen={"agent"}, agent={"citizen"})

    await on.does("t1", "POST", "/end")
    record = await on.survey()
    assert [(s.name, s.who) for s in record.segments] == [("1", "t1"), ("p1", "water")]
    assert [r.complete for r in record.recordings] == [True, True]
    assert list(on.stack.log("call_contradiction")) == []


async def test_each_is_heard_alone(on: Scene) -> None:
    """A second listener beside the daemon's, whose sound we can look at."""
    await on.talk()
    stack, secrets = on.stack, load_or_create(on.stack.settings)
    act = Ami(
        host="127.0.0.1",
        port=stack.settings.asterisk.ami_port,
        username=names.AMI_CTL,
        secret=secrets.ami_ctl,
        nonce=lambda: (stack.settings.run_dir / names.NONCE_FILE).read_text().strip(),
        on_event=lambda event: None,
        rng=random.Random(),
    )
    transcriber = FakeTranscriber()
    taps = Taps(transcriber, act, "127.0.0.1", 0)
    running = [asyncio.create_task(job) for job in (act.run(), taps.run())]
    try:
        await eventually(lambda: act.connected and taps.hears("zh-CN"), 5, "our own connection")
        channels = stack.asterisk_channels()
        agent = next(name for name in channels.values() if name.startswith("PJSIP/t1-"))
        heard = [taps.tap(name, "talk", lambda event: None) for name in (channels[on.call_id], agent)]
        assert all([await tap.comes(2.0) for tap in heard])
        await eventually(lambda: all(len(s.pcm) > 32_000 for s in transcriber.sessions), 6, "two seconds of sound")
        for tap in heard:
            tap.close()
        citizen_said, agent_said = (list(array("h", bytes(s.pcm[:32_000]))) for s in transcriber.sessions)
        assert (sung(citizen_said, "citizen"), sung(citizen_said, "agent")) == (pytest.approx(2.0, abs=0.4), 0.0)
        assert (sung(agent_said, "agent"), sung(agent_said, "citizen")) == (pytest.approx(2.0, abs=0.4), 0.0)
        assert math.isclose(heard[0].age_s, heard[1].age_s, abs_tol=0.5)
        await until_listening(on, 2)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    await on.does("t1", "POST", "/end")
    await on.survey()


async def test_a_daemon_that_dies_leaves_no_ear_behind_and_the_next_one_listens(on: Scene) -> None:
    await on.talk()
    await until_listening(on, 2)
    before, pid = set(listening(on)), on.stack.ready[0]
    os.kill(pid, signal.SIGKILL)
    await eventually(lambda: on.stack.ready[0] not in (0, pid), 20, "the next daemon")

    def anew() -> bool:
        now = set(listening(on))
        return len(now) == 2 and not now & before

    await eventually(anew, 15, "others who listen", every_s=0.3)
    await on.hears(citizen={"agent"}, agent={"citizen"})
