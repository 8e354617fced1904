"""The desk when connections break, pages are loaded again or opened twice: the talk goes on, nothing is said twice."""

from __future__ import annotations

import time

from playwright.async_api import Browser, expect

from tests.support.agent_page import LIMIT_MS, LIMIT_S, agent_page, another_tab
from tests.support.fake_desk import CALL, desk_row, pop, talk
from tests.support.waiting_async import eventually


async def test_the_server_is_lost_in_a_talk_and_comes_back(browser: Browser) -> None:
    """Given a talk, when the daemon is gone for some seconds, then the talk goes on, nothing unknown is claimed, and
    the page comes back by itself and says so."""
    async with agent_page(browser) as desk:
        dialog = await desk.talk(seconds=72)
        desk.fake.away = True
        await desk.fake.drop()
        lost = desk.page.locator(".top.is-lost .lost")
        await expect(lost).to_contain_text("通话不受影响，输入已存在本机。", timeout=LIMIT_MS)
        assert "?" in await desk.text(".top .state")
        await expect(desk.page.locator(".top .figures")).to_be_hidden()
        await expect(desk.button("move")).to_have_attribute("aria-disabled", "true")
        await expect(desk.button("mute")).to_have_attribute("aria-disabled", "false")
        before = await desk.text(".call .time b")
        await expect(desk.page.locator(".call .time b")).not_to_have_text(before, timeout=LIMIT_MS)
        desk.fake.away = False
        await desk.says("草稿已恢复。")
        await expect(desk.page.locator(".top.is-lost")).to_have_count(0)
        assert desk.fake.opened == 2
        assert dialog.state == "talking"
        assert "BYE" not in " ".join(desk.fake.sip.said)


async def test_a_server_that_falls_silent_is_noticed(browser: Browser) -> None:
    """Given a connection that stands and says nothing any more, when 7 s have passed, then there is another one."""
    async with agent_page(browser) as desk:
        desk.fake.pinging = False
        await expect(desk.page.locator(".statusline .data i")).to_have_class("warn", timeout=LIMIT_MS)
        await eventually(lambda: desk.fake.opened >= 2, 15, "another connection")
        await desk.state("idle")


async def test_pings_are_answered(browser: Browser) -> None:
    """Given an open desk, when the daemon pings, then the page's script answers each."""
    async with agent_page(browser) as desk:
        await eventually(lambda: desk.fake.here >= 3, LIMIT_S, "three answers")


async def test_timers_of_the_page_are_rung_by_a_worker(browser: Browser) -> None:
    """Given the page, whose own timers a browser would put to sleep in a hidden tab, when it sets one, then a worker
    rings it, once or again and again, and it can be taken back."""
    async with agent_page(browser) as desk:
        rung = await desk.page.evaluate(
            """() => new Promise(done => {
                const seen = []; let turn = 0;
                clearTimeout(setTimeout(() => seen.push('taken back'), 5));
                setTimeout((...given) => seen.push(...given), 10, 'once', 1);
                const again = setInterval(() => {
                    if (++turn < 3) return;
                    clearInterval(again);
                    setTimeout(() => done([seen, turn]), 40);
                }, 20);
            })"""
        )  # fmt: skip
        assert rung == [["once", 1], 3]
        assert len(desk.page.workers) == 1


async def test_a_reload_ends_no_talk_and_is_called_back(browser: Browser) -> None:
    """Given a talk, when the page is loaded again, then it says goodbye to nobody, and takes the talk that the daemon
    brings back without a key."""
    async with agent_page(browser) as desk:
        await desk.talk()
        desk.fake.sip.said.clear()
        began = time.monotonic()
        await desk.page.reload()
        await desk.registered()
        assert "BYE" not in " ".join(desk.fake.sip.said)
        await desk.fake.show(desk_row("offered", call_id=CALL), talk(60, reattach=True))
        again = await desk.fake.sip.invite(CALL, "reattach")
        await eventually(lambda: again.state == "talking", LIMIT_S, "the talk again")
        assert time.monotonic() - began < 6
        await desk.state("talking")
        await expect(desk.page.get_by_role("alert")).not_to_contain_text("来电")


async def test_a_talk_whose_path_died_is_replaced(browser: Browser) -> None:
    """Given a talk, when the daemon rings for the same talk again, then the new line replaces the dead one."""
    async with agent_page(browser) as desk:
        first = await desk.talk()
        second = await desk.fake.sip.invite(CALL, "reattach")
        await eventually(lambda: second.state == "talking", LIMIT_S, "the new line")
        await eventually(lambda: first.state == "over", LIMIT_S, "the end of the old line")
        await desk.state("talking")


async def test_a_consultation_is_taken_beside_the_talk(browser: Browser) -> None:
    """Given a talk, when a colleague is brought to be asked, then the citizen is held and the colleague heard; he goes,
    and the citizen is back. Any other call is refused meanwhile."""
    async with agent_page(browser) as desk:
        citizen = await desk.talk()
        colleague = await desk.fake.sip.invite(CALL, "consult")
        await eventually(lambda: colleague.state == "talking", LIMIT_S, "the colleague")
        await eventually(lambda: citizen.state == "held", LIMIT_S, "the citizen on hold")
        stranger = await desk.fake.sip.invite("c9")
        await eventually(lambda: stranger.status == 486, LIMIT_S, "a refused call")
        await desk.fake.sip.hang_up(colleague)
        await eventually(lambda: citizen.state == "talking", LIMIT_S, "the citizen back")


async def test_the_telephone_comes_back_by_itself(browser: Browser) -> None:
    """Given a talk, when the connection of the telephone is cut, then it registers again and the talk goes on."""
    async with agent_page(browser) as desk:
        dialog = await desk.talk()
        await desk.fake.sip.drop()
        await eventually(
            lambda: desk.fake.sip.connections == 2 and desk.fake.sip.registered, LIMIT_S, "registered again"
        )
        await desk.registered()
        await desk.state("talking")
        assert dialog.state == "talking"


async def test_a_goodbye_that_was_lost_is_believed_from_the_server(browser: Browser) -> None:
    """Given talks whose BYE never came, when the daemon says that they are over, then the telephone is free again: at
    once for the next call, and by itself after some seconds."""
    async with agent_page(browser) as desk:
        first = await desk.talk("c1")
        await desk.fake.show(desk_row(), None)
        await desk.state("idle")
        second = await desk.talk("c2")
        assert first.state == "over"
        await desk.fake.show(desk_row(), None)
        await eventually(lambda: second.state == "over", LIMIT_S, "the end of the dead line")


async def test_two_tabs_do_not_fight(browser: Browser) -> None:
    """Given a talk in one tab, when the desk is opened in a second one, then the first is covered, silent and says
    goodbye to nobody; its one button takes the desk back."""
    async with agent_page(browser) as desk:
        dialog = await desk.talk()
        second = await another_tab(desk.page.context, desk.fake)
        desk.fake.sip.said.clear()
        await second.open()
        await desk.says("坐席台已在另一标签页打开。")
        await desk.says("通话不中断。")
        assert await desk.page.evaluate("document.getElementById('app').inert") is True
        assert dialog.state == "talking"
        assert "BYE" not in " ".join(desk.fake.sip.said)
        await expect(second.page.locator(".cover")).to_be_hidden()
        await desk.page.get_by_role("button", name="在此继续").click()
        await desk.registered()
        await expect(desk.page.locator(".cover")).to_be_hidden()
        await second.says("坐席台已在另一标签页打开。")
        await desk.press("F2")  # the covered one hears no key, and this one is alive
        opened = desk.fake.opened
        await eventually(lambda: desk.fake.here > 0, LIMIT_S, "an answer")
        assert desk.fake.opened == opened


async def test_who_is_logged_out_comes_to_the_log_in(browser: Browser) -> None:
    """Given a desk, when the daemon logs the agent out, then the page goes to the log-in and says so."""
    async with agent_page(browser) as desk:
        desk.fake.logged_in = False
        await desk.fake.end("logged_out", 4001)
        await desk.page.wait_for_url("**/login?why=logged_out", timeout=LIMIT_MS)
        await expect(desk.page.get_by_role("alert")).to_have_text("您已退出登录。")


async def test_the_page_answers_by_itself_where_that_is_the_rule(browser: Browser) -> None:
    """Given a rule to answer after 2 s, when the call comes, then the page counts down and answers."""
    async with agent_page(browser) as desk:
        now = time.time()
        await desk.fake.show(desk_row("offered", call_id=CALL), pop(offered_at=now, auto_answer_s=2))
        dialog = await desk.fake.sip.invite(CALL)
        await desk.says("秒后自动接听")
        await eventually(lambda: dialog.state == "talking", LIMIT_S, "an answered call")
        assert time.time() - now >= 1.9


async def test_a_ring_is_heard_and_shown_where_the_agent_looks_elsewhere(browser: Browser) -> None:
    """Given a ringing call, when it rings, then the title of the tab says it and the ringer sounds; then both end."""
    async with agent_page(browser) as desk:
        await desk.page.evaluate(
            "() => { window.notes = 0; const start = OscillatorNode.prototype.start;"
            " OscillatorNode.prototype.start = function (...at) { notes += 1; return start.apply(this, at) } }"
        )
        await desk.offer()
        await desk.page.wait_for_function("document.title.startsWith('● 来电')", timeout=LIMIT_MS)
        await desk.page.wait_for_function("notes >= 2", timeout=LIMIT_MS)
        await desk.fake.show(desk_row(), None)
        await desk.fake.tell({"type": "note", "code": "caller_gone", "data": {}})
        await desk.page.wait_for_function("document.title.startsWith('空闲')", timeout=LIMIT_MS)
        await desk.says("市民已挂断，已生成回拨任务。")


_ASLEEP = """
const never = () => 0;
Object.assign(window, {setTimeout: never, setInterval: never, requestAnimationFrame: never});
Object.defineProperty(document, "visibilityState", {get: () => "hidden"});
"""


async def test_a_page_whose_own_timers_sleep_works_on(browser: Browser) -> None:
    """Given a hidden tab that the browser paints no more and whose timers it rings no more, when connections are cut
    and a call comes, then the page is back, answers pings, and answers the call by the rule."""
    async with agent_page(browser, opened=False) as desk:
        await desk.page.add_init_script(_ASLEEP)
        await desk.page.goto(f"{desk.fake.url}/agent")
        await eventually(lambda: desk.fake.sip.registered, LIMIT_S, "a telephone")
        await desk.fake.drop()
        await desk.fake.sip.drop()
        await eventually(lambda: desk.fake.opened == 2, LIMIT_S, "the desk again")
        await eventually(lambda: desk.fake.sip.connections == 2 and desk.fake.sip.registered, LIMIT_S, "the telephone")
        here = desk.fake.here
        await eventually(lambda: desk.fake.here > here, LIMIT_S, "an answer to a ping")
        await desk.fake.show(desk_row("offered", call_id=CALL), pop(offered_at=time.time(), auto_answer_s=2))
        dialog = await desk.fake.sip.invite(CALL)
        await eventually(lambda: dialog.state == "talking", LIMIT_S, "an answered call")
