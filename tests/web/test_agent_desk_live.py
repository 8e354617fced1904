"""The real desk page on the whole real system: Asterisk, daemon, a citizen who sings, an agent who sings."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import groupby
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from cti.calls import CallFact
from cti.demo.media import KEYS
from cti.programs import ProgramMissing, find_asterisk, find_program
from tests.support.browser import chromium
from tests.support.city import City, city, eventually
from tests.support.hall import Caller, calls
from tests.support.live_desk import LiveDesk, live_desk
from tests.support.missing import missing
from tests.support.softphone import sing
from tests.support.stack import RunningStack
from tests.support.tones import MUSIC, Ears, note

pytestmark = pytest.mark.timeout(240)
Measured = Callable[..., None]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """It rings for so long that what ends a ring here is not the end of its time."""
    try:
        find_asterisk()
        find_program("redis-server")
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
async def place(stack: RunningStack, tmp_path: Path) -> AsyncIterator[City]:
    folder = tmp_path / "sipp"
    folder.mkdir()
    async with city(stack, folder) as town:
        yield town


@pytest_asyncio.fixture
async def singing(tmp_path: Path) -> AsyncIterator[Browser]:
    """A browser whose microphone hears the agent's note."""
    try:
        async with chromium(microphone=sing(tmp_path / "agent.wav", "agent")) as browser:
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


async def _desk(place: City, browser: Browser, wrap_up_s: float = 0.0) -> LiveDesk:
    (agent,) = await place.api.add_test_agents(1, {"general": 3}, "d", wrap_up_s)
    return await live_desk(browser, place.api.address, agent)


async def _talk(place: City, desk: LiveDesk) -> tuple[Caller, Ears]:
    """A citizen calls, the agent answers by key, and they hear each other."""
    caller = await calls(place, 1)
    await desk.state("offered")
    await desk.press("F2")
    await desk.state("talking")
    ears = Ears(caller.line)
    caller.ear = ears._listener
    caller.line.say(note("citizen"))
    await desk.hears("citizen")
    await _hears(ears, "agent")
    return caller, ears


async def _hears(ears: Ears, *who: str, limit_s: float = 8.0) -> None:
    await eventually(lambda: ears.notes(0.2) == set(who), limit_s, f"the citizen hears {who}")


async def _as_the_server(place: City, desk: LiveDesk, status: str, state: str) -> None:
    """The daemon says the same of him as his page."""

    async def agrees() -> bool:
        row = next(row for row in await place.api.agents() if row["id"] == desk.agent.id)
        return (row["status"], row["state"]) == (status, state)

    await eventually(agrees, 5, f"{status}, {state}")


def _digits(ears: Ears) -> str:
    """The keys that came in the stream of sound (RFC 4733: four bytes, of which the second tells the end)."""
    events = [(payload[0], payload[1] >> 7) for _, payload in ears._listener.heard if len(payload) == 4]
    runs = [event for (event, end), _ in groupby(events) if end]
    return "".join(KEYS[event] for event in runs)


async def test_a_call_by_key_from_ready_to_the_wrap_up(place: City, singing: Browser, measured: Measured) -> None:
    """Given an agent at his desk, when a citizen calls, then pop, sound both ways, hold, mute, tones, hang-up and
    wrap-up are what telephone, page and daemon all say they are."""
    desk = await _desk(place, singing, wrap_up_s=30.0)
    await _as_the_server(place, desk, "break", "not_ready")
    await desk.ready()
    await _as_the_server(place, desk, "ready", "idle")
    caller, ears = await _talk(place, desk)
    await _as_the_server(place, desk, "ready", "talking")
    marks = {**await desk.marks("pop:"), **await desk.marks("invite:"), **await desk.marks("picture:")}
    pop, invite = marks[f"pop:{caller.id}"], marks[f"invite:{caller.id}"]
    measured(pop_after_invite_ms=pop - invite, painted_in_ms=pop - marks[f"picture:{caller.id}"])
    before = await desk.counters()
    began = time.monotonic()
    await desk.press("F8")
    await caller.told(CallFact.HELD)
    await _hears(ears, MUSIC)
    await desk.state("held")
    await _as_the_server(place, desk, "ready", "held")
    await desk.press("F8")
    await caller.told(CallFact.UNHELD)
    await _hears(ears, "agent")
    await desk.hears("citizen")
    await desk.press("F9")
    await _hears(ears)
    await desk.press("F9")
    await _hears(ears, "agent")
    after = await desk.counters()
    took = time.monotonic() - began
    measured(sent_a_second=(after["sent"] - before["sent"]) / took, lost=after["lost"])
    assert (after["sent"] - before["sent"]) / took > 30

    await desk.press("Shift+F9")
    await desk.page.keyboard.type("19#")
    await eventually(lambda: _digits(ears) == "19#", 8, "the keys in the sound")
    await desk.press("Escape")

    await desk.press("Shift+F2")
    over = await caller.told(CallFact.TALK_ENDED)
    assert over.data["side"] == "agent"
    await desk.state("wrap_up")
    await _as_the_server(place, desk, "ready", "wrap_up")
    await desk.press("F4", "1")
    await desk.state("idle")
    await _as_the_server(place, desk, "ready", "idle")
    caller.hang_up()
    assert (await caller.record()).agents == (desk.agent.id,)
    assert not desk.faults


async def test_a_reload_in_a_talk_is_a_moment_of_music(place: City, singing: Browser, measured: Measured) -> None:
    """Given a talk, when the page is loaded again, then agent and citizen hear each other again within three seconds,
    without a key, and the page never says that a call comes."""
    desk = await _desk(place, singing)
    await desk.ready()
    caller, ears = await _talk(place, desk)
    began = time.monotonic()
    await desk.page.reload(wait_until="commit")
    await desk.state("talking")
    await desk.hears("citizen")
    await _hears(ears, "agent")
    again_s = time.monotonic() - began
    invite_ms = (await desk.marks("invite:"))[f"invite:{caller.id}"]
    measured(talking_again_after_s=again_s, rung_after_s=invite_ms / 1000)
    assert again_s < 3.0
    assert await desk.page.locator("#say-now").inner_text() == ""
    await _as_the_server(place, desk, "ready", "talking")
    await desk.press("Shift+F2")
    await caller.told(CallFact.SURVEY_OFFERED)
    caller.hang_up()
    await caller.record()
    await desk.state("idle")


async def test_the_desk_in_a_second_tab_takes_the_talk_with_it(
    place: City, singing: Browser, measured: Measured
) -> None:
    """Given a talk, when the desk is opened in another tab, then the talk goes on there, not in the first one."""
    desk = await _desk(place, singing)
    await desk.ready()
    caller, ears = await _talk(place, desk)
    began = time.monotonic()
    second = LiveDesk(await desk.context.new_page(), desk.agent, desk.address)
    await second.open()
    await second.state("talking")
    await second.hears("citizen")
    await _hears(ears, "agent")
    measured(talking_there_after_s=time.monotonic() - began)
    await desk.page.locator(".cover").wait_for()
    caller.hang_up()
    assert (await caller.record()).agents == (desk.agent.id,)


async def test_an_echo_tries_the_headset_and_a_rejected_call_goes_on(place: City, singing: Browser) -> None:
    """Given an agent who tries his headset, when he calls the echo, then he hears himself; later he rejects a call, and
    the citizen stays in his place."""
    desk = await _desk(place, singing)
    await desk.press("F4")
    await desk.page.get_by_role("menuitem", name="设备检查").click()
    await desk.page.get_by_role("button", name="试拨，听自己").click()
    await desk.hears("agent")
    await desk.press("Escape")
    await desk.hears("")
    await desk.ready()
    caller = await calls(place, 1)
    await desk.state("offered")
    await desk.press("Shift+F2")
    failed = await caller.told(CallFact.OFFER_FAILED)
    assert failed.data["outcome"] == "rejected"
    assert caller.call.left_at is None
    caller.hang_up()


async def test_a_new_path_for_the_sound_ends_no_talk(place: City, singing: Browser) -> None:
    """Given a talk whose packets do not come through, when the page makes another path (ICE restart), then the talk is
    the same and both are heard."""
    desk = await _desk(place, singing)
    await desk.ready()
    caller, ears = await _talk(place, desk)
    fragment = "peers.at(-1).localDescription.sdp.match(/ice-ufrag:(\\S+)/)[1]"
    before = await desk.page.evaluate(fragment)
    await desk.page.evaluate(
        """() => {
            const peer = peers.at(-1);
            Object.defineProperty(peer, 'iceConnectionState', {configurable: true, value: 'disconnected'});
            peer.dispatchEvent(new Event('iceconnectionstatechange'));
            delete peer.iceConnectionState;
        }"""
    )

    async def is_another() -> bool:
        return bool(await desk.page.evaluate(fragment) != before)

    await eventually(is_another, 8, "another path")
    await desk.hears("citizen")
    await _hears(ears, "agent")
    assert [m for m in await place.api.milestones(caller.id) if m.kind == CallFact.TALK_ENDED] == []
    await desk.press("Shift+F2")
    assert (await caller.told(CallFact.TALK_ENDED)).data["side"] == "agent"
    caller.hang_up()
