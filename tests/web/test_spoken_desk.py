"""What a citizen says is on the real desk page while he says it, and in the draft: the whole real system with the demo
model."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from cti.bench.request_set import spoken
from cti.calls import CallFact
from cti.demo.media import SILENCE
from cti.programs import ProgramMissing
from cti.tickets.form import load_form
from tests.support.browser import chromium, settled
from tests.support.city import City, eventually
from tests.support.hall import Caller, calls
from tests.support.live_desk import live_desk
from tests.support.missing import missing
from tests.support.softphone import sing
from tests.support.speaking import listening_city, listening_stack
from tests.support.stack import RunningStack

FLOW = """\
flow: quick
person: general
start: ask
nodes:
  ask:
    type: listen
    prompts: listen_ask
    words: [{to: general, any_of: 烧烤}]
    otherwise: general
    max_s: 20
  general: {type: route, queue: general, after: goodbye}
  goodbye: {type: hangup, prompts: goodbye}
"""
QUIET = SILENCE * 50 * 60
REQUESTS = {one.id: one for one in spoken(load_form())}
NOISE, LAMP = REQUESTS["c001"], REQUESTS["c002"]

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    def change(running: RunningStack) -> None:
        text = running.file.read_text(encoding="utf-8")
        running.file.write_text(text.replace("offer_timeout_s = 3", "offer_timeout_s = 20"), encoding="utf-8")

    with listening_stack(tmp_path_factory.mktemp("stack"), FLOW, change) as running:
        yield running


@pytest_asyncio.fixture
async def place(stack: RunningStack, tmp_path: Path) -> AsyncIterator[City]:
    async with listening_city(stack, tmp_path) as there:
        yield there


@pytest_asyncio.fixture
async def singing(tmp_path: Path) -> AsyncIterator[Browser]:
    try:
        async with chromium(microphone=sing(tmp_path / "agent.wav", "agent")) as browser:
            yield browser
    except ProgramMissing as error:
        missing(str(error))


@pytest.fixture
def shots() -> Path | None:
    """$YIHU_SHOTS: a folder for screenshots."""
    folder = os.environ.get("YIHU_SHOTS")
    return Path(folder) if folder else None


async def asked(place: City) -> Caller:
    """He has heard the question."""
    caller = await calls(place, 1)
    await eventually(lambda: caller.ear.beeps, 15, "the tone")
    return caller


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_what_he_says_is_read_as_he_says_it_and_fills_the_draft(
    place: City, singing: Browser, shots: Path | None, lang: str
) -> None:
    """Given a caller who said in the menu what it is about, when he is offered, then the agent reads that before he
    answers; and when the caller speaks in the talk, then he reads it while it is said, beside a draft that fills."""
    (agent,) = await place.api.add_test_agents(1, {"general": 3}, "d", 0.0)
    desk = await live_desk(singing, place.api.address, agent)
    page = desk.page

    async def shot(name: str) -> None:
        if shots is not None:
            await page.screenshot(path=shots / f"spoken-{name}-{lang}.png")

    await page.locator(".languages button").nth(1 if lang == "en" else 0).click()
    caller = await asked(place)
    caller.line.say(NOISE.sound.read_bytes() + QUIET)
    await caller.told(CallFact.QUEUED, 30)

    await desk.press("F4", "1")
    await desk.state("offered")
    await expect(page.locator(".t-message .t-said")).to_contain_text("烧烤店")
    await settled(page)
    await shot("offered")

    await desk.press("F2")
    await desk.state("talking")
    caller.line.say(LAMP.sound.read_bytes() + QUIET)
    partial = page.locator(".t-citizen.t-partial")
    await expect(partial.first).to_be_visible(timeout=10_000)
    await shot("talking")
    await expect(page.locator(".t-citizen .t-said").first).to_contain_text("路灯", timeout=15_000)
    await expect(page.locator("[data-field=street]")).to_have_attribute("data-state", "check")
    honest = {"zh": "语音识别：演示模型", "en": "Speech: demo model"}[lang]
    await expect(page.get_by_role("contentinfo")).to_contain_text(honest)
    await settled(page)
    await shot("filled")
    assert desk.faults == []
    await desk.press("Shift+F2")
    await caller.gone()
