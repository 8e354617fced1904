"""Call records in a real browser: words are found, played, lit as they are spoken; findings lead to their second."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from cti.calls import CallId
from cti.settings import PROJECT
from cti.transcriber import Final
from cti.web.http import COOKIE
from tests.support.browser import settled
from tests.support.records_house import RecordsHouse, RecordsPage, line, records_page

AXE = PROJECT / ".deps" / "web" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LIMIT_MS = 15_000
LAMP = "#call/n1-lamp.1"


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[RecordsHouse]:
    made = RecordsHouse(tmp_path)
    made.fill()
    async with made.open() as opened:
        yield opened


def word(page: Page, text: str) -> Any:
    return page.locator(".word").get_by_text(text, exact=True).first


async def test_words_light_up_while_they_are_spoken_and_one_that_is_clicked_is_played(
    house: RecordsHouse, browser: Browser
) -> None:
    async with records_page(house, browser) as chen:
        page = chen.page
        await chen.go(LAMP)
        await expect(page.locator(".line")).to_have_count(11)
        await expect(page.locator(".word.unsure")).to_have_text("黑漆漆")
        await expect(page.locator(".bar.citizen")).to_have_count(5)
        await expect(page.locator(".bar.agent")).to_have_count(6)
        assert await house.noted("listened") == [], "who looks has not listened"

        await page.keyboard.press("Space")
        await expect(word(page, "一二三四五")).to_have_class("word on", timeout=LIMIT_MS)
        await word(page, "青禾").click()
        await expect(word(page, "花园")).to_have_class("word on", timeout=LIMIT_MS)
        await expect(page.locator(".line.now .said")).to_contain_text("云湖街道青禾路")
        await page.keyboard.press("Space")
        await expect(page.locator(".play")).to_contain_text("播放")
        at = await chen.at()
        assert 17 <= at <= 24
        await page.keyboard.press("ArrowUp")
        assert await chen.at() == 17
        await page.keyboard.press("ArrowRight")
        assert await chen.at() == 22
        await page.keyboard.press("Shift+ArrowRight")
        await expect(page.locator(".speeds [aria-pressed=true]")).to_have_text("1.25×")
        assert await house.noted("listened") == [("chen", "n1-lamp.1 1")], "once, however often he seeks"
        assert chen.faults == []


async def test_who_reads_elsewhere_is_left_there_and_led_back(house: RecordsHouse, browser: Browser) -> None:
    async with records_page(house, browser, height=560) as chen:
        page = chen.page
        await chen.go(LAMP)
        await word(page, "您好").click()
        await page.locator(".log").evaluate("log => log.scrollTop = log.scrollHeight")
        back = page.locator(".back")
        await expect(back).to_have_text("回到正在播放 ↓")
        before = await page.locator(".log").evaluate("log => log.scrollTop")
        await expect(word(page, "反映")).to_have_class("word on", timeout=LIMIT_MS)
        assert await page.locator(".log").evaluate("log => log.scrollTop") == before
        await back.click()
        await expect(page.locator(".line.now")).to_be_in_viewport()
        await expect(back).to_be_hidden()


async def test_numbers_are_in_stars_until_somebody_wants_them_whole(house: RecordsHouse, browser: Browser) -> None:
    async with records_page(house, browser) as chen:
        await chen.go(LAMP)
        await expect(chen.page.locator(".line").nth(7)).to_contain_text("一三八********")
        await chen.page.get_by_role("button", name="显示完整号码（记入审计）").click()
        await expect(chen.page.locator(".line").nth(7)).to_contain_text("一三八零零零零一二三四")
        await expect(chen.page.locator(".privacy")).to_have_text("号码完整显示，已记入审计")
        assert await house.noted("transcript_viewed") == [("chen", "n1-lamp.1")]
    async with records_page(house, browser, "a1001") as agent:
        await agent.go(LAMP)
        await expect(agent.page.locator(".line").nth(7)).to_contain_text("一三八零零零零一二三四")
        await expect(agent.page.locator(".bar nav")).to_be_hidden()
        await agent.go("#call/n1-rude.2")
        await expect(agent.page.locator(".remark")).to_have_text("没有这个通话，或者您没有参与。")


async def test_what_was_said_is_found_and_opened_at_its_line(house: RecordsHouse, browser: Browser) -> None:
    async with records_page(house, browser) as chen:
        page = chen.page
        await chen.go()
        await expect(page.get_by_label("说过的话")).to_be_visible()
        await page.keyboard.press("/")
        await expect(page.get_by_label("说过的话")).to_be_focused()
        await page.keyboard.type("公交站")
        await page.keyboard.press("Enter")
        await expect(page.locator(".hit").first).to_be_visible(timeout=LIMIT_MS)
        await expect(page.locator(".hit mark").first).to_have_text("公交站")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await expect(page.locator(".line.now .said")).to_contain_text("公交站")
        assert await chen.at() == 17
        await page.keyboard.press("Escape")
        await expect(page.locator(".hit").first).to_be_focused()
        await page.get_by_role("button", name="继续往前找").click()
        await expect(page.locator(".hit").first).to_be_visible()

        await page.get_by_label("说过的话").fill("零零零零")
        await page.keyboard.press("Enter")
        await expect(page.locator(".hit .hint").first).to_have_text("（在打星的号码里）")
        await page.get_by_label("通话编号").fill("n1-mono.6")
        await page.keyboard.press("Enter")
        await expect(page.locator(".remark")).to_have_text("单声道录音：分不清谁在说话。")
        assert chen.faults == []


async def test_a_finding_opens_its_second_and_the_list_can_be_narrowed(house: RecordsHouse, browser: Browser) -> None:
    async with records_page(house, browser) as chen:
        page = chen.page
        await chen.go(f"#quality?day={house.day}")
        await expect(page.locator("tbody tr").first).to_be_visible(timeout=LIMIT_MS)
        everything = await page.locator("tbody tr").count()
        times = await page.locator("td.at").all_inner_texts()
        assert times == sorted(times, reverse=True)
        await expect(page.locator(".view.quality .honest")).to_contain_text("不是对坐席的评价")
        await page.get_by_role("button", name="禁用语").click()
        await expect(page.locator("tbody tr")).to_have_count(1)
        assert everything > 1
        await expect(page.locator("tbody td.who")).to_have_text("王伟（a1002）")
        await page.locator(".finding.forbidden").first.click()
        await expect(page.locator(".line.now .said")).to_contain_text("上周三")
        await page.locator(".side-panel .finding.forbidden").first.click()
        await expect(page.locator(".word.on")).to_have_text("不归我管", timeout=LIMIT_MS)
        await page.keyboard.press("Escape")
        await expect(page.locator("tbody tr")).to_have_count(1)
        await page.get_by_label("坐席", exact=True).select_option("a1002")
        await page.get_by_role("button", name="全部").click()
        await expect(page.locator("tbody tr")).not_to_have_count(1)
        await page.get_by_role("button", name="前一天").click()
        await expect(page.locator(".nothing")).to_contain_text("没有发现")
        assert chen.faults == []


async def test_an_auditor_goes_between_his_two_desks(house: RecordsHouse, browser: Browser) -> None:
    async with records_page(house, browser, "zhao", width=720) as zhao:
        page = zhao.page
        await page.goto(f"{house.url}/admin")
        await page.get_by_role("link", name="通话记录").click()
        await expect(page.get_by_label("说过的话")).to_be_visible(timeout=LIMIT_MS)
        await page.get_by_role("link", name="管理台").click()
        await expect(page.locator(".tree a").first).to_be_visible(timeout=LIMIT_MS)
        assert await page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


async def test_who_is_not_logged_in_comes_back_to_the_call_that_he_was_sent(
    house: RecordsHouse, browser: Browser
) -> None:
    page = await browser.new_page()
    await page.goto(f"{house.url}/records{LAMP}?s=1&t=24")
    await page.wait_for_url("**/login?next=*", timeout=LIMIT_MS)
    assert page.url.endswith("/login?next=%2Frecords%3Fcall%3Dn1-lamp.1")
    await page.context.add_cookies([{"name": COOKIE, "value": await house.token("chen"), "url": house.url}])
    await page.reload()
    await expect(page.locator(".call h2")).to_have_text("通话 n1-lamp.1", timeout=LIMIT_MS)
    assert page.url == f"{house.url}/records{LAMP}"


async def test_parts_of_a_call_follow_one_another(house: RecordsHouse, browser: Browser) -> None:
    async with records_page(house, browser) as chen:
        page = chen.page
        await chen.go("#call/n1-three.7?s=p1&t=10.5")
        await expect(page.locator(".part")).to_have_count(3)
        await expect(page.locator(".part[aria-pressed=true]")).to_contain_text("专家 路灯管理所")
        await expect(page.locator(".facts")).to_contain_text("路灯管理所")
        await page.keyboard.press("Space")
        await expect(page.locator(".part[aria-pressed=true]")).to_contain_text("王伟", timeout=LIMIT_MS)
        await expect(page.locator('[data-segment="3"] .word.on')).to_be_visible(timeout=LIMIT_MS)
        assert await house.noted("listened") == [("chen", "n1-three.7 3"), ("chen", "n1-three.7 p1")]


async def test_a_call_that_lives_has_its_words_alone_and_more_of_them_come(
    house: RecordsHouse, browser: Browser
) -> None:
    call, heard = CallId("n1-live.10"), house.daemon.listening.words.calls
    house.call(call, 900, [], over=False)
    heard.begin(call, "zh-CN")
    heard.heard(call, "agent", Final(line(1.0, "agent", "您好 请 讲").words), 0.0)
    async with records_page(house, browser) as chen:
        page = chen.page
        await chen.go(f"#call/{call}")
        await expect(page.locator(".line")).to_have_count(1)
        await expect(page.locator(".why")).to_contain_text("现在只有文字")
        await expect(page.locator(".play")).to_be_disabled()
        heard.heard(call, "citizen", Final(line(3.0, "citizen", "路灯 坏 了").words), 0.0)
        await expect(page.locator(".line")).to_have_count(2, timeout=LIMIT_MS)
        assert chen.faults == []


async def test_what_is_gone_or_not_there_yet_says_so(house: RecordsHouse, browser: Browser) -> None:
    """Given a recording that goes while its page is open, when it is played, then the page says that it is gone."""
    async with records_page(house, browser) as chen:
        page = chen.page
        await chen.go("#call/n1-gone.8")
        await expect(page.locator(".why")).to_have_text("录音已不再保存，不能播放。")
        await expect(page.locator(".play")).to_be_disabled()
        await chen.go("#call/n1-new.9")
        await expect(page.locator(".remark")).to_contain_text("实时文字")
        await expect(page.locator(".line")).to_have_count(11)
        (house.settings.recordings_dir / house.day / "n1-new.9-1.wav").unlink()
        await page.keyboard.press("Space")
        await expect(page.locator(".why")).to_have_text("录音已不再保存，不能播放。", timeout=LIMIT_MS)


PLACES = {
    "search": ("", ".nothing"),
    "found": ("#search?q=路灯", ".hit mark"),
    "nothing-found": ("#search?q=恐龙", ".further"),
    "quality": ("#quality?day={day}", "tbody tr"),
    "quality-empty": ("#quality?day=2020-01-01", ".nothing"),
    "call": (f"{LAMP}?s=1&t=24", ".line.now"),
    "call-finding": ("#call/n1-rude.2?s=1&t=39.5", ".side-panel .finding"),
    "call-parts": ("#call/n1-three.7?s=p1&t=5", ".part"),
    "call-mono": ("#call/n1-mono.6", ".line"),
    "call-live-words": ("#call/n1-new.9", ".line"),
    "call-gone": ("#call/n1-gone.8", ".remark"),
    "call-unknown": ("#call/nobody", ".remark"),
}
"""Each with something that is there when it has been drawn"""


async def grave(page: Page, what: str) -> list[tuple[str, str, list[str]]]:
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text(encoding="utf-8"))
    await settled(page)
    found: list[dict[str, Any]] = await page.evaluate(
        "tags => axe.run({runOnly: tags, resultTypes: ['violations']}).then(found => found.violations.map("
        "one => ({id: one.id, nodes: one.nodes.map(node => node.html.slice(0, 160))})))",
        TAGS,
    )
    return [(what, one["id"], one["nodes"]) for one in found]


async def shown(page: RecordsPage, name: str, lang: str) -> None:
    place, there = PLACES[name]
    await page.go(place.format(day=page.house.day), lang)
    await expect(page.page.locator(f".view:not([hidden]) {there}").first).to_be_visible(timeout=LIMIT_MS)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_axe_finds_nothing_in_any_view(house: RecordsHouse, browser: Browser, lang: str, theme: str) -> None:
    folder = os.environ.get("YIHU_SHOTS")
    async with records_page(house, browser) as chen:
        await chen.page.add_init_script(f"localStorage.setItem('yihu.theme', '{theme}')")
        found = []
        for name in PLACES:
            await shown(chen, name, lang)
            found += await grave(chen.page, name)
            if folder:
                await chen.page.screenshot(path=Path(folder) / f"{name}.{lang}.{theme}.png")
        assert found == []
        assert [fault for fault in chen.faults if "404" not in fault] == []


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_no_view_is_wider_than_the_window(house: RecordsHouse, browser: Browser, lang: str) -> None:
    """720 is a window of 1440 at twice its size."""
    folder = os.environ.get("YIHU_SHOTS")
    async with records_page(house, browser) as chen:
        for name, width in product(PLACES, (1440, 1280, 720)):
            await chen.page.set_viewport_size({"width": width, "height": 900 if width > 1000 else 700})
            await shown(chen, name, lang)
            wide = await chen.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, (name, width)
            if folder and width == 720:
                await chen.page.screenshot(path=Path(folder) / f"{name}.{lang}.720.png")
