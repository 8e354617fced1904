"""Beside the draft: what is said, who calls, tickets that may be the same; and all of it for who uses other senses."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from cti.settings import PROJECT
from tests.support.browser import settled
from tests.support.draft_page import DraftPage, draft_page
from tests.support.ticket_server import TicketServer, ticket_server

LIGHT = "construction.facilities.street_light"
AXE = PROJECT / ".deps" / "web" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PANELS = ["#story", "#transcript", "#draft"]


def _story(**more: Any) -> dict[str, Any]:
    now = time.time()
    call = {
        "queue": "general",
        "lost_at": None,
        "wait_s": 52.0,
        "talk_s": 60.0,
        "satisfied": None,
        "title": "",
        "ticket": None,
    }
    calls = [
        {**call, "call_id": "a", "at": now - 2 * 86_400, "outcome": "lost", "lost_at": "queue", "title": "路灯"},
        {**call, "call_id": "b", "at": now - 40 * 86_400, "outcome": "answered", "finish": "direct", "satisfied": True,
         "title": "医保异地备案"},
    ]  # fmt: skip
    known = {"name": "王女士", "tags": [], "first_call_at": now - 90 * 86_400, "repeat_7d": 2, "lost_last": None}
    return {**known, "calls": calls, "calls_12m": 3, "tickets": [], "maybe_same": [], **more}


async def _talking(server: TicketServer, desk: DraftPage) -> str:
    ticket = await server.ring()
    await server.answer()
    await desk.expect_state("title", "ask")
    return ticket.id


async def test_a_line_is_replaced_while_it_is_heard_and_then_stands(browser: Browser) -> None:
    """Given words as they are recognised, when a line is final, then nothing that comes later changes it."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        await _talking(server, desk)
        log = desk.page.get_by_role("log")
        await expect(log).to_contain_text("未安装语音识别，请手工填写。")
        await server.say("1", "citizen", "路灯", final=False)
        await server.say("1", "citizen", "路灯坏了", final=False)
        await expect(log.locator(".t-partial .t-said")).to_have_text("路灯坏了")
        await server.say("1", "citizen", "青禾路路灯坏了。", marks={"青禾路": "address"})
        await server.say("1", "citizen", "别的", final=False)
        await server.say("2", "agent", "请问几号？")
        await expect(log.locator(".t-line")).to_have_count(2)
        await expect(log.locator(".t-citizen .t-said")).to_contain_text("青禾路路灯坏了。")
        await expect(log).not_to_contain_text("未安装")


async def test_what_he_said_while_he_waited_is_read_before_he_is_answered(browser: Browser) -> None:
    """Given a citizen who was asked while he waited, when he is offered, then his words are there, once and first, and
    so is what comes of them when the talk has begun; and that nobody listens to the talk is said all the same."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        await server.ring()
        log = desk.page.get_by_role("log")
        await server.say("1", "message", "路灯坏了", marks={"路灯坏了": "matter"})
        await expect(log.locator(".t-line")).to_have_text(re.compile("接通前.*路灯坏了"))
        await expect(desk.page.get_by_text("路灯坏了")).to_have_count(1)
        await server.answer()
        await expect(log).to_contain_text("未安装语音识别，请手工填写。")
        await server.say("2", "agent", "您好")
        await server.say("3", "message", "在青禾路")
        await expect(log.locator(".t-said")).to_contain_text(["路灯坏了", "在青禾路", "您好"])
        await expect(log).not_to_contain_text("未安装")


@pytest.mark.parametrize(
    ("lang", "why", "language", "said"),
    [
        ("zh", "off", "zh-CN", "未安装语音识别，请手工填写。"),
        ("en", "off", "zh-CN", "Speech recognition is not installed; fill in by hand."),
        ("zh", "language", "yue", "粤语座席不提供转写。"),
        ("en", "language", "yue", "No transcript for Cantonese."),
        ("zh", "port", "zh-CN", "语音识别端口被占用，暂无转写；通话不受影响。"),
        ("en", "port", "zh-CN", "The speech port is taken: no transcript for now. The call goes on."),
        ("zh", "flow", "zh-CN", "此线路的流程不允许转写通话，请手工填写。"),
        ("en", "flow", "zh-CN", "This line's flow does not allow a transcript; fill in by hand."),
        ("zh", "busy", "zh-CN", "识别通道已满，通话结束后会补上文字。"),
        ("en", "busy", "zh-CN", "All recognisers are taken; the words follow after the call."),
        ("zh", "lost", "zh-CN", "转写已中断，请手工填写；通话不受影响。"),
        ("en", "lost", "zh-CN", "The transcript has stopped; fill in by hand. The call goes on."),
    ],
)
async def test_why_there_are_no_words_is_said(browser: Browser, lang: str, why: str, language: str, said: str) -> None:
    async with ticket_server() as server, draft_page(browser, server, lang=lang) as desk:
        await server.ring()
        await server.show(server.picture["desk"], {**server.picture["call"], "language": language})
        await server.answer()
        await expect(desk.page.locator("body")).to_have_attribute("data-state", "talking")
        await server.send({"type": "transcript", "call_id": "c1", "why": why, "lines": []})
        await expect(desk.page.locator(".t-none")).to_have_text(said)


async def test_words_and_fields_lead_to_one_another(browser: Browser) -> None:
    """Given a word that says something of a field, when either is chosen, then the other is shown."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        ticket = await _talking(server, desk)
        await server.say("1", "citizen", "青禾路路灯坏了。", marks={"青禾路": "address", "路灯坏了": "matter"})
        await server.fill(ticket, address="青禾路")
        await desk.page.locator("mark", has_text="青禾路").click()
        await desk.expect_focus("address")
        await expect(desk.page.locator("mark.t-on")).to_have_text("青禾路")
        await desk.control("matter").focus()
        await expect(desk.page.locator("mark.t-on")).to_have_text("路灯坏了")


async def test_the_log_stays_where_he_reads(browser: Browser) -> None:
    """Given more words than fit, when he reads further up, then new ones do not move it; a button goes to them."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        await _talking(server, desk)
        for n in range(30):
            await server.say(str(n), "citizen", f"第 {n} 句话，关于青禾路的路灯。")
        log, latest = desk.page.get_by_role("log"), desk.page.locator(".t-latest")
        await expect(log.locator(".t-line")).to_have_count(30)
        await expect(log.locator(".t-line").last).to_be_in_viewport()
        await expect(latest).to_be_hidden()
        await log.evaluate("log => { log.scrollTop = 100; }")
        await expect(latest).to_be_visible()
        await server.say("new", "agent", "最新的一句")
        await expect(log.locator(".t-line")).to_have_count(31)
        assert await log.evaluate("log => log.scrollTop") == 100
        await latest.click()
        await expect(log.locator(".t-line").last).to_be_in_viewport()


async def test_what_is_missing_can_be_asked(browser: Browser) -> None:
    """Given a matter that asks for a number, when nobody has said it, then the question is offered, and leads to the
    field; its place is as high with and without."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        await server.ring()
        box = desk.page.locator(".t-ask")
        await expect(box).to_contain_text("您好，这里是 12345")
        before = await box.bounding_box()
        await server.answer()
        await desk.expect_state("title", "ask")
        await desk.pick("matter", "路灯")
        await box.get_by_role("button", name="灯杆上有编号吗？").click()
        await desk.expect_focus("detail")
        assert await box.bounding_box() == before


async def test_who_calls_and_what_became_of_his_calls(browser: Browser) -> None:
    """Given a caller who was lost last time, when his story comes, then the agent sees it, without anything moving."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        await server.ring()
        await expect(desk.page.locator(".s-steps li")).to_have_count(3)
        before = await desk.page.locator(".s-way").bounding_box()
        await server.tell_story(_story(lost_last={"at": time.time() - 2 * 86_400, "wait_s": 52.0, "queue": "general"}))
        await expect(desk.page.locator(".s-alert")).to_contain_text("前天来电未接通。")
        await expect(desk.page.locator(".s-alert")).to_contain_text("等了 52 秒后挂断，请先致歉。")
        await expect(desk.page.locator(".s-call").nth(0)).to_contain_text("✕ 未接通 · 排队 00:52 挂断")
        await expect(desk.page.locator(".s-call").nth(1)).to_contain_text("✓ 当场答复 · 满意")
        assert await desk.page.locator(".s-way").bounding_box() == before
        await server.idle()
        await server.ring("c2", phone="")
        await expect(desk.page.locator(".s-past")).to_contain_text("号码未显示")


async def test_a_duplicate_is_found_while_he_writes_and_joined(browser: Browser) -> None:
    """Given an open ticket of somebody else about the same place, when he writes of it, then it is shown; joined, both
    know of it, and that can be undone."""
    async with ticket_server() as server:
        texts = {
            "title": "青禾路公交站路灯不亮",
            "content": "青禾路公交站一带路灯不亮好几天了",
            "address": "青禾路公交站",
        }
        other = await server.other_ticket("c0", type="help", matter=LIGHT, **texts)
        async with draft_page(browser, server) as desk:
            ticket = await _talking(server, desk)
            await desk.pick("matter", "路灯")
            await desk.write("address", "青禾路公交站")
            await desk.write("content", "青禾路公交站的路灯不亮")
            card = desk.page.locator(".s-like")
            await expect(card).to_contain_text(other.id)
            await card.get_by_role("button", name="关联并单").click()
            await expect(card).to_contain_text(f"已关联 {other.id}")
            await desk.expect_value("related", other.id)
            await desk.expect_saved()
            assert [(one.id, one.kind) for one in (await server.of(other.id)).related] == [(ticket, "same")]
            await desk.control("content").focus()
            await desk.press("Control+ArrowDown")
            await desk.control("content").focus()
            await desk.press("Control+z")
            await desk.expect_value("related", "")
            assert [one.kind for one in (await server.of(other.id)).related] == ["different"]


async def test_another_matter_is_not_shown_again(browser: Browser) -> None:
    """Given two tickets that look alike, when one is said to be another matter, then the other takes its place."""
    async with ticket_server() as server:
        same = {"type": "help", "matter": LIGHT, "address": "青禾路公交站"}
        for n in (1, 2):
            await server.other_ticket(f"c-{n}", **same, title=f"路灯 {n}", content="青禾路公交站一带路灯不亮好几天了")
        async with draft_page(browser, server) as desk:
            await _talking(server, desk)
            await desk.pick("matter", "路灯")
            await desk.write("address", "青禾路公交站")
            await desk.write("content", "青禾路公交站路灯不亮")
            title, count = desk.page.locator(".s-like-title"), desk.page.locator(".s-count")
            await expect(count).to_have_text("1 / 2")
            first = await title.text_content()
            await desk.page.get_by_role("button", name="下一件").click()
            await expect(title).not_to_have_text(first or "")
            await desk.page.get_by_role("button", name="不是同一件").click()
            await expect(title).to_have_text(first or "")
            await expect(count).to_have_text("1")


@pytest.mark.parametrize(("lang", "theme"), [("zh", "light"), ("en", "light"), ("zh", "dark")])
async def test_nothing_keeps_anybody_out(browser: Browser, lang: str, theme: str) -> None:
    """Given the panels in each of their states, when axe looks at them, then it finds nothing."""
    async with ticket_server() as server, draft_page(browser, server, lang=lang) as desk:
        await desk.page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        await desk.page.evaluate(AXE.read_text(encoding="utf-8"))

        async def look(state: str) -> None:
            await settled(desk.page)
            found = await desk.page.evaluate(
                "([include, tags]) => axe.run({include}, {runOnly: tags, resultTypes: ['violations']})"
                ".then(r => r.violations.map(v => `${v.id}: ${v.nodes.map(n => n.target).join(' ')}`))",
                [PANELS, TAGS],
            )
            assert found == [], state

        await look("idle")
        ticket = await server.ring(name="王女士", street="dongcheng.zhushan")
        await server.tell_story(_story(lost_last={"at": time.time() - 90_000, "wait_s": 52.0, "queue": "general"}))
        await expect(desk.page.locator(".s-call").first).to_be_visible()
        await look("offered")
        await server.answer()
        await server.say("1", "citizen", "青禾路路灯坏了，老人摔了。", marks={"青禾路": "address", "老人摔了": "risk"})
        await server.say("2", "agent", "几号", final=False)
        await server.fill(
            ticket.id, type=("help", 0.95), matter=(LIGHT, 0.75), address=("青禾路", 0.6), urgency="urgent"
        )
        await desk.expect_state("address", "check")
        await look("talking")
        await desk.control("matter").click()
        await expect(desk.page.locator("#d-choices")).to_be_visible()
        await look("choices")
        await desk.press("Escape", "Control+Enter")
        await expect(desk.page.locator(".d-notice")).to_be_visible()
        await look("faults")
        await desk.write("title", "路灯")
        await desk.expect_saved()
        await server.colleague(ticket.id, "title", "青禾路路灯")
        await expect(desk.page.locator(".d-notice.d-warn")).to_be_visible()
        await look("conflict")
        await desk.press("F10")
        await look("finishes")
        assert not desk.faults


async def test_the_rest_stands_still_while_things_happen(browser: Browser) -> None:
    """Given a talk, when words, fills and a story come, then nothing that is on the page moves."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        ticket = await _talking(server, desk)
        await desk.page.evaluate(
            """window.moved = []; new PerformanceObserver(list => {
                for (const entry of list.getEntries()) {
                    const mine = entry.sources.filter(one => one.node?.closest?.('#story, #transcript, #draft'));
                    if (!entry.hadRecentInput && mine.length) moved.push(mine.map(one => one.node.className));
                }
            }).observe({type: 'layout-shift'})"""
        )
        await server.tell_story(_story(lost_last={"at": time.time() - 90_000, "wait_s": 52.0, "queue": "general"}))
        await server.fill(
            ticket, type="help", matter=(LIGHT, 0.9), address="青禾路", content="路灯坏了", urgency="urgent"
        )
        for n in range(6):
            await server.say(str(n), "citizen", "青禾路", final=False)
            await server.say(str(n), "citizen", f"第 {n} 句话，关于青禾路的路灯。")
        await server.fill(ticket, address=("青禾路 16 号，公交站旁边", 0.95), title="路灯")
        await desk.expect_value("title", "路灯")
        await expect(desk.page.locator(".t-line")).to_have_count(6)
        await desk.page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done, 100)))")
        assert await desk.page.evaluate("moved") == []
