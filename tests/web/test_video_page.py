"""The citizens' page in every step, both languages, both colours and every size of text: readable, pressable, nothing
cut off, nothing that only hearing or colour tells."""

from __future__ import annotations

import json
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Browser, Page, expect

from cti.settings import PROJECT
from tests.support.browser import settled
from tests.support.fake_visit import CARD, LINK, SEATS, FakeVisit, fake_visit
from tests.support.video import CitizenPage, citizen_page

AXE = PROJECT / ".deps" / "web" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = PROJECT / "cti" / "web" / "pages" / "video"
_SMALLEST_PX = 15
_BADLY_SET = """([size, smallest]) => {
  const seen = (element) => element.checkVisibility({visibilityProperty: true}) && !element.closest(".visually-hidden");
  const pixels = (element) => parseFloat(getComputedStyle(element).fontSize);
  const faults = [];
  const fault = (what, element) => faults.push(`${what}: ${element.className} ${element.textContent.slice(0, 30)}`);
  if (document.documentElement.scrollWidth > innerWidth) faults.push("the page is too wide");
  for (const element of document.querySelectorAll("#view *, header *, .strip, footer *")) {
    if (!seen(element) || element.closest("svg")) continue;
    const box = element.getBoundingClientRect();
    const says = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (says && pixels(element) < smallest - 0.5) fault("small text", element);
    if (says && element.clientWidth && element.scrollWidth > element.clientWidth + 1) fault("cut", element);
    if (element.matches(".big, .text-button") && box.height < 59.5) fault("low", element);
    if (element.matches("a, button") && (box.height < 24 || box.width < 24)) fault("hard to press", element);
    if (box.left < -1 || box.right > innerWidth + 1) fault("outside", element);
  }
  // Not main text: help under a word, the head of a card, the row of buttons whose place has one size.
  const beside = ".own-off, .big .help, .folded-head, .card-kind, .talk .big, .sure";
  for (const element of document.querySelectorAll("#view p, #view h2, #view .word"))
    if (seen(element) && !element.closest(beside) && pixels(element) < size - 0.5) fault("main text", element);
  return faults;
}"""


def words(lang: str) -> dict[str, str]:
    return dict(json.loads((PAGES / f"words.{lang}.json").read_text(encoding="utf-8")))


async def steps(citizen: CitizenPage, fake: FakeVisit, say: dict[str, str]) -> AsyncIterator[str]:
    """The name of each step, while the page is in it."""
    press = citizen.press
    await citizen.comes_to("consent")
    yield "consent"
    await press(say["consent.code"])
    yield "code"
    fake.answers["/api/visits"] = (404, {"error": "wrong_code", "message": ""})
    await citizen.page.get_by_role("textbox").fill("123456")
    await press(say["continue"])
    await expect(citizen.page.get_by_role("alert")).not_to_be_empty()
    yield "code_wrong"
    del fake.answers["/api/visits"]
    await press(say["back"])
    await press(say["consent.yes"])
    await citizen.page.get_by_role("button", name=say["check.good"]).wait_for()
    yield "check"
    await press(say["check.good"])
    await citizen.comes_to("choose")
    yield "choose"
    await fake.show("waiting", choice="sign", place=3, minutes=1, since=time.time())
    await citizen.comes_to("waiting")
    yield "waiting"
    await fake.line("你好，我听不见，请用手语", "citizen")
    await fake.show("ringing", choice="sign")
    yield "ringing"
    await fake.show("waiting", choice="sign", seats=SEATS | {"sign": False})
    await citizen.comes_to("no_sign")
    yield "no_sign"
    await press(say["no_sign.message"])
    await citizen.comes_to("message")
    await press(say["message.send"])
    yield "message"
    talk: dict[str, Any] = {"choice": "sign", "answered_at": time.time() - 72, "agent": "a1032"}
    fake.answers["/api/visit/telephone"] = (503, {"error": "asterisk_away", "message": ""})
    await fake.show("talk", **talk)
    await citizen.comes_to("talk")
    yield "talk_lost"
    await fake.line("您好，我能看到您的画面，请讲。")
    await fake.line(card=CARD)
    await fake.line(card=LINK)
    await citizen.page.locator(".folded").nth(1).wait_for()
    yield "talk_cards"
    await citizen.page.get_by_role("button", name=say["card.show"]).first.click()
    yield "talk_reading"
    await citizen.page.get_by_role("button", name=say["card.hide"]).first.click()
    await press(say["talk.type"])
    yield "talk_writing"
    await press(say["talk.type_away"])
    await press(say["talk.end"])
    yield "talk_sure"
    await fake.show("talk", **talk | {"choice": "text"})
    yield "talk_text"
    await fake.show("rating", choice="sign")
    await citizen.comes_to("rating")
    yield "rating"
    await fake.show("rating", choice="sign", scale=5)
    await fake.show("closing", choice="sign", score=1)
    await citizen.comes_to("thanks")
    yield "thanks"
    await fake.show("ended", choice="sign")
    await citizen.comes_to("ended")
    yield "ended"
    await fake.drop(4000)
    await citizen.comes_to("taken")
    yield "taken"


async def grave(page: Page) -> list[str]:
    """Rules of axe that are broken badly, with where."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text(encoding="utf-8"))
    await settled(page)
    found: list[dict[str, Any]] = await page.evaluate(
        "tags => axe.run({runOnly: tags, resultTypes: ['violations']}).then(found => found.violations.map("
        "one => ({id: one.id, impact: one.impact, nodes: one.nodes.map(node => node.html.slice(0, 120))})))",
        TAGS,
    )
    return [f"{one['id']}: {one['nodes']}" for one in found if one["impact"] in ("serious", "critical")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_every_step_is_readable_and_pressable_for_everybody(
    browser: Browser, lang: Literal["zh", "en"], scheme: Literal["light", "dark"], shots: Path | None
) -> None:
    """Given each step, language and colours, when axe and a ruler are laid on it, then nothing serious is found."""
    faults: dict[str, list[str]] = {}
    async with fake_visit() as fake, citizen_page(browser, f"{fake.url}/video", lang=lang, scheme=scheme) as citizen:
        await citizen.page.emulate_media(reduced_motion="reduce", color_scheme=scheme)
        async for name in steps(citizen, fake, words(lang)):
            found = [*await grave(citizen.page), *await citizen.page.evaluate(_BADLY_SET, [18, _SMALLEST_PX])]
            if found:
                faults[name] = found
            if shots is not None:
                await citizen.page.screenshot(path=shots / f"{name}-{lang}-{scheme}.png")
    assert not faults


@pytest.mark.parametrize("size", [22, 26, 30])
async def test_text_grows_to_30_pixels_and_nothing_is_cut(browser: Browser, size: int, shots: Path | None) -> None:
    faults: dict[str, list[str]] = {}
    async with fake_visit() as fake, citizen_page(browser, f"{fake.url}/video?size={size}") as citizen:
        async for name in steps(citizen, fake, words("zh")):
            if found := await citizen.page.evaluate(_BADLY_SET, [size, _SMALLEST_PX]):
                faults[name] = found
            if shots is not None:
                await citizen.page.screenshot(path=shots / f"{name}-{size}px.png")
    assert not faults


async def test_emergency_numbers_are_always_there_and_nothing_lies_over_the_agents_picture(browser: Browser) -> None:
    async with fake_visit() as fake, citizen_page(browser, f"{fake.url}/video") as citizen:
        async for name in steps(citizen, fake, words("zh")):
            for number in ("tel:110", "tel:119", "tel:120", "sms:12110"):
                await expect(citizen.page.locator(f"footer a[href='{number}']")).to_be_in_viewport()
            if name == "talk_lost":
                box = await citizen.page.locator(".picture").bounding_box()
                assert box is not None
                assert box["height"] >= 0.6 * 844
                over = await citizen.page.evaluate(
                    """() => {
                      const {x, y, width, height} = document.querySelector(".picture").getBoundingClientRect();
                      const over = [];
                      for (const at of [0.1, 0.5, 0.9]) for (const down of [0.1, 0.5, 0.9]) {
                        const top = document.elementFromPoint(x + width * at, y + height * down);
                        if (!top.closest(".picture")) over.push(top.className);
                      }
                      return over;
                    }"""
                )
                assert over == []


async def test_what_would_be_a_sound_is_seen_and_felt(browser: Browser) -> None:
    """Given a talk, when the agent writes, then the line over everything says so, changes, and the telephone shakes."""
    async with fake_visit() as fake, citizen_page(browser, f"{fake.url}/video") as citizen:
        await citizen.page.add_init_script("window.shaken = []; navigator.vibrate = (ms) => (shaken.push(ms), true);")
        await citizen.page.reload()
        async for name in steps(citizen, fake, words("zh")):
            if name == "talk_lost":
                break
        await citizen.page.evaluate("shaken.length = 0")
        await fake.line("请看这里")
        await expect(citizen.page.locator(".strip.pulse")).to_be_visible()
        await expect(citizen.page.locator(".strip")).to_have_text("有新消息")
        assert await citizen.page.evaluate("shaken") == [150]
        assert not [fault for fault in citizen.faults if "status of" not in fault]


async def test_a_page_that_is_alone_says_so_and_comes_back(browser: Browser) -> None:
    async with fake_visit() as fake, citizen_page(browser, f"{fake.url}/video") as citizen:
        async for name in steps(citizen, fake, words("zh")):
            if name == "talk_text":
                break
        fake.answers["/api/socket-ticket"] = (503, {"error": "away", "message": ""})
        await fake.drop(1001)
        await expect(citizen.page.locator(".strip")).to_have_text("网络断开，正在重连…")
        del fake.answers["/api/socket-ticket"]
        await expect(citizen.page.locator(".strip")).to_contain_text("已接通")


async def test_enter_that_picks_a_chinese_character_sends_nothing(browser: Browser) -> None:
    async with fake_visit() as fake, citizen_page(browser, f"{fake.url}/video") as citizen:
        async for name in steps(citizen, fake, words("zh")):
            if name == "talk_writing":
                break
        field = citizen.page.get_by_label("在这里打字")
        await field.fill("nihao")
        await field.dispatch_event("keydown", {"key": "Enter", "keyCode": 229, "isComposing": True, "bubbles": True})
        assert ("/api/visit/chat", {"text": "nihao"}) not in fake.asked
        await field.press("Enter")
        await expect(field).to_have_value("")
        assert ("/api/visit/chat", {"text": "nihao"}) in fake.asked


@pytest.fixture
def shots(request: pytest.FixtureRequest) -> Path | None:
    """$YIHU_SHOTS: a folder for screenshots of every step."""
    folder = os.environ.get("YIHU_SHOTS")
    if not folder:
        return None
    Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder)
