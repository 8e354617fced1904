"""Everything of a call by keyboard, from a field in which the agent is writing."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from playwright.async_api import Browser, Route, expect

from tests.support.agent_page import LIMIT_MS, LIMIT_S, AgentPage, agent_page
from tests.support.fake_desk import CALL, desk_row, party
from tests.support.waiting_async import eventually

_SPY = """
window.peers = [];
window.tones = [];
const Real = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Real { constructor(...given) { super(...given); window.peers.push(this); } };
Object.defineProperty(RTCDTMFSender.prototype, "canInsertDTMF", {get: () => true});
RTCDTMFSender.prototype.insertDTMF = function (tones, duration, gap) { window.tones.push([tones, duration, gap]); };
"""


async def _asked(desk: AgentPage, method: str, path: str) -> list[Any]:
    await eventually(lambda: desk.fake.was_asked(method, path), LIMIT_S, f"{method} {path}")
    return desk.fake.was_asked(method, path)


async def test_a_call_from_the_first_ring_to_the_next_one_without_the_mouse(browser: Browser) -> None:
    """Given an agent whose caret is in a field, when he answers, holds, mutes and hangs up by key, then that
    is done and the caret stays."""
    async with agent_page(browser, opened=False) as desk:
        await desk.page.add_init_script(_SPY)
        await desk.open()
        dialog = await desk.talk()
        await desk.page.locator("#d-title").focus()
        await desk.page.keyboard.type("路灯")
        await desk.press("F8")
        await eventually(lambda: dialog.state == "held", LIMIT_S, "the citizen on hold")
        await desk.state("held")
        await desk.press("F8")
        await eventually(lambda: dialog.state == "talking", LIMIT_S, "the citizen back")
        await desk.press("F9")
        await expect(desk.button("mute")).to_have_attribute("aria-pressed", "true", timeout=LIMIT_MS)
        own = "peers.at(-1).getSenders()[0].track.enabled"
        assert await desk.page.evaluate(own) is False
        await desk.press("F9")
        await expect(desk.button("mute")).to_have_attribute("aria-pressed", "false", timeout=LIMIT_MS)
        assert await desk.page.evaluate(own) is True
        await desk.press("Shift+F9")
        await desk.page.keyboard.type("12#")
        assert await desk.page.evaluate("tones") == [["1", 120, 80], ["2", 120, 80], ["#", 120, 80]]
        await desk.press("Escape")
        assert await desk.focus() == "d-title"
        await desk.press("Shift+F2")
        await eventually(lambda: dialog.state == "over", LIMIT_S, "the end of the call")
        assert await desk.page.locator("#d-title").input_value() == "路灯"
        assert not desk.faults


async def test_a_call_is_rejected_and_a_key_too_early_is_kept(browser: Browser) -> None:
    """Given calls of which the page knows before the telephone rings, when the agent answers or rejects, then that is
    done as soon as it rings."""
    async with agent_page(browser) as desk:
        dialog = await desk.offer("c1")
        assert dialog is not None
        await desk.press("Shift+F2")
        await eventually(lambda: dialog.status == 486, LIMIT_S, "a rejected call")
        await desk.fake.show(desk_row(), None)
        await desk.state("idle")
        await desk.offer("c2", invite=False)
        await desk.press("F2")
        early = await desk.fake.sip.invite("c2")
        await eventually(lambda: early.state == "talking", LIMIT_S, "an answered call")


async def test_an_input_method_keeps_its_keys(browser: Browser) -> None:
    """Given a ringing call and a Chinese candidate that is being picked, when keys of the input method come, then
    nothing of the desk happens."""
    async with agent_page(browser) as desk:
        dialog = await desk.offer()
        assert dialog is not None
        for key in ("{key: 'F2', isComposing: true, bubbles: true}", "{key: 'F2', keyCode: 229, bubbles: true}"):
            await desk.page.evaluate(f"document.body.dispatchEvent(new KeyboardEvent('keydown', {key}))")
        assert dialog.state == "ringing"
        await desk.press("Escape")  # never rejects
        assert dialog.state == "ringing"
        await desk.press("F2")
        await eventually(lambda: dialog.state == "talking", LIMIT_S, "an answered call")


async def test_a_double_click_on_answer_does_not_hold(browser: Browser) -> None:
    """Given Answer, which stands where hold is in a talk, when it is double-clicked, then nobody is on hold."""
    async with agent_page(browser) as desk:
        dialog = await desk.offer()
        assert dialog is not None
        box = await desk.button("answer").bounding_box()
        assert box is not None
        await desk.page.mouse.click(box["x"] + 20, box["y"] + 20)
        await eventually(lambda: dialog.state == "talking", LIMIT_S, "an answered call")
        await desk.talks()
        await desk.page.mouse.click(box["x"] + 20, box["y"] + 20)
        await expect(desk.button("hold")).to_have_attribute("aria-pressed", "false")
        assert dialog.state == "talking"


async def test_the_status_is_chosen_by_key_now_and_for_after_the_call(browser: Browser) -> None:
    """Given an idle agent and later a talk, when he chooses in the menu, then the first counts now and the second after
    the call."""
    async with agent_page(browser) as desk:
        await desk.press("F4", "3")
        assert await _asked(desk, "POST", "/api/agents/1032/status") == [{"status": "break", "reason": "rest"}]
        await desk.talk()
        await desk.press("F4", "ArrowDown", "Enter")
        path = "/api/agents/1032/status"
        await eventually(lambda: len(desk.fake.was_asked("POST", path)) == 2, LIMIT_S, "the next status")
        assert desk.fake.was_asked("POST", path)[1] == {"status": "break", "reason": "meal"}
        await desk.talks(row={"status": "break", "reason": "meal"})
        await desk.says("小休（用餐）")
        await desk.press("F4", "Escape")
        await expect(desk.page.get_by_role("menu")).to_have_count(0)


async def test_the_wrap_up_is_made_longer_and_ended(browser: Browser) -> None:
    """Given a wrap-up, when the agent asks for more, and to be ready, then so is the daemon; the number stays."""
    async with agent_page(browser) as desk:
        await desk.talk()
        now = time.time()
        wrap = {"kind": "extendable", "until": now + 38, "most_until": now + 300}
        await desk.fake.show(desk_row("wrap_up", wrap_up=wrap), None)
        await desk.state("wrap_up")
        await desk.says("138 0000 1234")
        await desk.press("Shift+F8")
        assert await _asked(desk, "POST", "/api/agents/1032/extend-wrap-up") == [{"seconds": 30}]
        await expect(desk.button("end")).to_contain_text("完成并空闲")
        await desk.press("F4", "1")
        assert await _asked(desk, "POST", "/api/agents/1032/status") == [{"status": "ready", "reason": ""}]


async def test_a_digit_of_a_menu_is_not_written_into_the_draft(browser: Browser) -> None:
    """Given the caret in the draft, when a digit chooses in the menu of statuses or of emergencies, then the caret is
    back in the draft and nothing is written there."""
    async with agent_page(browser) as desk:
        await desk.talk()
        title = desk.page.locator("#d-title")
        for key, path in (("F4", "/api/agents/1032/status"), ("F7", f"/api/calls/{CALL}/parties")):
            await title.focus()
            await desk.press(key, "1")
            await eventually(lambda path=path: desk.fake.was_asked("POST", path), LIMIT_S, f"the choice after {key}")
            await expect(title).to_be_focused()
            await expect(title).to_have_value("")
        assert not desk.faults


async def test_others_are_called_to_the_talk_by_key(browser: Browser) -> None:
    """Given a talk, when the agent searches somebody and says how, or presses two keys for an emergency, then exactly
    that is asked for."""
    async with agent_page(browser) as desk:
        await desk.talk()
        await desk.press("F6")
        await desk.page.keyboard.type("法律")
        await expect(desk.page.locator(".results [role=option]")).to_have_count(1, timeout=LIMIT_MS)
        await desk.press("Enter", "ArrowRight", "Enter")
        path = f"/api/calls/{CALL}/parties"
        assert await _asked(desk, "POST", path) == [{"target": "legal-aid", "mode": "consult"}]
        await desk.press("F6")
        await desk.page.keyboard.type("社会")
        await expect(desk.page.locator(".results [role=option]")).to_have_count(1, timeout=LIMIT_MS)
        await desk.press("Enter", "Enter")
        assert await _asked(desk, "POST", f"/api/calls/{CALL}/transfer") == [{"target": "queue:social_security"}]
        await desk.press("F7", "3")
        await eventually(lambda: len(desk.fake.was_asked("POST", path)) == 2, LIMIT_S, "the ambulance")
        assert desk.fake.was_asked("POST", path)[1] == {"target": "120", "mode": "conference"}
        assert not desk.faults


async def test_a_list_that_comes_late_takes_no_key_from_him(browser: Browser) -> None:
    """Given somebody found by what was known, when the list comes anew between two presses, then the second counts."""
    async with agent_page(browser) as desk:
        await desk.talk()
        await desk.press("F6")
        await expect(desk.page.locator(".results [role=option]").first).to_be_visible(timeout=LIMIT_MS)
        await desk.press("Escape")
        coming = asyncio.Event()

        async def late(route: Route) -> None:
            await coming.wait()
            await route.continue_()

        await desk.page.route("**/api/directory", late)
        await desk.press("F6")
        await desk.page.keyboard.type("社会")
        await desk.press("Enter")
        async with desk.page.expect_response("**/api/directory"):
            coming.set()
        await expect(desk.page.locator(".modes button[aria-checked=true]")).to_be_focused(timeout=LIMIT_MS)
        await desk.press("Enter")
        assert await _asked(desk, "POST", f"/api/calls/{CALL}/transfer") == [{"target": "queue:social_security"}]


async def test_who_is_in_the_talk_is_shown_and_let_go(browser: Browser) -> None:
    """Given somebody who is consulted, when the agent takes him in, lets him go, leaves or hangs up, then the daemon is
    asked so."""
    async with agent_page(browser) as desk:
        await desk.talk(parties=[party(1, "consult")])
        await desk.says("商量中，市民听音乐")
        await desk.page.get_by_role("button", name="并入").click()
        assert await _asked(desk, "POST", f"/api/calls/{CALL}/parties/1/join") == [{}]
        await desk.page.get_by_role("button", name="挂断 税务热线").click()
        assert await _asked(desk, "DELETE", f"/api/calls/{CALL}/parties/1") == [None]
        await desk.talks(parties=[party(1, "joined")])
        await desk.press("Shift+F2")
        await expect(desk.page.get_by_role("button", name="我退出，他们继续")).to_be_focused(timeout=LIMIT_MS)
        await desk.press("Enter")
        assert await _asked(desk, "POST", f"/api/calls/{CALL}/leave") == [{}]


async def test_a_refusal_is_said_in_words(browser: Browser) -> None:
    """Given a queue without a seat, when the citizen is to be sent there, then the agent reads why not."""
    async with agent_page(browser) as desk:
        await desk.talk()
        path = f"/api/calls/{CALL}/transfer"
        desk.fake.answers["POST", path] = (409, {"error": "no_seat", "message": "nobody of this queue is at work"})
        await desk.press("F6")
        await desk.page.keyboard.type("社会")
        await expect(desk.page.locator(".results [role=option]")).to_have_count(1, timeout=LIMIT_MS)
        await desk.press("Enter", "Enter")
        await desk.says("这个队列现在没有人上班。")


async def test_the_sheet_of_keys_is_searched_and_closed(browser: Browser) -> None:
    """Given a field with the caret, when F1 is pressed and a key searched, then it is found; Esc brings it back."""
    async with agent_page(browser) as desk:
        await desk.talk()
        await desk.page.locator("#d-title").focus()
        await desk.press("F1")
        await desk.page.keyboard.type("紧急")
        await expect(desk.page.locator(".keys-sheet dd")).to_have_text(["紧急联动 110 / 119 / 120 / 122"])
        await desk.press("Escape")
        assert await desk.focus() == "d-title"
