"""The end of a ticket: what is missing is said, every way to finish has a key, and what was sent can be called back."""

from __future__ import annotations

import time

from playwright.async_api import Browser, expect

from cti.tickets.model import Value
from tests.support.draft_page import DraftPage, draft_page
from tests.support.ticket_server import ME, TicketServer, ticket_server

FINISH_WRAP_UP = ("POST", f"/api/agents/{ME}/finish-wrap-up")
ALL: dict[str, Value | tuple[Value, float]] = {
    "type": "help",
    "matter": "construction.facilities.road",
    "street": "dongcheng",
    "address": "青禾路",
    "title": "路面破损",
    "content": "路面有坑",
}


async def _talking(server: TicketServer, desk: DraftPage) -> str:
    ticket = await server.ring()
    await server.answer()
    await desk.expect_state("title", "ask")
    return ticket.id


async def _ready_to_send(server: TicketServer, desk: DraftPage) -> str:
    """All that a ticket needs is there and confirmed."""
    ticket = await _talking(server, desk)
    await server.fill(ticket, **ALL)
    await desk.expect_state("content", "check")
    await desk.control("content").focus()
    for _ in range(len(ALL) + 1):
        await desk.press("Enter")
    await desk.expect_state("content", "confirmed")
    await desk.expect_saved()
    return ticket


async def test_what_is_missing_is_listed_and_leads_there(browser: Browser) -> None:
    """Given a ticket half done, when Ctrl+Enter is pressed, then what is missing and what nobody confirmed is listed,
    the first has the focus, and each goes from the list when it is done."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        ticket = await _talking(server, desk)
        await server.fill(ticket, **{**ALL, "street": None, "title": None})
        await desk.expect_state("content", "check")
        await desk.press("Control+Enter")
        listed = desk.page.locator(".d-fault-list")
        await expect(listed.nth(0)).to_have_text("还差 2 项：街道/社区标题")
        await expect(listed.nth(1)).to_have_text("还有 4 项待确认：诉求类型事项分类详细地址诉求内容")
        await desk.expect_focus("type")
        await expect(desk.page.locator("#d-title-fault")).to_have_text("请填写标题")
        await desk.press("Enter", "Enter")
        await expect(listed.nth(1)).to_have_text("还有 2 项待确认：详细地址诉求内容")
        await listed.nth(0).get_by_role("button", name="标题").click()
        await desk.expect_focus("title")
        assert (await server.of(ticket)).state == "draft"
        assert ("POST", f"/api/tickets/{ticket}/submit") not in server.requests


async def test_submitted_and_called_back(browser: Browser) -> None:
    """Given a submitted ticket, when it is called back in time, then it is a draft that he goes on with."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        ticket = await _ready_to_send(server, desk)
        await desk.press("Control+Enter")
        gone = desk.page.locator(".d-notice.d-good")
        await expect(gone).to_contain_text(f"{ticket} 已办理：转办")
        await expect(gone).to_contain_text("秒内可撤回")
        assert (await server.of(ticket)).state == "submitted"
        await expect(desk.control("title")).not_to_be_editable()
        await gone.get_by_role("button", name="撤回").click()
        await expect(desk.control("title")).to_be_editable()
        await expect(gone).to_have_count(0)
        assert (await server.of(ticket)).state == "draft"
        assert not desk.faults


async def test_submitting_ends_the_wrap_up(browser: Browser) -> None:
    """Given the talk is over, when the ticket is submitted, then the desk is ready; it can still be called back."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        ticket = await _ready_to_send(server, desk)
        await server.hang_up()
        await expect(desk.page.locator(".d-id")).to_have_text(ticket)
        await desk.press("Control+Enter")
        await expect(desk.page.locator(".d-todo")).to_be_visible()
        assert server.ready
        assert server.requests.index(("POST", f"/api/tickets/{ticket}/submit")) < server.requests.index(FINISH_WRAP_UP)
        await desk.page.locator(".d-notice.d-good").get_by_role("button", name="撤回").click()
        await expect(desk.page.locator(".d-id")).to_have_text(ticket)
        await desk.expect_value("title", "路面破损")


async def test_the_button_that_ends_the_wrap_up_submits_first(browser: Browser) -> None:
    """Given something missing in the wrap-up, when the red button is pressed, then it is said; he may keep the draft
    for later, and finds it while nobody calls."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        ticket = await _talking(server, desk)
        await desk.write("title", "路面破损")
        await server.hang_up()
        end = desk.page.locator(".act.end")
        await expect(end).to_contain_text("完成")
        notice = desk.page.locator(".d-notice.d-bad")
        while not await notice.is_visible():  # for a moment after it has changed its meaning it does nothing
            await end.click()
        assert not server.ready
        await notice.get_by_role("button", name="先存草稿，完成整理").click()
        await expect(desk.page.locator(".d-todo li")).to_contain_text("路面破损")
        assert server.ready
        await desk.page.get_by_role("button", name=f"继续填写 {ticket}").click()
        await desk.expect_value("title", "路面破损")
        assert await desk.focused() is not None


async def test_a_wrap_up_that_finds_something_missing_is_made_longer_once(browser: Browser) -> None:
    """Given a draft that he has begun, when the wrap-up runs out, then it is longer by itself, once, and says why."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        await _talking(server, desk)
        await desk.write("title", "路面破损")
        await server.hang_up(wrap_up_s=2.0)
        await expect(desk.page.locator(".message")).to_have_text("还差 3 项，已延长 30 秒。")
        assert server.extended == 1
        row = server.picture["desk"]
        await server.show({**row, "wrap_up": {**row["wrap_up"], "until": time.time() + 1}}, None)
        await expect(desk.page.locator(".time")).to_contain_text("00:00")
        assert server.extended == 1


async def test_every_finish_has_a_key(browser: Browser) -> None:
    """Given a call with nobody on the line, when the list of finishes is opened and its key pressed, then the ticket is
    closed with that code."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        ticket = await _talking(server, desk)
        await desk.press("F10")
        menu = desk.page.get_by_role("menu")
        items = await menu.get_by_role("menuitem").all_text_contents()
        assert len(items) == len({item[0] for item in items}) <= 15
        await desk.press("Escape")
        await expect(menu).to_be_hidden()
        await desk.press("F10", next(item[0] for item in items if item.endswith("无声来电")))
        await expect(desk.page.locator(".d-notice.d-good")).to_contain_text("无声来电")
        assert (await server.of(ticket)).finish == "silent"


async def test_a_refusal_needs_its_reason(browser: Browser) -> None:
    """Given a request that is not accepted, when that is chosen, then a reason is asked for and goes with it."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        ticket = await _talking(server, desk)
        await desk.choose_type("3")
        await desk.write("content", "已经起诉")
        await desk.press("F10")
        menu = desk.page.get_by_role("menu")
        await menu.get_by_role("menuitem", name="不予受理").press("Enter")
        await expect(menu).to_have_attribute("aria-label", "不予受理的理由")
        await desk.press("2")
        await expect(desk.page.locator(".d-notice.d-good")).to_contain_text("不予受理")
        sent = await server.of(ticket)
        assert (sent.finish, sent.reason) == ("not_accepted", "court")


async def test_answered_at_once(browser: Browser) -> None:
    """Given a question that he has answered, when the button for it is pressed, then the ticket is closed so."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        ticket = await _talking(server, desk)
        await desk.choose_type("1")
        await desk.pick("matter", "挪车")
        await desk.write("content", "怎么挪车")
        await desk.page.get_by_role("button", name="当场答复").click()
        await expect(desk.page.locator(".d-notice.d-good")).to_contain_text("当场答复")
        assert (await server.of(ticket)).finish == "direct"


async def test_without_a_server_nothing_is_submitted_and_that_is_said(browser: Browser) -> None:
    """Given a lost server, when he submits, then it is said that nothing was submitted; tried again, it is."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        ticket = await _ready_to_send(server, desk)
        server.away = True
        await desk.press("Control+Enter")
        notice = desk.page.locator(".d-notice.d-bad")
        await expect(notice).to_contain_text("没有连上服务器，尚未提交。文字已存在本机。")
        server.away = False
        await notice.get_by_role("button", name="再试").click()
        await expect(desk.page.locator(".d-notice.d-good")).to_be_visible()
        assert (await server.of(ticket)).state == "submitted"
