"""Talks by the telephone in a browser, on the whole real system: real Chromium, real Asterisk, citizens by SIPp."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from cti.calls import CallFact
from cti.demo.client import TestAgent
from cti.programs import ProgramMissing, find_asterisk, find_program
from tests.support.browser import chromium
from tests.support.city import City, city, eventually
from tests.support.hall import Caller, calls
from tests.support.missing import missing
from tests.support.relay import Relay
from tests.support.softphone import MADE_UP_PAGES, Softphone, closing, sing, softphone
from tests.support.stack import RunningStack
from tests.support.tones import MUSIC, Ears, note

pytestmark = pytest.mark.timeout(120)
Measured = Callable[..., None]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """It rings for so long that what ends a ring here is not the end of its time."""
    try:
        find_asterisk()
        find_program("redis-server")
        find_program("sipp")
    except ProgramMissing as error:
        missing(str(error))
    running = RunningStack(tmp_path_factory.mktemp("stack"))
    text = running.file.read_text(encoding="utf-8")
    running.file.write_text(text.replace("offer_timeout_s = 3", "offer_timeout_s = 20"), encoding="utf-8")
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest_asyncio.fixture
async def telephones(stack: RunningStack, tmp_path: Path) -> AsyncIterator[City]:
    folder = tmp_path / "sipp"
    folder.mkdir()
    async with city(stack, folder) as place:
        yield place


@pytest_asyncio.fixture
async def singing(tmp_path: Path) -> AsyncIterator[Browser]:
    """A browser whose microphone hears the agent's note."""
    try:
        async with chromium(MADE_UP_PAGES, microphone=sing(tmp_path / "agent.wav", "agent")) as browser:
            yield browser
    except ProgramMissing as error:
        missing(str(error))


@pytest.fixture
def measured(record_property: Callable[[str, object], None]) -> Measured:
    def note_down(**figures: float) -> None:
        for name, value in figures.items():
            record_property(name, value)
        print("measured:", ", ".join(f"{name} {value:.3f}" for name, value in figures.items()))

    return note_down


async def hire(place: City, count: int) -> list[TestAgent]:
    return await place.api.add_test_agents(count, {"general": 3}, "w", 0.0)


async def talk(place: City, phone: Softphone) -> tuple[Caller, Ears]:
    """A citizen calls, and he and the agent hear each other."""
    caller = await calls(place, 1)
    await phone.until("talking", 10)
    ears = Ears(caller.line)
    caller.ear = ears._listener
    caller.line.say(note("citizen"))
    await phone.hears("citizen")
    await hears(ears, "agent")
    return caller, ears


async def goes_on(phone: Softphone, ears: Ears, limit_s: float) -> None:
    """Both are heard again. The page is asked first: hold music has notes of everybody's."""
    await phone.until("talking", limit_s)
    await phone.hears("citizen", limit_s)
    await hears(ears, "agent", limit_s=limit_s)


def missing_s(ears: Ears, since: int) -> float:
    """How much sound has not come since this packet, however late we looked."""
    times = [at for at, _ in ears._listener.heard[since:]]
    return times[-1] - times[0] - 0.02 * (len(times) - 1)


async def hears(ears: Ears, *who: str, limit_s: float = 5.0) -> None:
    await eventually(lambda: ears.notes(0.2) == set(who), limit_s, f"the citizen hears {who}")


async def test_both_hear_each_other_and_the_page_learns_which_call_it_is(
    telephones: City, singing: Browser, measured: Measured
) -> None:
    (agent,) = await hire(telephones, 1)
    async with closing(await softphone(singing, telephones.api.address, agent)) as phone:
        await telephones.api.set_status(agent.id, "ready")
        caller, _ = await talk(telephones, phone)
        before = await phone.me("counters()")
        await asyncio.sleep(2)
        after = await phone.me("counters()")
        measured(
            sent_a_second=(after["sent"] - before["sent"]) / 2, received=(after["received"] - before["received"]) / 2
        )
        assert after["sent"] - before["sent"] > 80
        assert after["received"] - before["received"] > 80
        assert after["lost"] <= 2
        (ring,) = await phone.me("rings")
        assert (ring["leg"], ring["call"]) == ("offer", caller.id)
        answered = await caller.told(CallFact.ANSWERED)
        measured(answer_s=answered.at - ring["at"])

        # A hang-up is a hang-up: the citizen is asked, and the agent is free
        await phone.me("hangUp()")
        over = await caller.told(CallFact.TALK_ENDED)
        assert over.data["side"] == "agent"
        await caller.told(CallFact.SURVEY_OFFERED)
        caller.hang_up()
        record = await caller.record()
        assert (record.agents, record.agent_lost, record.offers) == ((agent.id,), 0, 1)


async def test_a_page_that_is_reloaded_goes_on_with_its_talk(
    telephones: City, singing: Browser, measured: Measured
) -> None:
    # Given a talk, a colleague who is idle, and somebody who waits for nobody
    agent, colleague = await hire(telephones, 2)
    async with (
        closing(await softphone(singing, telephones.api.address, agent)) as phone,
        closing(await softphone(singing, telephones.api.address, colleague)) as other,
    ):
        await telephones.api.set_status(agent.id, "ready")
        caller, ears = await talk(telephones, phone)
        await telephones.api.set_status(colleague.id, "ready")

        # When the page is loaded again
        began = time.monotonic()
        await phone.reload()
        await hears(ears, MUSIC, limit_s=3)
        music_s = time.monotonic() - began
        await goes_on(phone, ears, 10)
        again_s = time.monotonic() - began
        measured(music_after_s=music_s, talking_again_after_s=again_s)

        # Then they talk again within three seconds, and nobody else was asked
        assert again_s <= 3.0
        (ring,) = await phone.me("rings")
        assert (ring["leg"], ring["call"]) == ("reattach", caller.id)
        assert await other.me("rings") == []
        await phone.me("hangUp()")
        await caller.told(CallFact.SURVEY_OFFERED)
        caller.hang_up()
        record = await caller.record()
        assert (record.agents, record.agent_lost, record.offers) == ((agent.id,), 1, 2)
        assert [one.complete for one in record.recordings] == [True, True]
        ends = [m for m in await telephones.api.milestones(caller.id) if m.kind == CallFact.TALK_ENDED]
        assert [m.data["side"] for m in ends] == ["agent_lost", "agent"]


async def test_a_page_that_crashes_in_a_talk_goes_on_when_it_is_opened_again(
    telephones: City, singing: Browser, measured: Measured
) -> None:
    (agent,) = await hire(telephones, 1)
    async with closing(await softphone(singing, telephones.api.address, agent)) as phone:
        await telephones.api.set_status(agent.id, "ready")
        caller, ears = await talk(telephones, phone)
        began = time.monotonic()
        await phone.crash()
        await hears(ears, MUSIC, limit_s=3)
        measured(music_after_s=time.monotonic() - began)
        async with closing(await softphone(singing, telephones.api.address, agent)) as again:
            await goes_on(again, ears, 5)
            measured(talking_again_after_s=time.monotonic() - began)
            assert [ring["leg"] for ring in await again.me("rings")] == ["reattach"]
            caller.hang_up()
            assert (await caller.record()).agents == (agent.id,)


async def test_a_network_that_changes_under_a_page_costs_a_moment_of_music(
    telephones: City, singing: Browser, measured: Measured
) -> None:
    """The old network takes connection and sound with it; the page lives, and signs in over the new one."""
    (agent,) = await hire(telephones, 1)
    async with closing(await softphone(singing, telephones.api.address, agent)) as phone:
        await telephones.api.set_status(agent.id, "ready")
        caller, ears = await talk(telephones, phone)
        began = time.monotonic()
        await phone.me("changeNetwork()")
        await phone.until("rings.length === 2", 5)
        await goes_on(phone, ears, 5)
        measured(talking_again_after_s=time.monotonic() - began)
        assert time.monotonic() - began <= 3.0
        assert [ring["leg"] for ring in await phone.me("rings")] == ["offer", "reattach"]
        caller.hang_up()
        assert (await caller.record()).agent_lost == 1


async def test_a_page_that_is_opened_twice_has_its_talk_in_the_newer_one(
    telephones: City, singing: Browser, measured: Measured
) -> None:
    (agent,) = await hire(telephones, 1)
    async with closing(await softphone(singing, telephones.api.address, agent)) as phone:
        await telephones.api.set_status(agent.id, "ready")
        caller, ears = await talk(telephones, phone)
        began = time.monotonic()
        async with closing(await softphone(singing, telephones.api.address, agent)) as newer:
            # the older one is told by its connection's end, and lets its talk go
            await phone.until("closed.at(-1) === 4000", 3)
            await phone.me("pc.close()")
            await goes_on(newer, ears, 5)
            measured(talking_there_after_s=time.monotonic() - began)
            assert [ring["leg"] for ring in await newer.me("rings")] == ["reattach"]
            caller.hang_up()
            assert (await caller.record()).agents == (agent.id,)


async def test_who_had_his_citizen_on_hold_comes_back_to_him(telephones: City, singing: Browser) -> None:
    (agent,) = await hire(telephones, 1)
    async with closing(await softphone(singing, telephones.api.address, agent)) as phone:
        await telephones.api.set_status(agent.id, "ready")
        caller, ears = await talk(telephones, phone)
        await phone.me("session.hold()")
        await caller.told(CallFact.HELD)
        await hears(ears, MUSIC)
        await phone.reload()
        await goes_on(phone, ears, 5)
        caller.hang_up()
        assert (await caller.record()).agents == (agent.id,)


async def test_who_does_not_come_back_leaves_his_citizen_to_the_next_after_eight_seconds(
    telephones: City, singing: Browser, measured: Measured
) -> None:
    agent, colleague = await hire(telephones, 2)
    async with (
        closing(await softphone(singing, telephones.api.address, agent)) as phone,
        closing(await softphone(singing, telephones.api.address, colleague)) as other,
    ):
        await telephones.api.set_status(agent.id, "ready")
        caller, ears = await talk(telephones, phone)
        await telephones.api.set_status(colleague.id, "ready")
        began = time.monotonic()
        await phone.page.close()
        await hears(ears, MUSIC, limit_s=3)
        await other.until("talking", 12)
        measured(next_agent_after_s=time.monotonic() - began)
        assert 7.5 <= time.monotonic() - began <= 10
        assert [ring["leg"] for ring in await other.me("rings")] == ["offer"]
        caller.hang_up()
        assert (await caller.record()).agents == (agent.id, colleague.id)


async def test_a_page_that_is_killed_while_it_rings_costs_the_caller_a_moment(
    telephones: City, singing: Browser, measured: Measured
) -> None:
    # Given two callers, the first of whom an agent's page rings for
    agent, colleague = await hire(telephones, 2)
    async with (
        closing(await softphone(singing, telephones.api.address, agent, answers=False)) as phone,
        closing(await softphone(singing, telephones.api.address, colleague)) as other,
    ):
        await telephones.api.set_status(agent.id, "ready")
        first = await calls(telephones, 1)
        await phone.until("rings.length === 1", 5)
        second = await calls(telephones, 2)

        # When the page is killed
        began = time.monotonic()
        await phone.crash()
        await first.told(CallFact.OFFER_FAILED)
        assert await telephones.api.positions() == [first.id, second.id], "with his place kept"
        await telephones.api.set_status(colleague.id, "ready")

        # Then the next agent gets him, and it was not he who let it ring
        await other.until("rings.length === 1", 5)
        measured(next_rings_after_s=time.monotonic() - began)
        assert time.monotonic() - began <= 5
        assert (await other.me("rings"))[0]["call"] == first.id
        row = next(row for row in await telephones.api.agents() if row["id"] == agent.id)
        assert (row["status"], row["misses"]) == ("ready", 0)
        second.hang_up()
        first.hang_up()


async def test_a_connection_that_is_cut_for_a_while_is_not_heard(
    telephones: City, singing: Browser, measured: Measured
) -> None:
    # Given a talk of a page that is behind a network of its own
    (agent,) = await hire(telephones, 1)
    network = Relay(telephones.stack.settings.web.port)
    async with closing(await softphone(singing, f"http://127.0.0.1:{network.port}", agent)) as phone:
        await telephones.api.set_status(agent.id, "ready")
        caller, ears = await talk(telephones, phone)

        # When it is cut for longer than anybody waits for it, but sound still comes
        network.cut()
        await eventually(lambda: is_away(telephones, agent.id), 8, "his telephone is away")
        began, heard = time.time(), len(ears._listener.heard)
        await asyncio.sleep(1)
        network.mend()
        back = time.monotonic()
        await eventually(lambda: is_there(telephones, agent.id), 8, "his telephone is there again")
        measured(signed_in_again_after_s=time.monotonic() - back)
        await asyncio.sleep(1)

        # Then the citizen has heard nothing of it
        measured(missing_s=missing_s(ears, heard), over_s=time.time() - began)
        assert missing_s(ears, heard) < 0.3
        assert ears.notes() == {"agent"}
        assert len(await phone.me("rings")) == 1
        await phone.me("hangUp()")
        assert (await caller.told(CallFact.TALK_ENDED)).data["side"] == "agent"
        caller.hang_up()
    network.close()


async def test_a_daemon_that_dies_ends_no_talk_of_a_browser(
    telephones: City, singing: Browser, measured: Measured
) -> None:
    (agent,) = await hire(telephones, 1)
    async with closing(await softphone(singing, telephones.api.address, agent)) as phone:
        await telephones.api.set_status(agent.id, "ready")
        caller, ears = await talk(telephones, phone)
        pid, _ = telephones.stack.kill_daemon(signal.SIGKILL)
        began, heard = time.monotonic(), len(ears._listener.heard)
        await eventually(lambda: telephones.stack.ready[0] not in (0, pid), 10, "another daemon")
        await phone.until("registrations === 2", 15)
        measured(signed_in_again_after_s=time.monotonic() - began)
        await asyncio.sleep(2)
        measured(missing_s=missing_s(ears, heard))
        assert missing_s(ears, heard) < 0.3
        assert ears.notes() == {"agent"}
        await phone.me("hangUp()")
        await caller.told(CallFact.SURVEY_OFFERED)
        caller.hang_up()
        record = await caller.record()
        assert (record.agents, record.agent_lost) == ((agent.id,), 0)


async def test_an_agent_tries_his_headset_and_can_dial_nobody_else(telephones: City, singing: Browser) -> None:
    (agent,) = await hire(telephones, 1)
    async with closing(await softphone(singing, telephones.api.address, agent)) as phone:
        await phone.me("dial('test')")
        await phone.until("talking", 5)
        await phone.hears("agent")
        await eventually(lambda: is_elsewhere(telephones, agent.id), 2, "nothing is offered meanwhile")
        await phone.me("hangUp()")
        await phone.until("talking === false", 3)
        for whom in ("12345", "13800138000", "s"):
            await phone.me(f"dial('{whom}')")
            await phone.until("talking === false && me.session.isEnded()", 15)
        assert (await telephones.api.live())["calls"] == []


async def is_away(place: City, agent: str) -> bool:
    return next(row["phone"] for row in await place.api.agents() if row["id"] == agent) == "away"


async def is_there(place: City, agent: str) -> bool:
    return not await is_away(place, agent)


async def is_elsewhere(place: City, agent: str) -> bool:
    return "elsewhere" in next(row["held_back"] for row in await place.api.agents() if row["id"] == agent)
