"""The desk and the log-in for everybody: nothing serious found by axe in any state, language or colours; zoom, Tab."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from cti.settings import PROJECT
from tests.support.agent_page import AgentPage, agent_page
from tests.support.browser import settled
from tests.support.fake_desk import CALL, desk_row, fake_desk, party, talk

AXE = PROJECT / ".deps" / "web" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


async def _grave(page: Page, what: str) -> list[tuple[str, str, list[str]]]:
    """(state, rule, where) of each violation that is serious or worse."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text(encoding="utf-8"))
    await settled(page)
    found: list[dict[str, Any]] = await page.evaluate(
        "tags => axe.run({runOnly: tags, resultTypes: ['violations']}).then(found => found.violations.map("
        "one => ({id: one.id, impact: one.impact, nodes: one.nodes.map(node => node.html.slice(0, 160))})))",
        TAGS,
    )
    return [(what, one["id"], one["nodes"]) for one in found if one["impact"] in ("serious", "critical")]


async def _states(desk: AgentPage) -> AsyncIterator[str]:
    """The name of each state, while the page is in it."""
    now = time.time()
    wrap_up = {"kind": "extendable", "until": now + 9000, "most_until": now + 9000}
    shown: list[tuple[str, dict[str, Any], dict[str, Any] | None]] = [
        ("idle", desk_row(), None),
        ("held", desk_row("held", call_id="c0"), talk(call_id="c0", held_since=now - 70)),
        ("wrap_up", desk_row("wrap_up", wrap_up=wrap_up), None),
        ("break", desk_row("not_ready", "break", reason="meal"), None),
        ("away", desk_row("not_ready", held_back=["phone_away"]), None),
    ]
    for name, row, call in shown:
        await desk.fake.show(row, call)
        await desk.state(name)
        yield name
    await desk.offer(invite=False)
    yield "offered"
    await desk.fake.sip.invite(CALL)
    await desk.press("F2")
    await desk.talks(parties=[party(1), party(2, "consult")])
    yield "parties"
    for key in ("F1", "F4", "F6", "F7", "Shift+F9"):
        await desk.press(key)
        await desk.page.locator(".popover").wait_for()
        yield key
        await desk.press("Escape")
    desk.fake.away = True
    await desk.fake.drop()
    await desk.page.locator(".top.is-lost").wait_for()
    yield "lost"
    desk.fake.away = False
    await desk.page.locator(".top:not(.is-lost)").wait_for()
    await desk.fake.end("taken_over", 4000)
    await desk.page.locator(".cover").wait_for()
    yield "covered"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_axe_finds_nothing_serious_on_the_desk(browser: Browser, lang: str, theme: str) -> None:
    """Given each state, panel, language and colours, when axe looks, then nothing serious is there."""
    async with agent_page(browser, lang=lang, opened=False, reduced_motion="reduce") as desk:
        await desk.page.add_init_script(f"localStorage.setItem('yihu.theme', '{theme}')")
        await desk.open(lang)
        grave = [fault async for name in _states(desk) for fault in await _grave(desk.page, name)]
        assert not grave


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_axe_finds_nothing_serious_on_the_log_in(browser: Browser, lang: str) -> None:
    """Given the log-in, a refusal and the device check, when axe looks, then nothing serious is there."""
    async with fake_desk() as fake:
        fake.logged_in = False
        page = await browser.new_page()
        await page.goto(f"{fake.url}/login?lang={lang}")
        await page.locator("#user").wait_for()
        grave = await _grave(page, "log-in")
        fake.answers["POST", "/api/login"] = (401, {"error": "wrong_password", "message": "", "tries_left": 3})
        await page.fill("#user", "1032")
        await page.fill("#password", "x")
        await page.keyboard.press("Enter")
        await page.locator(".error:not(:empty)").wait_for()
        grave += await _grave(page, "refused")
        del fake.answers["POST", "/api/login"]
        await page.keyboard.press("Enter")
        await page.locator(".device-panel").wait_for()
        assert not grave + await _grave(page, "devices")


async def test_at_twice_the_size_everything_can_be_reached(browser: Browser) -> None:
    """Given a page at 200 %, half as wide, when a call is on, then nothing is beside the screen, the draft stands above
    the transcript, and the story comes as a drawer."""
    async with agent_page(browser) as desk:
        await desk.talk()
        await desk.page.set_viewport_size({"width": 720, "height": 450})
        assert await desk.page.evaluate("document.documentElement.scrollWidth") <= 720
        draft = await desk.page.locator("#draft").bounding_box()
        transcript = await desk.page.locator("#transcript").bounding_box()
        assert draft is not None
        assert transcript is not None
        assert draft["y"] < transcript["y"]
        await desk.page.locator("#story").wait_for(state="hidden")
        await desk.press("F3")
        await desk.page.locator("#story").wait_for(state="visible")


async def test_the_tab_key_goes_through_the_desk_in_order(browser: Browser) -> None:
    """Given a talk, when Tab is pressed from the skip link, then status, the call's buttons as one stop, story,
    transcript and draft come in this order."""
    async with agent_page(browser) as desk:
        await desk.talk()
        places = [".skip", "#status", ".acts", "#story", "#transcript", "#draft"]
        # The key that answered goes into the draft if that is there already.
        await desk.page.locator(places[0]).focus()
        seen = places[:1]
        for _ in range(60):
            await desk.press("Tab")
            place = await desk.page.evaluate(
                "places => places.find(one => document.activeElement.closest(one)) ?? null", places
            )
            if place == places[0] and len(seen) > 1:
                break  # once around
            if place is not None and seen[-1:] != [place]:
                seen.append(place)
        assert seen == [place for place in places if place in seen]
        assert {".skip", "#status", ".acts", "#draft"} <= set(seen)
