"""The supervisor's desk in a real browser: the seat map, who needs help, every intervention, by mouse and by keys."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from cti.settings import PROJECT
from tests.support.admin_desk import AdminHouse, admin_page
from tests.support.browser import settled
from tests.support.fake_floor import FakeFloor, FloorPage, floor_page

AXE = PROJECT / ".deps" / "web" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LIMIT_MS = 15_000
COUNT_CHANGES = """() => {
  window.touched = new Set();
  new MutationObserver((changes) => changes.forEach(({ target }) => {
    const cell = (target instanceof Element ? target : target.parentElement).closest('.zones .cell');
    if (cell) window.touched.add(cell.dataset.seat);
  })).observe(document.querySelector('.zones'),
    { subtree: true, childList: true, attributes: true, characterData: true });
}"""
NAMED = """
  .figure, .act b, .act small, .filter span, .forcing button, .panel > h2 > span, .statusline button, .queue-list b,
  .queue-list strong, .running span, .zone em, .top .out"""
CUT = """(named) => [...document.querySelectorAll(named)].filter((one) => one.offsetParent
  && one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline')
  .map((one) => one.textContent)"""
FAULTS = """(tags) => axe.run({ runOnly: tags, resultTypes: ['violations'] }).then((found) => found.violations.map(
  (one) => `${one.id} (${one.impact}): `
    + one.nodes.slice(0, 3).map((node) => `${node.target} ${node.failureSummary}`).join(' | ')))"""


@pytest_asyncio.fixture
async def floor() -> AsyncIterator[FakeFloor]:
    async with _busy().open() as opened:
        yield opened


def _busy(seats: int = 300) -> FakeFloor:
    """A floor in which A05 talks, A06 is idle, A07 is on a break, and A08's telephone is gone."""
    made, now = FakeFloor(seats), time.time()
    talk = {"call_id": "c5", "phase": "talk", "queue": "general", "since": now - 65, "number": "138****5678"}
    fields = {"state": "talking", "status": "ready", "call_id": "c5", "talk": talk, "state_since": now - 65}
    nothing: dict[str, Any] = {"call_id": None, "talk": None, "held_back": [], "reason": ""}
    made.seats["a1005"] |= {**fields, "name": "欧阳静", "reason": ""}
    made.seats["a1006"] |= {**nothing, "state": "idle", "status": "ready", "state_since": now - 5}
    made.seats["a1007"] |= {
        **nothing,
        "state": "not_ready",
        "status": "break",
        "reason": "meal",
        "state_since": now - 5,
    }
    made.seats["a1008"] |= {**nothing, "state": "not_ready", "status": "ready", "held_back": ["phone_away"]}
    made.queues["general"] |= {"waiting": 12, "longest_since": now - 41}
    made.alert("1", "a1008 话机离线 40 秒", "a1008: phone offline 40 s", "critical", 20, "a1008")
    made.alert("2", "综合 最长等待 00:48", "General: longest wait 00:48", "warning", 60, "general")
    made.transcript = {
        "segments": [{"began_at": 0, "lines": [{"side": "citizen", "start_s": 1, "text": "路灯不亮好几天了"}]}]
    }
    made.publish()
    return made


async def listening(chen: FloorPage, seat: str = "A05") -> None:
    """On the telephone on his desk."""
    await chen.cell(seat).click()
    await chen.page.uncheck(".via [type=checkbox]")
    await chen.page.fill("#via", "8001")
    await chen.page.locator("#detail").focus()
    await chen.page.keyboard.press("l")
    await expect(chen.page.locator(".running")).to_contain_text("已接通")


# Seeing


async def test_a_seat_says_what_it_is_by_letter_shape_and_word(floor: FakeFloor, browser: Browser) -> None:
    async with floor_page(floor, browser) as chen:
        await chen.go()
        for seat, kind, letter in (("A05", "talking", "话"), ("A06", "ready", "闲"), ("A07", "break", "休")):
            await expect(chen.cell(seat)).to_have_class(f"cell {kind}")
            await expect(chen.cell(seat).locator("b")).to_have_text(letter)
        await expect(chen.cell("A08")).to_have_class("cell fault")
        await expect(chen.cell("A05")).to_have_attribute("aria-label", "话05，A05，a1005 欧阳静，通话")
        await expect(chen.page.locator('[data-figure="rate"]')).to_contain_text("92.4%8,214 / 8,889")
        await expect(chen.page.locator('[data-figure="seats"]')).to_contain_text("需 258，缺 10")
        await expect(chen.page.locator('[data-queue="general"]')).to_contain_text("等待 12")
        await expect(chen.page.locator('[data-queue="general"] .longest')).to_contain_text("▲")

        await chen.cell("A05").click()
        detail = chen.page.locator("#detail")
        await expect(detail.locator(".name")).to_have_text("欧阳静")
        await expect(detail.locator(".facts")).to_contain_text("138****5678，综合")
        await expect(detail.locator(".said")).to_contain_text("路灯不亮好几天了")
        await expect(detail.locator(".times")).to_contain_text("通话 1:43:00")
        await chen.cell("A08").click()
        await expect(detail.locator(".state")).to_have_text("系统显示空闲，但话机不在线")
        await chen.cell("A07").click()
        await expect(detail.locator(".state")).to_have_text("小休（用餐）")
        forced = {"status": "break", "by": "chen", "why": "培训", "at": floor.now}
        floor.change("a1007", reason="forced", forced=forced)
        await expect(detail.locator(".state")).to_have_text("小休 · chen 设置：培训")
        assert chen.faults == []


async def test_only_the_seat_that_changed_is_touched(browser: Browser) -> None:
    async with _busy(450).open() as floor, floor_page(floor, browser) as chen:
        await chen.go()
        assert await chen.page.locator(".row .cell:not(.empty)").count() == 450
        await chen.page.evaluate(COUNT_CHANGES)
        floor.change("a1006", state="offered")
        await expect(chen.cell("A06")).to_have_class("cell offered")
        touched = await chen.page.evaluate("[...window.touched]")
        ticking = await chen.page.evaluate("document.querySelectorAll('.row .cell[data-over]').length")
        # The bar of another moves by a step now and then: a few seats in a second, never all.
        assert "A06" in touched
        assert len(touched) < 60, (len(touched), ticking)


async def test_nothing_is_shifted_while_calls_come_and_go(floor: FakeFloor, browser: Browser) -> None:
    async with floor_page(floor, browser) as chen:
        await chen.go()
        await chen.cell("A05").click()
        await expect(chen.page.locator(".said")).to_contain_text("路灯")
        await chen.page.evaluate(
            """() => {
              window.shifted = 0;
              new PerformanceObserver((list) => list.getEntries().forEach((one) => (window.shifted += one.value)))
                .observe({ type: 'layout-shift' });
            }"""
        )
        for n, state in enumerate(("offered", "talking", "wrap_up", "idle") * 3):
            floor.queues["general"] = {**floor.queues["general"], "waiting": 7 + n}
            floor.change(f"a10{20 + n}", state=state, status="ready", talk=floor.seats["a1005"]["talk"])
            await expect(chen.page.locator('[data-queue="general"] strong')).to_have_text(f"等待 {7 + n}")
        assert await chen.page.evaluate("window.shifted") == 0


async def test_seats_are_found_by_words_states_and_skills(floor: FakeFloor, browser: Browser) -> None:
    async with floor_page(floor, browser) as chen:
        await chen.go()
        page = chen.page
        await page.keyboard.press("/")
        await expect(page.locator(".search")).to_be_focused()
        await page.keyboard.type("欧阳静 通话")
        await expect(page.locator(".found")).to_have_text("找到 1 席")
        await expect(chen.cell("A06")).to_have_class("cell ready dim")
        await page.keyboard.press("Enter")
        await expect(page.locator("#detail")).to_be_focused()
        await expect(page.locator("#detail .name")).to_have_text("欧阳静")
        await page.fill(".search", "nobody is called so")
        await expect(page.locator(".found")).to_have_text("没有符合条件的座席。")
        await page.get_by_role("button", name="清除筛选").click()
        await expect(page.locator(".cell.dim")).to_have_count(0)
        await page.click('.filter[data-kind="fault"]')
        await expect(page.locator(".found")).to_have_text("找到 1 席")
        await page.click('.filter[data-kind="fault"]')
        await page.select_option("#skill", "english")
        await expect(page.locator(".found")).to_contain_text("找到")


async def test_when_the_server_falls_silent_the_page_says_so_and_time_stands(
    floor: FakeFloor, browser: Browser
) -> None:
    async with floor_page(floor, browser) as chen:
        await chen.go()
        await chen.cell("A05").click()
        floor.fall_silent()
        await expect(chen.page.locator(".stopped")).to_contain_text("数据停在", timeout=LIMIT_MS)
        await expect(chen.page.locator('[data-queue="general"] .longest')).to_contain_text("至少")
        shown = await chen.page.locator("#detail .time").first.text_content()
        await expect(chen.page.locator(".stopped")).to_contain_text("（12 秒前）", timeout=LIMIT_MS)
        assert await chen.page.locator("#detail .time").first.text_content() == shown


# Acting


async def test_listening_whispering_and_barging_in_by_keys(floor: FakeFloor, browser: Browser) -> None:
    async with floor_page(floor, browser) as chen:
        await chen.go()
        page = chen.page
        await listening(chen)
        assert floor.bodies("POST", "/api/supervision") == [
            {"agent": "a1005", "mode": "listen", "via": "8001", "why": ""}
        ]
        await page.locator("#detail").focus()
        await page.keyboard.press("w")
        await expect(page.locator('[data-act="whisper"]')).to_have_attribute("aria-pressed", "true")
        await page.locator("#detail").focus()
        await page.keyboard.press("b")
        await expect(page.locator(".reason .text")).to_contain_text("市民会听到您")
        await page.keyboard.press("Enter")
        await expect(page.locator(".reason .error")).to_have_text("请填写原因。")
        await page.keyboard.type("坐席求助")
        await page.keyboard.press("Enter")
        await expect(page.locator('[data-act="barge"]')).to_have_attribute("aria-pressed", "true")
        assert floor.bodies("PATCH", "/api/supervision/s1") == [
            {"mode": "whisper", "why": ""},
            {"mode": "barge", "why": "坐席求助"},
        ]
        await page.keyboard.press("Shift+F2")
        await expect(page.locator(".running")).to_contain_text("无")
        await expect(page.locator(".done")).to_contain_text("强插 a1005 欧阳静 的通话")
        assert chen.faults == []


async def test_a_call_is_taken_over_only_by_who_is_in_it(floor: FakeFloor, browser: Browser) -> None:
    async with floor_page(floor, browser) as chen:
        await chen.go()
        page = chen.page
        await chen.cell("A05").click()
        await expect(page.locator('[data-act="take_over"]')).to_have_attribute("title", "请先监听并接通，再接管。")
        await listening(chen)
        await page.keyboard.press("t")
        await page.fill(".reason .field", "坐席离席")
        await page.keyboard.press("Enter")
        await expect(page.locator(".done")).to_contain_text("接管")
        assert floor.bodies("POST", "/api/supervision/s1/take-over") == [{"why": "坐席离席"}]


async def test_a_supervision_that_ends_elsewhere_ends_here(floor: FakeFloor, browser: Browser) -> None:
    async with floor_page(floor, browser) as chen:
        await chen.go()
        await listening(chen)
        floor.supervisions.clear()
        await expect(chen.page.locator(".running")).to_contain_text("无", timeout=LIMIT_MS)
        await chen.cell("A06").click()
        await expect(chen.page.locator('[data-act="listen"]')).to_have_attribute("aria-disabled", "true")


async def test_an_agent_is_forced_with_a_reason_and_lent_skills(floor: FakeFloor, browser: Browser) -> None:
    async with floor_page(floor, browser) as chen:
        await chen.go()
        page = chen.page
        await chen.cell("A05").click()
        await page.click('[data-force="break"]')
        await expect(page.locator(".reason .text")).to_have_text("将 a1005 欧阳静 置为小休？当前通话不受影响。")
        await page.keyboard.type("培训")
        await page.keyboard.press("Enter")
        await expect(page.locator(".done")).to_contain_text("将 a1005 欧阳静 置忙：培训")
        assert floor.bodies("POST", "/api/agents/a1005/force") == [{"status": "break", "why": "培训"}]
        await page.click('[data-force="skills"]')
        await page.select_option("#skill-general", "0")
        await page.select_option("#skill-english", "4")
        await page.get_by_role("button", name="今日生效").click()
        await expect(page.locator(".done")).to_contain_text("今日技能")
        (body,) = floor.bodies("PUT", "/api/agents/a1005/skills-today")
        assert body["skills"]["english"] == 4
        assert "general" not in body["skills"]
        floor.change("a1005", skills_today={"until": time.time() + 60, "by": "chen", "own": {"general": 3}})
        await page.get_by_role("button", name="恢复原技能").click()
        await expect(page.locator(".done")).to_contain_text("恢复 a1005 欧阳静 的技能")
        assert len(floor.bodies("DELETE", "/api/agents/a1005/skills-today")) == 1


async def test_a_refusal_is_said_in_words(floor: FakeFloor, browser: Browser) -> None:
    floor.refusing["/api/supervision"] = (409, "no_talk")
    async with floor_page(floor, browser) as chen:
        await chen.go()
        await chen.cell("A05").click()
        await chen.page.uncheck(".via [type=checkbox]")
        await chen.page.fill("#via", "8001")
        await chen.page.click('[data-act="listen"]')
        await expect(chen.page.locator(".statusline .note")).to_have_text("通话已经结束。")
        await expect(chen.page.locator(".running")).to_contain_text("无")


async def test_alerts_do_not_move_under_the_hand_and_are_acknowledged(floor: FakeFloor, browser: Browser) -> None:
    async with floor_page(floor, browser) as chen:
        await chen.go()
        page = chen.page
        rows = page.locator(".alert-list li")
        await expect(rows).to_have_count(2)
        await expect(rows.first).to_contain_text("a1008 话机离线")
        await rows.nth(1).hover()
        floor.alert("3", "录音盘剩余 5%", "5 % of the disk left", "critical", -5)
        floor.publish()
        await expect(page.locator(".more")).to_have_text("有 1 条新告警")
        await expect(rows).to_have_count(2)
        await page.click(".more")
        await expect(rows.first).to_contain_text("录音盘")
        await page.locator('[data-alert="1"]').get_by_role("button", name="查看").click()
        await expect(page.locator("#detail h2 span")).to_have_text("A08")
        await page.keyboard.press("F8")
        await expect(page.locator('[data-key="ack-3"]')).to_be_focused()
        await page.keyboard.press("Enter")
        await page.keyboard.type("已换盘")
        await page.keyboard.press("Enter")
        await expect(page.locator('[data-alert="3"]')).to_contain_text("chen 已确认：已换盘")
        assert floor.bodies("POST", "/api/alerts/3/acknowledge") == [{"note": "已换盘"}]


async def test_a_message_goes_out_and_says_who_has_read_it(floor: FakeFloor, browser: Browser) -> None:
    async with floor_page(floor, browser) as chen:
        await chen.go()
        page = chen.page
        await page.keyboard.press("F2")
        await page.keyboard.type("青禾路停水，")
        await page.keyboard.press("Escape")
        await chen.cell("A05").click()
        await page.keyboard.press("F2")
        await expect(page.locator("#message")).to_have_value("青禾路停水，")
        await page.locator("#message").press("End")
        await page.keyboard.type("预计 18 时恢复")
        await page.get_by_label("紧急").check()
        await page.keyboard.press("Control+Enter")
        await expect(page.locator(".sent li").first).to_contain_text("已读")
        await expect(page.locator(".sent .missing").first).to_contain_text("未读：")
        await page.get_by_label("所选：a1005 欧阳静").check()
        await page.fill("#message", "请收尾")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator(".sent li")).to_have_count(2)
        first, second = floor.bodies("POST", "/api/broadcast")
        assert first == {"text": "青禾路停水，预计 18 时恢复", "to": "all", "urgent": True}
        assert second["to"] == {"agents": ["a1005"]}


async def test_rungs_notices_and_guests_are_switched(floor: FakeFloor, browser: Browser) -> None:
    async with floor_page(floor, browser) as chen:
        await chen.go()
        page = chen.page
        await page.keyboard.press("F4")
        ladder = page.get_by_role("radiogroup", name="缩短提示音")
        await ladder.get_by_role("radio", name="开").click()
        await expect(ladder.get_by_role("radio", name="开")).to_have_attribute("aria-checked", "true")
        assert floor.bodies("POST", "/api/surge/short_prompts") == [{"mode": "on"}]
        await page.fill("#notice-name", "water_main")
        await page.fill("#notice-prompt", "notice_water")
        await page.get_by_role("button", name="播放").click()
        await expect(page.locator(".up").first).to_contain_text("water_main")
        await expect(page.locator('[data-panel="city"]')).to_contain_text("应急阶梯 1 · 专题通知 1")
        await page.get_by_role("button", name="撤下").click()
        await expect(page.locator(".up").first).to_contain_text("没有播放中的专题通知")
        await page.get_by_label("12345 的模式").select_option("zero_menu")
        await page.get_by_role("button", name="切换").click()
        await page.get_by_role("button", name="恢复").click()
        await expect(page.get_by_label("12345 的模式")).to_be_visible()
        assert floor.bodies("PUT", "/api/flow-modes/12345") == [{"mode": "zero_menu", "minutes": 60}]
        assert len(floor.bodies("DELETE", "/api/flow-modes/12345")) == 1
        await page.keyboard.press("Escape")
        await page.keyboard.press("F6")
        await page.get_by_role("button", name="预约").click()
        await expect(page.locator(".guests .error")).to_have_text("请填写来宾。")
        await page.fill("#guest-name", "王主任")
        await page.fill("#guest-number", "139 0000 0001")
        await page.get_by_role("button", name="预约").click()
        await expect(page.locator(".up")).to_contain_text("王主任")
        (plan,) = floor.bodies("POST", "/api/guest-listens")
        assert (plan["number"], plan["until"] - plan["from"]) == ("13900000001", 1800)
        await expect(page.locator(".up")).not_to_contain_text("13900000001")


# The layout


async def test_seats_are_dragged_and_stay_where_they_were_put(floor: FakeFloor, browser: Browser) -> None:
    async with floor_page(floor, browser) as chen:
        await chen.go()
        await chen.page.get_by_role("button", name="调整布局").click()
        await chen.cell("A05").drag_to(chen.cell("B10"))
        await expect(chen.cell("B10")).to_have_attribute("aria-label", "话10，B10，a1005 欧阳静，通话")
        await chen.page.get_by_label("A 区的名称").fill("综合一班")
        await chen.page.keyboard.press("F9")
        await expect(chen.page.locator(".zone h3").first).to_contain_text("综合一班")
        await chen.page.reload()
        await expect(chen.cell("B10")).to_have_attribute("aria-label", "话10，B10，a1005 欧阳静，通话")
        await expect(chen.page.locator(".zone h3").first).to_contain_text("综合一班")


async def test_the_whole_work_is_done_without_a_mouse(floor: FakeFloor, browser: Browser) -> None:
    async with floor_page(floor, browser) as chen:
        await chen.go()
        page = chen.page
        await chen.cell("A01").focus()
        for key in ("ArrowRight", "ArrowDown", "ArrowUp", "ArrowRight", "ArrowRight", "ArrowRight"):
            await page.keyboard.press(key)
        await expect(chen.cell("A05")).to_be_focused()
        assert await page.locator('.row .cell[tabindex="0"]').count() == 1
        await expect(page.locator(".tip")).to_contain_text("A05 · a1005 欧阳静 · 通话 01:")
        await page.keyboard.press("Enter")
        await expect(page.locator("#detail")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(chen.cell("A05")).to_be_focused()
        # Picked up, carried, put down.
        await page.keyboard.press("F9")
        await page.keyboard.press("Enter")
        await expect(chen.cell("A05")).to_have_class("cell talking chosen carried")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await expect(chen.cell("A25")).to_have_attribute("aria-label", "话25，A25，a1005 欧阳静，通话")
        await page.keyboard.press("Enter")
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("Escape")
        await expect(chen.cell("A25")).to_have_attribute("aria-label", "话25，A25，a1005 欧阳静，通话")
        await page.keyboard.press("F9")
        await page.keyboard.press("F1")
        await expect(page.locator(".keys-sheet")).to_contain_text("监听")
        await page.keyboard.press("Escape")
        await expect(page.locator(".keys-sheet")).to_have_count(0)
        assert chen.faults == []


# For everybody


async def _violations(page: Page) -> list[str]:
    await settled(page)
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text(encoding="utf-8"))
    return list(await page.evaluate(FAULTS, TAGS))


@pytest.mark.skipif(not AXE.exists() and not os.environ.get("CI"), reason="axe-core is not installed")
@pytest.mark.parametrize(("lang", "theme"), list(product(("zh", "en"), ("light", "dark"))))
async def test_axe_finds_nothing(floor: FakeFloor, browser: Browser, lang: str, theme: str) -> None:
    async with floor_page(floor, browser) as chen:
        await chen.page.add_init_script(f"localStorage.setItem('yihu.theme', '{theme}')")
        await chen.go(lang)
        await chen.cell("A05").click()
        await chen.page.locator(".day-bar .cell").first.wait_for()
        found = {"page": await _violations(chen.page)}
        for key in ("F1", "F2", "F4", "F6"):
            await chen.page.keyboard.press(key)
            await chen.page.locator(".popover").wait_for()
            found[key] = await _violations(chen.page)
            await chen.page.keyboard.press("Escape")
        await chen.page.fill(".search", "A05")
        found["search"] = await _violations(chen.page)
        assert {place: faults for place, faults in found.items() if faults} == {}


@pytest.mark.parametrize(("lang", "size"), list(product(("zh", "en"), ((1366, 768), (1920, 1080)))))
async def test_it_fits_a_small_laptop_and_a_large_screen(browser: Browser, lang: str, size: tuple[int, int]) -> None:
    async with _busy(450).open() as floor, floor_page(floor, browser, *size) as chen:
        await chen.go(lang)
        await chen.cell("A05").click()
        await chen.page.locator(".day-bar .cell").first.wait_for()
        assert await chen.page.evaluate("[document.body.scrollWidth, document.body.scrollHeight]") == list(size)
        assert await chen.page.evaluate(CUT, NAMED) == []
        figures = chen.page.locator(".figures")
        assert await figures.evaluate("one => one.scrollWidth <= one.clientWidth")
        assert chen.faults == []


async def test_the_language_changes_without_a_reload(floor: FakeFloor, browser: Browser) -> None:
    async with floor_page(floor, browser) as chen:
        await chen.go()
        await chen.cell("A05").click()
        await chen.page.get_by_role("button", name="EN", exact=True).click()
        await expect(chen.cell("A05").locator("b")).to_have_text("T")
        await expect(chen.page.locator("#map h2 span")).to_have_text("Seat map")
        await expect(chen.page.locator('[data-alert="1"]')).to_contain_text("phone offline 40 s")
        await expect(chen.page.locator("html")).to_have_attribute("lang", "en")


async def test_an_administrator_sees_all_and_listens_to_nobody(browser: Browser) -> None:
    floor = _busy()
    floor.roles = ("administrator",)
    async with floor.open(), floor_page(floor, browser) as li:
        await li.go()
        await li.cell("A05").click()
        await expect(li.page.locator('[data-act="listen"]')).to_have_attribute("title", "监听只限班长。")
        assert not any(path.startswith(("/api/supervision", "/api/calls")) for _, path, _ in floor.asked)
        assert li.faults == []


async def test_an_agents_account_is_refused(tmp_path: Path, browser: Browser) -> None:
    async with AdminHouse(tmp_path).open() as house, admin_page(house, browser, "a1001") as agent:
        await agent.page.goto(f"{house.url}/supervisor")
        await agent.page.wait_for_url("**/login?next=/supervisor&why=not_your_role")
        assert await agent.page.locator(".zones").count() == 0
