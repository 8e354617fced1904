"""A draft under the agent's hands: what Enter does, what machines may do, and text that is still being composed."""

from __future__ import annotations

from playwright.async_api import Browser, expect

from tests.support.draft_page import draft_page
from tests.support.ticket_server import ticket_server

LIGHT = "construction.facilities.street_light"


async def test_enter_confirms_and_goes_to_what_is_still_open(browser: Browser) -> None:
    """Given fields that machines have filled, when Enter is pressed in one, then it is confirmed, with its source, and
    the next open field has the focus."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        ticket = await server.ring(name="王女士", street="dongcheng.zhushan")
        await server.answer()
        await desk.expect_state("title", "ask")
        await server.fill(ticket.id, type=("help", 0.95), matter=(LIGHT, 0.95))
        await desk.expect_state("caller_name", "check")
        await desk.expect_state("type", "check")
        await desk.control("caller_name").focus()
        await desk.press("Enter")
        await desk.expect_focus("type")
        await desk.press("Enter")
        await desk.expect_focus("matter")
        await desk.press("Control+ArrowDown")
        await desk.expect_focus("street")
        await desk.press("Control+ArrowUp", "Enter", "Enter")
        await desk.expect_focus("address")
        await desk.expect_saved()
        fields = (await server.of(ticket.id)).fields
        assert [(fields[n].state, fields[n].source) for n in ("caller_name", "type", "matter", "street")] == [
            ("confirmed", "history"), ("confirmed", "speech"), ("confirmed", "speech"), ("confirmed", "history"),
        ]  # fmt: skip
        assert not desk.faults


async def test_a_whole_ticket_without_the_mouse(browser: Browser) -> None:
    """Given an answered call, when all is typed and Ctrl+Enter pressed, then the ticket is submitted as typed."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        ticket = await server.ring()
        await server.answer()
        await desk.expect_value("contact_phone", "138 0000 1234")
        await desk.choose_type("2")
        await desk.expect_state("type", "own")
        await desk.pick("matter", "dlzm")
        await desk.expect_value("matter", "城乡建设 › 市政设施 › 道路照明")
        await desk.pick("street", "主山")
        for name, text in {
            "address": "青禾路 16 号",
            "detail": "D-12",
            "title": "路灯不亮",
            "content": "路灯坏了\n三天",
        }.items():
            await desk.write(name, text)
        await desk.press("Control+Enter")
        await expect(desk.page.locator(".d-notice.d-good")).to_be_visible()
        sent = await server.of(ticket.id)
        assert sent.state == "submitted"
        values = await server.values(ticket.id)
        assert (values["type"], values["matter"], values["street"]) == ("help", LIGHT, "dongcheng.zhushan")
        assert (values["address"], values["detail"], values["title"]) == ("青禾路 16 号", "D-12", "路灯不亮")
        assert values["content"] == "路灯坏了\n三天"
        assert not desk.faults


async def test_text_that_an_input_method_still_makes_is_nobodys(browser: Browser) -> None:
    """Given an input method at work, when Enter picks its candidate, then no field is confirmed and no letter is saved;
    when it is done, the text is his."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        ticket = await server.ring()
        await server.answer()
        await desk.expect_state("title", "ask")
        await desk.control("title").focus()
        session = await desk.page.context.new_cdp_session(desk.page)
        await session.send("Input.imeSetComposition", {"text": "lu deng", "selectionStart": 7, "selectionEnd": 7})
        enter = {"key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229, "nativeVirtualKeyCode": 229}
        await session.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **enter})
        await server.fill(ticket.id, title=("机器的标题", 0.9))
        await expect(desk.field("title").locator(".d-pill")).to_be_visible()
        await desk.expect_value("title", "lu deng")
        assert await desk.focused() == "title"
        assert (await server.of(ticket.id)).fields["title"].value == "机器的标题"
        await session.send("Input.insertText", {"text": "路灯"})
        await desk.expect_saved()
        await desk.expect_value("title", "路灯")
        await desk.page.wait_for_function("document.querySelector('.d-title').dataset.state === 'own'")
        await desk.expect_saved()
        assert (await server.of(ticket.id)).fields["title"].value == "路灯"


async def test_a_machine_fills_around_the_hand(browser: Browser) -> None:
    """Given the caret in a field, when machines fill it and others, then the others are filled, this one keeps text,
    caret and focus, and a pill offers the better value; taken, it is his."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        ticket = await server.ring()
        await server.answer()
        await desk.expect_state("title", "ask")
        await server.fill(ticket.id, address="青禾路")
        await desk.expect_value("address", "青禾路")
        await desk.control("address").focus()
        await desk.press("Home", "ArrowRight")
        await server.fill(ticket.id, address=("青禾路 16 号", 0.95), happened_at="昨晚")
        await desk.expect_value("happened_at", "昨晚")
        await expect(desk.field("address").locator(".d-pill")).to_contain_text("青禾路 16 号")
        await desk.expect_value("address", "青禾路")
        assert await desk.page.evaluate("document.activeElement.selectionStart") == 1
        await desk.press("Alt+ArrowDown", "Enter")
        await desk.expect_value("address", "青禾路 16 号")
        await desk.expect_state("address", "confirmed")
        await desk.expect_saved()
        field = (await server.of(ticket.id)).fields["address"]
        assert (field.value, field.state, field.source) == ("青禾路 16 号", "confirmed", "speech")


async def test_what_is_typed_is_never_overwritten(browser: Browser) -> None:
    """Given a field that he wrote, when a machine hears something better, then his text stays and that waits."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        ticket = await server.ring()
        await server.answer()
        await desk.expect_state("address", "empty")
        await desk.write("address", "东门")
        await desk.control("happened_at").focus()
        await desk.expect_saved()
        await server.fill(ticket.id, address=("青禾路 16 号", 0.99))
        await expect(desk.field("address").locator(".d-pill")).to_contain_text("青禾路 16 号")
        await desk.expect_value("address", "东门")
        await desk.field("address").locator(".d-pill").click()
        await desk.expect_value("address", "青禾路 16 号")


async def test_undo_takes_back_his_and_machines_fills_in_turn(browser: Browser) -> None:
    """Given a fill and a text of his, when he undoes twice, then both are gone, and the server says so too."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        ticket = await server.ring()
        await server.answer()
        await desk.expect_state("title", "ask")
        await server.fill(ticket.id, urgency=("urgent", 0.8))
        await desk.expect_state("urgency", "check")
        await desk.write("title", "路灯")
        await desk.control("content").focus()
        await desk.press("Control+z")
        await desk.expect_value("title", "")
        await expect(desk.page.locator(".d-saying")).to_have_text("已撤销：标题 路灯 → 空")
        await desk.press("Control+z")
        await expect(desk.page.locator(".d-saying")).to_have_text("已撤销：紧急程度 紧急 → 空")
        await desk.expect_state("urgency", "empty")
        await desk.expect_saved()
        await desk.page.wait_for_timeout(300)
        assert "urgency" not in await server.values(ticket.id)


async def test_the_browser_undoes_what_is_being_written(browser: Browser) -> None:
    """Given a text under the caret, when Ctrl+Z is pressed, then the last bit of it goes and not the whole field."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        await server.ring()
        await server.answer()
        await desk.expect_state("title", "ask")
        await desk.control("title").focus()
        await desk.page.keyboard.insert_text("路灯")
        await desk.page.keyboard.insert_text("不亮")
        await desk.press("Control+z")
        await desk.expect_value("title", "路灯")


async def test_what_a_matter_asks_for_appears_in_its_own_place(browser: Browser) -> None:
    """Given a matter that asks for a number, when it is chosen, then the field is there and no other moves."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        await server.ring()
        await server.answer()
        await desk.expect_state("matter", "ask")
        names = ["target", "wants_reply", "title", "content", "department"]
        before = [await desk.field(name).bounding_box() for name in names]
        await expect(desk.field("detail")).to_be_hidden()
        await desk.pick("matter", "路灯")
        await expect(desk.field("detail")).to_be_visible()
        await expect(desk.field("detail").locator("label")).to_have_text("灯杆编号")
        after = [await desk.field(name).bounding_box() for name in names]
        assert [(b["x"], b["y"]) for b in before if b] == [(a["x"], a["y"]) for a in after if a]
        await desk.expect_state("department", "check")


async def test_a_number_that_is_none_is_said_beside_the_field_and_holds_nothing_up(browser: Browser) -> None:
    """Given a text for a telephone number, when he leaves the field, then it says so, and others are saved."""
    async with ticket_server() as server, draft_page(browser, server) as desk:
        ticket = await server.ring()
        await server.answer()
        await desk.expect_value("contact_phone", "138 0000 1234")
        await desk.control("contact_phone").focus()
        await desk.press("Control+a")
        await desk.page.keyboard.insert_text("问邻居")
        await desk.write("title", "路灯")
        await desk.expect_state("contact_phone", "fault")
        await expect(desk.page.locator("#d-contact_phone-fault")).to_have_text("联系电话只能是 3 至 20 位数字")
        await desk.expect_saved()
        values = await server.values(ticket.id)
        assert (values["title"], values["contact_phone"]) == ("路灯", "13800001234")
        await desk.expect_value("contact_phone", "问邻居")
