"""The draft on the whole real system: made for a citizen, kept through a reload, known when he calls again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from cti.programs import ProgramMissing, find_asterisk, find_program
from tests.support.browser import chromium
from tests.support.city import City, city
from tests.support.draft_page import DraftPage
from tests.support.hall import Caller, calls
from tests.support.live_desk import LiveDesk, live_desk
from tests.support.missing import missing
from tests.support.softphone import sing
from tests.support.stack import RunningStack

CITIZEN = "13900100001"

pytestmark = pytest.mark.timeout(240)


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
    try:
        async with chromium(microphone=sing(tmp_path / "agent.wav", "agent")) as browser:
            yield browser
    except ProgramMissing as error:
        missing(str(error))


async def _rings(desk: LiveDesk, place: City) -> tuple[str, Caller]:
    """The citizen calls; the draft of it is there before the agent answers."""
    citizen = await calls(place, CITIZEN)
    await desk.state("offered")
    head = desk.page.locator(".d-id")
    await expect(head).not_to_be_empty()
    await desk.press("F2")
    await desk.state("talking")
    return await head.inner_text(), citizen


async def test_a_citizen_calls_twice(place: City, singing: Browser) -> None:
    """Given a citizen whose ticket was written through a reload in the talk and submitted in the wrap-up, when he calls
    again, then his name is known, his ticket shown as open, and what is written about the same is found to be alike."""
    (agent,) = await place.api.add_test_agents(1, {"general": 3}, "w", 60.0)
    desk = await live_desk(singing, place.api.address, agent)
    draft = DraftPage(desk.page, f"{place.api.address}/agent")
    await desk.ready()
    first, citizen = await _rings(desk, place)
    await draft.write("caller_name", "王女士")
    await draft.choose_type("2")
    await draft.pick("matter", "路灯")
    await draft.pick("street", "主山")
    await draft.write("address", "青禾路公交站")
    await draft.write("content", "青禾路公交站一带路灯不亮")
    await desk.page.reload()
    await draft.expect_value("content", "青禾路公交站一带路灯不亮")
    await draft.expect_focus("content")
    await desk.state("talking", 20)
    await draft.write("title", "青禾路路灯不亮")
    await draft.expect_saved()
    await desk.press("Shift+F2")
    await desk.state("wrap_up")
    citizen.hang_up()
    await citizen.gone()
    await desk.press("Control+Enter")
    await expect(desk.page.locator(".d-notice.d-good")).to_contain_text(first)
    await desk.state("idle")

    second, _ = await _rings(desk, place)
    assert second != first
    await draft.expect_value("caller_name", "王女士")
    await draft.expect_state("caller_name", "check")
    await expect(desk.page.locator(".s-open")).to_contain_text(first)
    await expect(desk.page.locator(".s-call").first).to_contain_text("青禾路路灯不亮")
    await draft.write("content", "青禾路公交站路灯还是不亮")
    await expect(desk.page.locator(".s-like")).to_contain_text(first)
    await desk.page.get_by_role("button", name="关联并单").click()
    await draft.expect_value("related", first)
    await desk.press("Shift+F2")
    await desk.state("wrap_up")
    await desk.press("F10")
    await desk.page.get_by_role("menuitem", name="并入已有工单").click()
    await expect(desk.page.locator(".d-notice.d-good").last).to_contain_text(second)
    await desk.state("idle")
    assert not desk.faults
