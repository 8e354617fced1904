"""The wallboard in a real browser: what it says, in both languages, on big and small screens; and when data stops."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from cti.metrics.gaps import Gap
from cti.settings import PROJECT
from cti.web.http import COOKIE
from tests.support.browser import settled
from tests.support.wall import WallHouse, quiet, wall_page

AXE = PROJECT / ".deps" / "web" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LIMIT_MS = 15_000
SIZES = {"wall": (1920, 1080), "laptop": (1366, 657), "tall": (1440, 900)}
TEXTS = """[...document.querySelectorAll("#app *")].filter(
    one => one.childElementCount === 0 && one.textContent.trim() && one.offsetParent)"""
CUT_OFF = (
    TEXTS
    + """.filter(one => {
    const {right, bottom} = one.getBoundingClientRect();
    const isCut = one.tagName !== "TD" && one.clientWidth > 0 && one.scrollWidth > one.clientWidth;
    return isCut || right > innerWidth + 1 || bottom > innerHeight + 1;
}).map(one => one.textContent)"""
)
"""Texts that do not fit where they stand."""


@pytest_asyncio.fixture
async def house() -> AsyncIterator[WallHouse]:
    made = WallHouse()
    async with made.open() as opened:
        opened.publish()
        yield opened


async def test_every_number_has_its_name_and_what_it_is_made_of(house: WallHouse, browser: Browser) -> None:
    days = house.town.days.today or {}
    answered, calls = (sum(sums[code] for sums in days.values()) for code in ("answered", "calls"))
    async with wall_page(house, browser) as wall:
        await wall.go()
        assert await wall.text(".hero h2 span") == "今日接通率"
        assert await wall.text(".big") == f"{int(answered / calls * 1000) / 10:.1f}%"
        said = await wall.text(".hero .formula")
        assert said == f"人工接听 {answered:,} ÷ 全部来电 {calls:,}（导航中挂断计入分母）"
        assert "目标 ≥ 90%" in await wall.text(".verdict")
        assert await wall.text(".verdict b") == "✓ 达标"
        assert await wall.page.locator(".others .below").count() == 2
        assert await wall.text(".waiting .now div:first-child b") == "17"
        assert await wall.text(".seats .there b") == "248"
        assert await wall.text(".states li.fault") == "! 异常 2"
        assert await wall.text(".need") == "此刻需 258 席，缺 10 席 口径 95% / 15 秒；15:00 需 271 席"
        assert await wall.text(".losses h2 span") == f"未经人工接听 {calls - answered:,}"
        assert "参评" in await wall.text(".survey .pair")
        assert await wall.text(".key.below") == "低于 90%：3 个"
        assert "今日最低" in (await wall.page.locator(".chart").get_attribute("aria-label") or "")
        assert await wall.page.locator(".chart canvas").count() == 1
        assert wall.faults == []


async def test_what_changes_is_painted_at_once_and_nothing_moves(house: WallHouse, browser: Browser) -> None:
    async with wall_page(house, browser) as wall:
        await wall.go()
        await wall.page.evaluate(
            "window.shifts = []; new PerformanceObserver(list => shifts.push(...list.getEntries().flatMap(one =>"
            "one.sources.map(({node}) => node?.parentElement?.className || node?.className || String(node)))))"
            ".observe({type: 'layout-shift', buffered: false})"
        )
        codes = await wall.page.locator("tbody th").all_inner_texts()
        first, *others = house.town.waiting
        house.town.waiting = [(*first[:3], 0, None, 12), (*others[0][:3], 1204, 3725.0, 0), *others[1:]]
        house.town.rungs = ("broadcast",)
        house.publish()
        await expect(wall.page.locator("tbody tr").nth(1).locator("td").first).to_have_text("1,204", timeout=LIMIT_MS)
        await expect(wall.page.locator(".now")).to_have_class("now bad")
        await expect(wall.page.locator(".rungs")).to_have_text("应急阶梯 1 / 5")
        assert (await wall.text(".waiting .now div:last-child b")).startswith("1:02:")
        assert await wall.page.locator("tbody th").all_inner_texts() == codes, "in their own order"
        assert await wall.page.evaluate("shifts") == []
        assert wall.faults == []


async def test_when_the_daemon_stops_the_page_says_so_and_counts_no_further(house: WallHouse, browser: Browser) -> None:
    async with wall_page(house, browser) as wall:
        await wall.page.clock.install()
        await wall.go()
        await house.stop()
        await wall.page.clock.fast_forward(5000)
        await expect(wall.page.locator("body")).to_have_attribute("data-age", "late", timeout=LIMIT_MS)
        await expect(wall.page.locator(".age")).to_contain_text("秒前")
        await wall.page.clock.fast_forward(7000)
        await expect(wall.page.locator("body")).to_have_attribute("data-age", "stale", timeout=LIMIT_MS)
        await expect(wall.page.locator(".age")).to_contain_text("数据停在")
        await expect(wall.page.locator(".age")).to_contain_text("正在重连")
        await expect(wall.page.locator(".now")).to_contain_text("最长，至少")
        await expect(wall.page.locator(".stopped")).to_have_text("等待已停表，数字不代表现在")
        waited = await wall.text(".waiting .now div:last-child b")
        await wall.page.clock.fast_forward(60_000)
        await expect(wall.page.locator(".age")).to_contain_text("01:1")
        assert await wall.text(".waiting .now div:last-child b") == waited, "a wait that went on would be made up"
        assert await wall.text(".big") != "—", "what was last known stays to be read"


async def test_who_is_logged_out_is_told_and_led_to_the_log_in(house: WallHouse, browser: Browser) -> None:
    async with wall_page(house, browser) as wall:
        await wall.go()
        house.accounts.sessions.end_all_of("chen", "logout")
        await expect(wall.page.locator("body")).to_have_attribute("data-age", "gone", timeout=LIMIT_MS)
        await expect(wall.page.locator(".age")).to_have_text("登录已失效，数据不再更新")
        await wall.page.get_by_role("link", name="重新登录").click()
        await wall.page.wait_for_url("**/login?next=**")


@pytest.mark.parametrize(("user", "why"), [("xiao", "not_your_role"), ("", "")])
async def test_agents_and_strangers_do_not_get_in(house: WallHouse, browser: Browser, user: str, why: str) -> None:
    context = await browser.new_context()
    if user:
        token = await house.accounts.token(user)
        await context.add_cookies([{"name": COOKIE, "value": token, "url": house.url}])
    page = await context.new_page()
    await page.goto(f"{house.url}/wallboard")
    await page.wait_for_url("**/login?next=%2Fwallboard**")
    assert (f"why={why}" in page.url) == bool(why)
    assert house.board.viewers == 0
    await context.close()


async def test_a_day_without_calls_and_one_that_is_being_read_are_said_as_such(
    house: WallHouse, browser: Browser
) -> None:
    house.town = quiet(house.wall())
    house.publish()
    async with wall_page(house, browser) as wall:
        await wall.go()
        assert await wall.text(".big") == "—"
        assert await wall.text(".verdict b") == "今日尚无来电"
        assert await wall.text(".need") == "此刻需 — 席 尚无来电预测"
        assert await wall.text(".waiting .now div:first-child b") == "0"
        house.town.days = type(house.town.days)(None, None, None)
        house.publish()
        await expect(wall.page.locator(".verdict b")).to_have_text("正在读取今日记录")
        await expect(wall.page.locator(".losses h2 span")).to_have_text("未经人工接听 —")
        assert wall.faults == []


async def test_a_hole_in_the_day_is_said_beside_the_rate(house: WallHouse, browser: Browser) -> None:
    midnight = min(house.town.days.today or {})
    house.town.gaps = (Gap(midnight + 33_000.0, midnight + 33_840.0),)
    house.publish()
    async with wall_page(house, browser) as wall:
        await wall.go()
        assert "（09:10–09:24 数据缺失，只含已知来电）" in await wall.text(".formula")


@pytest.mark.parametrize(("lang", "size", "theme"), list(product(("zh", "en"), SIZES, ("dark", "light"))))
async def test_it_fits_and_can_be_read_by_everybody(
    house: WallHouse, browser: Browser, lang: str, size: str, theme: str
) -> None:
    width, height = SIZES[size]
    async with wall_page(house, browser, width=width, height=height) as wall:
        await wall.go(lang, theme)
        await settled(wall.page)
        await _kept(wall.page, f"{lang}-{size}-{theme}")
        assert await wall.page.evaluate(CUT_OFF) == []
        root = await wall.page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")
        sizes = await wall.page.evaluate(f"{TEXTS}.map(one => parseFloat(getComputedStyle(one).fontSize))")
        assert min(sizes) >= 1.5 * root - 0.01, "24 px of a screen of 1080 lines"
        await wall.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = await wall.page.evaluate(
            "tags => axe.run({runOnly: tags}).then(r => r.violations.map(v => `${v.id}: ${v.nodes[0].html}`))", TAGS
        )
        assert found == []
        assert wall.faults == []


async def test_all_of_it_is_there_in_english(house: WallHouse, browser: Browser) -> None:
    house.town.speech, house.town.rungs = "demo", ("broadcast", "borrow")
    house.publish()
    async with wall_page(house, browser) as wall:
        await wall.go("en")
        text = await wall.page.locator("#app").inner_text()
        assert "Connection rate today" in text
        assert "Speech: demo model" in text
        chinese = [one for one in text.replace("样例市", "") if "\u4e00" <= one <= "\u9fff"]
        assert not chinese
        assert await wall.page.evaluate("document.documentElement.lang") == "en"


async def _kept(page: Page, name: str) -> None:
    """For whoever wants to look: $YIHU_SHOTS is a folder."""
    if folder := os.environ.get("YIHU_SHOTS"):
        await page.wait_for_timeout(300)
        await page.screenshot(path=Path(folder) / f"wall-{name}.png")
