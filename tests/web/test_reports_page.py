"""The reports page in a real browser: figures with their definitions, from a loss to its calls and to a task."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from cti.metrics.gaps import Gap
from cti.settings import PROJECT
from cti.web.http import COOKIE
from tests.support.browser import faults_of, settled
from tests.support.report_house import ReportHouse

AXE = PROJECT / ".deps" / "web" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DAY = "2026-11-20"


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[ReportHouse]:
    made = ReportHouse(tmp_path)
    async with made.open() as opened:
        for n in range(40):
            opened.answered(f"a{n}", f"{DAY} {8 + n // 6:02}:{n % 6}7", queue="general" if n % 3 else "enterprise")
            opened.answered(f"b{n}", f"2026-11-19 {8 + n // 6:02}:{n % 6}7", queue="enterprise" if n % 4 else "general")
        for n in range(7):
            opened.lost(f"l{n}", f"{DAY} 1{n}:15", number=f"1380013800{n}")
        opened.lost("menu-1", f"{DAY} 10:50", queue="", number="")
        opened.lost("quick", f"{DAY} 11:00", queue="", number="13700137000", after_s=3.0)
        opened.lost("night", "2026-11-19 23:40", queue="enterprise", number="13900139000")
        await opened.records.drained()
        yield opened


class ReportPage:
    """A browser of somebody who is logged in. `faults`: what the page complains about."""

    def __init__(self, house: ReportHouse, page: Page) -> None:
        self.house, self.page = house, page
        self.faults = faults_of(page)
        self.times = 0

    async def go(self, place: str, lang: str = "zh") -> None:
        self.times += 1  # another hash alone would leave what is shown until the next is there
        await self.page.goto(f"{self.house.url}/reports?lang={lang}&time={self.times}#{place}")
        await expect(self.page.locator(".report tfoot th")).to_be_visible()

    def cell(self, row: str, column: str) -> str:
        """XPath of a cell by the words of its row and its column."""
        place = f'count(//thead//th[starts-with(normalize-space(.), "{column}")][1]/preceding-sibling::th)'
        return f'//tr[th[@scope="row" and .="{row}"]]/*[{place} + 1]'

    def key(self, name: str) -> str:
        return f'[data-key="{name}"]'


@asynccontextmanager
async def report_page(
    house: ReportHouse, browser: Browser, user: str = "chen", width: int = 1366, height: int = 768
) -> AsyncIterator[ReportPage]:
    context = await browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True)
    try:
        await context.add_cookies([{"name": COOKIE, "value": await house.token(user), "url": house.url}])
        yield ReportPage(house, await context.new_page())
    finally:
        await context.close()


async def test_every_rate_stands_with_its_definition_and_what_was_divided(house: ReportHouse, browser: Browser) -> None:
    async with report_page(house, browser) as chen:
        page = chen.page
        await chen.go(f"{DAY}?by=queue&compare=before&rank=connection_rate")
        await expect(page.locator(".headline .big")).to_have_text("81.63%")
        await expect(page.locator(".headline .of")).to_have_text("40 / 49")
        await expect(page.locator(".headline .formula")).to_contain_text("人工接听 / 全部呼入")
        await expect(page.locator(".headline .difference")).to_have_text("较前一日 ▼ −15.93 个百分点")
        heads = page.locator("thead th small")
        assert await heads.count() == await page.locator("thead th").count() - 2, "but for names and ranks"
        cell = page.locator(chen.cell("综合", "接通率"))
        await expect(cell.locator(".value")).to_have_text("78.78%")
        await expect(cell.locator("small").first).to_have_text("26 / 33")
        rows = await page.locator("tbody th").all_text_contents()
        assert rows == ["企业服务", "综合", "未进入队列"], "the best first"
        await expect(page.locator(chen.cell("未进入队列", "平均等待"))).to_contain_text("—")

        await page.get_by_role("button", name="EN").click()
        await expect(page.locator("thead th").nth(3)).to_contain_text("answered by a person / all calls that arrived")
        assert await page.locator("tbody th").all_text_contents() == ["enterprise services", "general", "no queue"]
        assert await page.title() == f"{DAY} · Yihu · Reports"
        assert chen.faults == []


async def test_from_the_percentage_to_the_calls_to_a_callback_task_and_to_the_record(
    house: ReportHouse, browser: Browser
) -> None:
    async with report_page(house, browser) as chen:
        page = chen.page
        await chen.go(f"{DAY}?by=queue")
        await page.locator(chen.key("lost-all")).click()
        losses = page.locator(".loss")
        await expect(losses).to_have_count(9)
        await expect(page.locator(".losses h2")).to_be_focused()
        assert "13800138000" not in await page.content()
        await expect(losses.first).to_contain_text("138****8000")
        await page.keyboard.press("Escape")
        await expect(page.locator(".losses")).to_be_hidden()
        await expect(page.locator(chen.key("lost-all"))).to_be_focused()

        await page.locator(chen.key("row-=")).click()
        await expect(losses).to_have_count(2)
        await expect(losses.nth(0)).to_contain_text("号码未显示，无法回拨")
        await losses.nth(1).get_by_role("button", name="列为回拨任务").click()
        await expect(losses.nth(1).locator(".is-made")).to_have_text("已列为人工回拨任务")
        assert await house.noted("callback_task_made") == [("chen", "quick")]
        assert await losses.nth(1).locator(".record").get_attribute("href") == "/records#call/quick"

        await page.locator(chen.key("lost-queue")).click()
        await expect(losses).to_have_count(7)
        await page.reload()
        await expect(losses).to_have_count(7)
        await page.go_back()
        await expect(losses).to_have_count(2)
        assert chen.faults == []


async def test_all_of_it_by_keyboard(house: ReportHouse, browser: Browser) -> None:
    async with report_page(house, browser) as chen:
        page = chen.page
        await chen.go(DAY)
        await expect(page.locator("tbody tr")).to_have_count(48)
        await page.keyboard.press("[")
        await expect(page.locator(".headline .of")).to_have_text("40 / 41")
        assert "#2026-11-19" in page.url
        await page.keyboard.press("]")
        await expect(page.locator(".headline .of")).to_have_text("40 / 49")
        await page.locator(chen.key("week")).focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("tbody tr")).to_have_count(7)
        await expect(page.locator(chen.key("week"))).to_be_focused()
        await page.locator(chen.key("by")).select_option("queue")
        await page.locator(chen.key("rank")).select_option("asa")
        await expect(page.locator(".report td.rank").first).to_have_text("并列1")
        await page.locator(chen.key("compare-before")).focus()
        await page.keyboard.press("Space")
        await expect(page.locator("tbody .difference").first).to_have_text("—")
        await expect(page.locator(chen.key("compare-before"))).to_be_focused()
        await page.locator(".drill").first.focus()
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await expect(page.locator(".loss")).to_have_count(7)
        assert chen.faults == []


async def test_what_was_not_seen_is_unknown_and_not_zero(house: ReportHouse, browser: Browser) -> None:
    async with report_page(house, browser) as chen:
        since = 1_795_140_000.0  # 10:00 of the 20th
        note = house.records.store.observed.note
        await house.records.worker.run(note, "dongguan", Gap(since, since + 600), "asterisk_down")
        await chen.go(DAY)
        await expect(chen.page.locator(".gap-fact")).to_contain_text("2026-11-20 10:00:00")
        await expect(chen.page.locator(chen.cell("10:00", "接通率")).locator(".value")).to_have_text("未知")
        await expect(chen.page.locator(chen.cell("09:30", "接通率")).locator(".value")).to_have_text("100.00%")
        await expect(chen.page.locator(".headline .big")).to_have_text("—")
        await expect(chen.page.locator(".why-unknown")).to_have_text("未知：这段时间的记录有缺口")


async def test_files_come_as_they_are_shown(house: ReportHouse, browser: Browser) -> None:
    async with report_page(house, browser, "zhao") as zhao:
        await zhao.go(f"{DAY}?by=queue", "en")
        for kind in ("csv", "xlsx"):
            async with zhao.page.expect_download() as coming:
                await zhao.page.locator(zhao.key(kind)).click()
            assert (await coming.value).suggested_filename == f"yihu-dongguan-{DAY}-queue.{kind}"
        await zhao.page.locator(zhao.key("lost-all")).click()
        await expect(zhao.page.locator(".loss").first).to_contain_text("no callback task")
        assert await zhao.page.get_by_role("button", name="Make a callback task").count() == 0, (
            "an auditor changes nothing"
        )
    assert [on for _, on in await house.noted("report_downloaded")] == [f"{DAY}-queue.xlsx", f"{DAY}-queue.csv"]


async def test_an_agent_cannot_open_it(house: ReportHouse, browser: Browser) -> None:
    async with report_page(house, browser, "a1001") as agent:
        await agent.page.goto(f"{house.url}/reports")
        await agent.page.wait_for_url("**/login?next=%2Freports&why=not_your_role")


async def test_what_went_wrong_is_said_with_what_to_do(house: ReportHouse, browser: Browser) -> None:
    async with report_page(house, browser) as chen:
        await chen.page.goto(f"{house.url}/reports#2026-11?compare=week")
        await expect(chen.page.locator(".nothing")).to_contain_text("没有可以对比的时段，请取消对比。")
        await chen.page.goto(f"{house.url}/reports#{DAY}?by=agent")
        await expect(chen.page.locator("tbody th").first).to_contain_text("a1001")
        await expect(chen.page.locator("thead")).not_to_contain_text("接通率")


@pytest.mark.parametrize(
    ("lang", "theme", "size"),
    [
        ("zh", "light", (1366, 768)),
        ("en", "dark", (1366, 768)),
        ("en", "light", (1366, 768)),
        ("zh", "dark", (1920, 1080)),
    ],
)
async def test_it_fits_and_anybody_can_use_it(
    house: ReportHouse, browser: Browser, lang: str, theme: str, size: tuple[int, int]
) -> None:
    async with report_page(house, browser, width=size[0], height=size[1]) as chen:
        await chen.page.add_init_script(f"localStorage.setItem('yihu.theme', '{theme}')")
        for place in (
            f"{DAY}?by=half_hour&compare=before,week",
            f"{DAY}?by=queue&rank=asa&losses=1",
            f"{DAY}?by=agent",
        ):
            await chen.go(place, lang)
            if "losses" in place:
                await expect(chen.page.locator(".loss").first).to_be_visible()
            await settled(chen.page)
            if folder := os.environ.get("YIHU_SHOTS"):
                name = place.partition("by=")[2].partition("&")[0]
                await chen.page.screenshot(path=f"{folder}/rep-{name}-{lang}-{theme}-{size[0]}.png")
            assert await chen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert await chen.page.evaluate("document.documentElement.scrollHeight <= innerHeight")
            if not await chen.page.evaluate("'axe' in window"):
                await chen.page.evaluate(AXE.read_text(encoding="utf-8"))
            found = await chen.page.evaluate(
                "tags => axe.run({runOnly: tags}).then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html)]))",
                TAGS,
            )
            assert found == []
        assert chen.faults == []
