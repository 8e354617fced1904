"""Nothing that was typed is lost: by a reload, a killed page, a lost network, a call that ends, another's change."""

from __future__ import annotations

import contextlib

from playwright.async_api import Browser, Error, expect

from tests.support.draft_page import DraftPage, draft_page
from tests.support.ticket_server import ME, TicketServer, ticket_server


async def _talking(server: TicketServer, desk: DraftPage) -> str:
    ticket = await server.ring()
    await server.answer()
    await desk.expect_state("title", "ask")
    return ticket.id


async def test_a_reload_in_the_middle_of_a_word_goes_on_there(browser: Browser) -> None:
    """Given a text of which the server knows nothing yet, when the page is reloaded, then text, field and caret are as
    before, and the server gets it."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        ticket = await _talking(server, desk)
        await desk.write("content", "路灯坏了三天")
        await desk.press("ArrowLeft", "ArrowLeft")
        assert "content" not in await server.values(ticket)
        await desk.page.reload()
        await desk.expect_value("content", "路灯坏了三天")
        await desk.expect_focus("content")
        assert await desk.page.evaluate("document.activeElement.selectionStart") == 4
        await desk.expect_saved()
        await server.expect(ticket, content="路灯坏了三天")


async def test_text_and_caret_are_kept_in_one_step(browser: Browser) -> None:
    """Given a page that goes in the very moment of a key, when it is there again, then he goes on behind that key."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        await _talking(server, desk)
        await desk.write("content", "青禾路")
        kept = await desk.page.evaluate(
            "document.execCommand('insertText', false, '第八盏'); dispatchEvent(new Event('pagehide'));"
            "Object.values(sessionStorage).join()"
        )
        assert "青禾路第八盏" in kept
        assert '"caret":{"field":"content","start":6,"end":6}' in kept


async def test_a_caret_that_moved_in_the_last_moment_is_kept(browser: Browser) -> None:
    """Given a page that goes before the browser has told of the caret's move, then it is kept where it is."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        await _talking(server, desk)
        await desk.write("content", "青禾路第八盏")
        kept = await desk.page.evaluate(
            "document.activeElement.setSelectionRange(4, 4); dispatchEvent(new Event('pagehide'));"
            "Object.values(sessionStorage).join()"
        )
        assert '"caret":{"field":"content","start":4,"end":4}' in kept


async def test_a_page_that_crashes_loses_nothing(browser: Browser) -> None:
    """Given a server that is away and a text that is on this computer alone, when the page crashes and another is
    opened, then the text is there and uploaded once the server is back."""
    context = await browser.new_context()
    async with ticket_server() as server:
        async with draft_page(browser, server, context=context) as desk:
            ticket = await _talking(server, desk)
            server.away = True
            await desk.write("title", "路灯不亮")
            await expect(desk.page.locator(".d-saved")).to_have_attribute("data-kind", "failed")
            with contextlib.suppress(Error):
                await desk.page.goto("chrome://crash", timeout=3000)
        server.away = False
        async with draft_page(browser, server, context=context) as desk:
            await desk.expect_value("title", "路灯不亮")
            await desk.expect_saved()
            await server.expect(ticket, title="路灯不亮")
    await context.close()


async def test_without_a_network_he_writes_on(browser: Browser) -> None:
    """Given a lost network, when he writes, then the page says that it is kept here, and sends it when the network is
    back, each change once."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        ticket = await _talking(server, desk)
        await desk.page.context.set_offline(True)
        await desk.write("title", "路灯")
        await expect(desk.page.locator(".d-saved")).to_have_text("未能上传，已存本机，自动重试")
        await desk.page.keyboard.insert_text("不亮")
        await desk.write("address", "东门")
        await desk.page.context.set_offline(False)
        await desk.expect_saved()
        await server.expect(ticket, title="路灯不亮")
        history = await server.book.ask(server.book.store.history, ticket)
        assert [entry.new for entry in history if entry.by == ME and entry.field == "address"] == ["东门"]
        assert not [entry for entry in history if entry.how == "conflict"]


async def test_an_answer_that_is_lost_is_asked_for_again(browser: Browser) -> None:
    """Given a change that arrived and whose answer was lost, when it is sent again, then it is there once."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        ticket = await _talking(server, desk)
        server.lose_answers = 1
        await desk.write("title", "路灯")
        await server.expect(ticket, title="路灯")
        await desk.expect_saved()
        history = await server.book.ask(server.book.store.history, ticket)
        assert [entry.new for entry in history if entry.field == "title"] == ["路灯"]


async def test_two_who_write_one_field_choose(browser: Browser) -> None:
    """Given his text on its way, when a supervisor has changed the same field, then both are shown and nothing is lost;
    kept, his counts; other fields go their way."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        ticket = await _talking(server, desk)
        server.away = True
        await desk.write("title", "我的标题")
        await desk.write("address", "东门")
        await expect(desk.page.locator(".d-saved")).to_have_attribute("data-kind", "failed")
        server.away = False
        await server.colleague(ticket, "title", "班长的标题")
        notice = desk.page.locator(".d-notice.d-warn")
        await expect(notice).to_contain_text("改为“班长的标题”，您正在改。")
        await desk.expect_value("title", "我的标题")
        await server.expect(ticket, address="东门")
        assert (await server.values(ticket))["title"] == "班长的标题"
        await notice.get_by_role("button", name="保留我的").click()
        await expect(notice).to_have_count(0)
        await server.expect(ticket, title="我的标题")
        history = await server.book.ask(server.book.store.history, ticket)
        assert {"班长的标题", "我的标题"} <= {entry.new for entry in history if entry.field == "title"}


async def test_a_colleagues_change_under_the_caret_waits_for_him(browser: Browser) -> None:
    """Given the caret in a field, when a supervisor changes it, then text and caret stay; he takes the other's value
    by a button, and the draft says who is in it."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        ticket = await _talking(server, desk)
        await desk.write("title", "路灯")
        await desk.expect_saved()
        await server.colleague(ticket, "title", "青禾路路灯")
        notice = desk.page.locator(".d-notice.d-warn")
        await expect(notice).to_be_visible()
        await desk.expect_value("title", "路灯")
        assert await desk.focused() == "title"
        await expect(desk.page.locator(".d-others")).to_contain_text("1001")
        await notice.get_by_role("button", name="采用").click()
        await desk.expect_value("title", "青禾路路灯")
        await desk.press("Control+ArrowDown", "Control+z")
        await desk.expect_value("title", "路灯")


async def test_a_colleagues_change_of_another_field_is_just_there(browser: Browser) -> None:
    """Given his text in one field, when a supervisor changes another, then the ticket has both and nobody is asked."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        ticket = await _talking(server, desk)
        await desk.write("title", "路灯")
        await server.colleague(ticket, "address", "青禾路")
        await desk.expect_value("address", "青禾路")
        await desk.expect_saved()
        await expect(desk.page.locator(".d-notices")).to_be_hidden()
        assert await desk.focused() == "title"
        await server.expect(ticket, title="路灯")


async def test_a_call_that_ends_takes_nothing_from_his_hands(browser: Browser) -> None:
    """Given the caret in a sentence, when the talk ends, the wrap-up too, and the next call rings, then he writes on in
    the same field of the same draft; the next one's comes when he answers."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        first = await _talking(server, desk)
        await desk.write("content", "路灯")
        await server.hang_up()
        await desk.page.keyboard.insert_text("坏了")
        await server.idle()
        await desk.page.keyboard.insert_text("三天")
        await desk.expect_value("content", "路灯坏了三天")
        second = await server.ring("c2", phone="13900000000")
        await expect(desk.page.locator(".who .number")).to_have_text("139 0000 0000")
        await desk.page.keyboard.insert_text("了")
        assert await desk.focused() == "content"
        await expect(desk.page.locator(".d-id")).to_have_text(first)
        await server.answer()
        await expect(desk.page.locator(".d-id")).to_have_text(second.id)
        await desk.expect_value("content", "")
        await server.expect(first, content="路灯坏了三天了")
        assert not desk.faults


async def test_a_reload_after_the_talk_finds_the_draft_again(browser: Browser) -> None:
    """Given the work after a talk, when the page is reloaded, then its draft is before him, and his caret."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        await _talking(server, desk)
        await desk.write("content", "路灯坏了")
        await server.hang_up()
        await desk.page.keyboard.insert_text("三天")
        await desk.page.reload()
        await desk.expect_value("content", "路灯坏了三天")
        await desk.expect_focus("content")


async def test_the_language_changes_in_the_middle_of_a_draft(browser: Browser) -> None:
    """Given a text being written, when he switches to English, then labels are English and the text is as before."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        await _talking(server, desk)
        await desk.write("title", "路灯")
        await desk.page.get_by_role("button", name="EN", exact=True).click()
        await expect(desk.page.locator(".d-title label")).to_have_text("Title")
        await desk.expect_value("title", "路灯")
        assert await desk.control("title").get_attribute("lang") == "zh-CN"
        await desk.expect_saved()
