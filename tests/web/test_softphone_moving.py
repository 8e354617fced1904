"""Three-way calls and consults with the telephone in a real browser, which has one line as any plain telephone has.

And a page that is loaded anew while others are in the talk.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from cti.calls import CallFact
from cti.programs import ProgramMissing
from tests.support.browser import chromium
from tests.support.missing import missing
from tests.support.moving_scene import TAX, WATER, House, Scene, scene, started
from tests.support.softphone import MADE_UP_PAGES, Softphone, closing, sing, softphone
from tests.support.tones import MUSIC

pytestmark = pytest.mark.timeout(150)
house = pytest.fixture(scope="module")(started)


@pytest_asyncio.fixture
async def singing(tmp_path: Path) -> AsyncIterator[Browser]:
    """A browser whose microphone hears the agent's note."""
    try:
        async with chromium(MADE_UP_PAGES, microphone=sing(tmp_path / "agent.wav", "agent")) as browser:
            yield browser
    except ProgramMissing as error:
        missing(str(error))


@pytest_asyncio.fixture
async def on(house: House, tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(house, tmp_path, agents=1, plain=0) as there:
        yield there


async def talk(on: Scene, phone: Softphone) -> None:
    await on.api.set_status("t1", "ready")
    await on.calls()
    await phone.until("talking", 10)
    on.call_id = (await phone.me("rings"))[0]["call"]
    await on.phase("talk")
    await on.hears(citizen={"agent"})
    await phone.hears("citizen")


async def test_a_consult_needs_no_second_line(on: Scene, singing: Browser) -> None:
    async with closing(await softphone(singing, on.api.address, on.agents["t1"])) as phone:
        await talk(on, phone)
        p = await on.call_in("t1", "tax", "consult")
        await on.answers("expert", TAX)
        await on.hears(citizen={MUSIC}, expert={"agent"}, limit_s=8)
        await phone.hears("expert", 8)
        await on.does("t1", "POST", f"/parties/{p}/join")
        await on.hears(citizen={"agent", "expert"}, expert={"citizen", "agent"}, limit_s=8)
        await on.does("t1", "POST", "/leave")
        await on.noted(CallFact.HANDED_OVER)
        await on.hears(citizen={"expert"}, expert={"citizen"})
        assert [ring["leg"] for ring in await phone.me("rings")] == ["offer"], "his telephone rang once"
        on.outside.hang_up(on.rings_of(TAX)[0])
        record = await on.survey()
        assert [r.complete for r in record.recordings] == [True, True]


async def test_a_page_that_is_reloaded_in_a_three_way_call_is_called_back_to_it(on: Scene, singing: Browser) -> None:
    async with closing(await softphone(singing, on.api.address, on.agents["t1"])) as phone:
        await talk(on, phone)
        await on.call_in("t1", "water", "conference")
        await on.answers("expert", WATER)
        await on.hears(citizen={"agent", "expert"}, expert={"citizen", "agent"})
        await phone.reload()
        await on.noted(CallFact.HANDED_OVER, side="agent_lost")
        await phone.until("talking", 10)
        await on.hears(citizen={"agent", "expert"}, expert={"citizen", "agent"}, limit_s=8)
        rings = await phone.me("rings")
        assert [(ring["leg"], ring["call"]) for ring in rings] == [("reattach", on.call_id)]
        live = await on.live()
        assert (live["agent"], live["phase"]) == ("t1", "talk")
        await on.desk("t1", "talking")

        await on.does("t1", "DELETE", "/parties/1")
        await on.hears(citizen={"agent"})
        await phone.hears("citizen")
        await on.does("t1", "POST", "/end")
        record = await on.survey()
        assert [s.who for s in record.segments] == ["t1", "water", "t1"]
        assert [r.complete for r in record.recordings] == [True, True, True]
        assert (record.survey_offered, record.agents) == (True, ("t1",))
