"""What a supervisor says and does to an agent is on his page, with who and why, and what is to be read is answered."""

from __future__ import annotations

import time

from playwright.async_api import Browser, expect

from tests.support.agent_page import LIMIT_MS, LIMIT_S, AgentPage, agent_page
from tests.support.fake_desk import CALL, desk_row, talk
from tests.support.waiting_async import eventually

LI = {"by": "li", "by_name": "李班长"}


async def gone(desk: AgentPage, text: str) -> None:
    await expect(desk.page.get_by_text(text).filter(visible=True)).to_have_count(0, timeout=LIMIT_MS)


async def test_a_message_stays_until_it_is_read_and_the_supervisor_knows(browser: Browser) -> None:
    async with agent_page(browser) as desk:
        said = {"type": "broadcast", "id": "b7", "at": time.time(), **LI, "text": "城南停水", "urgent": True}
        await desk.fake.tell(said)
        await desk.says("紧急 · 李班长：城南停水")
        await desk.page.get_by_role("button", name="已阅").click()
        await gone(desk, "城南停水")
        await eventually(lambda: desk.fake.was_asked("POST", "/api/broadcasts/b7/seen"), LIMIT_S, "he has read it")
        assert not desk.faults


async def test_who_is_beside_a_talk_is_said_as_long_as_he_is(browser: Browser) -> None:
    async with agent_page(browser) as desk:
        await desk.fake.show(desk_row("talking", call_id=CALL), talk())
        await desk.state("talking")
        beside = {"type": "supervision", "on": True, "call_id": CALL, **LI}
        await desk.fake.tell({**beside, "mode": "whisper"})
        await desk.says("李班长 正在对您密语，市民听不到。")
        await desk.fake.tell({**beside, "mode": "barge"})
        await desk.says("李班长 已加入通话，市民也能听到。")
        await desk.fake.tell({**beside, "mode": "barge", "on": False})
        await gone(desk, "李班长")
        assert not desk.faults


async def test_an_order_is_told_with_its_reason(browser: Browser) -> None:
    async with agent_page(browser) as desk:
        forced = {"status": "offline", **LI, "why": "系统维护", "at": time.time()}
        await desk.fake.show(desk_row("talking", call_id=CALL, forced=forced), talk())
        await desk.says("本次通话结束后 李班长 将让您签出：系统维护")
        await desk.fake.tell({"type": "logged_out", "forced": forced})
        await desk.page.wait_for_url("**/login?why=logged_out", timeout=LIMIT_MS)
        await desk.says("李班长 已让您签出：系统维护")
