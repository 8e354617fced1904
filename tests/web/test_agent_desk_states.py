"""What the desk shows in each state: the words, in the same place, without touching what the agent is doing."""

from __future__ import annotations

import time
import wave
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.support.agent_page import LIMIT_MS, LIMIT_S, AgentPage, agent_page
from tests.support.browser import chromium
from tests.support.fake_desk import CALL, desk_row, party, pop, talk
from tests.support.waiting_async import eventually

STANDS = (".top .state", ".call .clock", ".act.move", ".act.emergency", ".act.end", "#story", "#transcript", "#draft")
"""What never moves."""
LINE: dict[str, Any] = {
    "queue": {"name": {"zh": "综合队列", "en": "General"}, "waiting": 17, "since": None},
    "notice": {"zh": "青禾路一带今晚检修照明", "en": "Street lights of Qinghe Road are repaired tonight"},
}


def _wrap_up(kind: str = "extendable", seconds: float = 38) -> dict[str, Any]:
    now = time.time()
    return {"kind": kind, "until": now + seconds, "most_until": now + 300}


async def _through_all(desk: AgentPage, look: Callable[[str], Awaitable[object]]) -> None:
    """Every state once, and a look at each."""
    show, now = desk.fake.show, time.time()
    steps: list[tuple[str, dict[str, Any], dict[str, Any] | None]] = [
        ("idle", desk_row(), None),
        ("offered", desk_row("offered", call_id=CALL), pop(auto_answer_s=60)),
        ("talking", desk_row("talking", call_id=CALL), talk(parties=[party(1), party(2, "consult")])),
        ("held", desk_row("held", call_id=CALL), talk(held_since=now - 70)),
        ("wrap_up", desk_row("wrap_up", wrap_up=_wrap_up()), None),
        ("break", desk_row("not_ready", "break", reason="meal"), None),
        ("away", desk_row("not_ready", held_back=["phone_away"]), None),
        ("pausing", desk_row("not_answering"), None),
        ("meeting", desk_row("not_ready", "meeting"), None),
    ]
    for name, row, call in steps:
        await show(row, call, **LINE)
        await desk.state(name)
        await look(name)


@pytest.mark.parametrize(("size", "lang"), [("wide", "zh"), ("small", "en")])
async def test_nothing_that_is_aimed_at_ever_moves(browser: Browser, size: str, lang: str) -> None:
    """Given the desk in every state, when one follows the other, then pill, clock, buttons and panels stand where they
    were."""
    async with agent_page(browser, size, lang) as desk:
        boxes: dict[str, dict[str, Any]] = {}

        async def look(state: str) -> None:
            boxes[state] = {one: await desk.page.locator(one).bounding_box() for one in STANDS}

        await _through_all(desk, look)
        for state, there in boxes.items():
            assert there == boxes["idle"], state
        assert not desk.faults


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("size", ["wide", "small"])
async def test_no_word_of_the_shell_is_cut_off(browser: Browser, size: str, lang: str) -> None:
    """Given both languages and sizes, when every state is shown, then no label is longer than its place."""
    async with agent_page(browser, size, lang) as desk:

        async def look(state: str) -> None:
            cut: list[str] = await desk.page.evaluate(
                """() => [...document.querySelectorAll('.top *, .call *, .statusline *, .strip *')]
                    .filter(e => e.offsetParent && !e.closest('.parties') && e.scrollWidth > e.clientWidth + 1
                        && getComputedStyle(e).overflow !== 'visible' && !e.matches('.notice'))
                    .map(e => e.className + ': ' + e.textContent)"""
            )
            assert not cut, (state, cut)

        await _through_all(desk, look)


WORDS = [
    ("zh", "idle", ["空闲", "队列 17 人等待", "可以先补未完成的草稿。"]),
    ("en", "idle", ["Ready", "17 waiting in your queue", "You can finish open drafts."]),
    (
        "zh",
        "offered",
        ["来电振铃", "138 0000 1234", "7 天内第 2 次来电", "免导航 → 综合", "接听", "拒接", "超时转下一席"],
    ),
    ("en", "offered", ["Incoming", "138 0000 1234", "Call 2 in 7 days", "Answer", "Reject", "Why you:"]),
    ("zh", "held", ["保持中", "已保持 1 分钟，请回应。"]),
    ("en", "held", ["On hold", "1 min on hold: say something."]),
    ("zh", "wrap_up", ["话后整理", "整理时间还剩", "延长 30 秒", "完成并空闲"]),
    ("en", "wrap_up", ["Wrap-up", "+30 s", "Done, ready"]),
    ("zh", "break", ["小休（用餐）", "计划 30:00"]),
    ("en", "break", ["Break (meal)", "of 30:00"]),
    ("zh", "away", ["话机没有连上，正在重连。连上以前不派来电。"]),
]


@pytest.mark.parametrize(("lang", "state", "words"), WORDS)
async def test_each_state_says_what_is_so_and_what_to_do(
    browser: Browser, lang: str, state: str, words: list[str]
) -> None:
    """Given a state, when it is shown, then these words are on the page."""
    async with agent_page(browser, lang=lang) as desk:
        if state == "offered":
            await desk.offer(invite=False)
        else:
            rows = {
                "idle": (desk_row(), None),
                "held": (desk_row("held", call_id=CALL), talk(held_since=time.time() - 70)),
                "wrap_up": (desk_row("wrap_up", wrap_up=_wrap_up()), None),
                "break": (desk_row("not_ready", "break", reason="meal"), None),
                "away": (desk_row("not_ready", held_back=["phone_away"]), None),
            }
            await desk.fake.show(*rows[state], **LINE)
        for word in words:
            await desk.says(word)


async def test_an_offered_call_is_painted_with_the_next_frame_and_takes_no_focus(browser: Browser) -> None:
    """Given an agent who is writing, when calls are offered, then each is painted at once and he goes on writing."""
    async with agent_page(browser) as desk:
        await desk.talk("c0")
        await desk.page.locator("#d-title").focus()
        await desk.page.keyboard.type("路灯")
        caret = "[document.activeElement.id, document.activeElement.selectionStart]"
        before = await desk.page.evaluate(caret)
        late = []
        for n in range(1, 8):
            call_id = f"c{n}"
            await desk.fake.show(desk_row("offered", call_id=call_id), pop(call_id=call_id))
            await desk.page.wait_for_function(
                "name => performance.getEntriesByName(name).length > 0", arg=f"pop:{call_id}", timeout=LIMIT_MS
            )
            marks = {**await desk.marks("picture:"), **await desk.marks("pop:")}
            late.append(marks[f"pop:{call_id}"] - marks[f"picture:{call_id}"])
            assert await desk.page.evaluate(caret) == before
        late.sort()
        assert late[len(late) // 2] < 50, late  # one frame, on a machine that does other things too
        assert not desk.faults


async def test_the_pop_is_heard_once_by_who_cannot_see_it(browser: Browser) -> None:
    """Given a screen reader, when a call is offered and its picture comes again, then it is told once."""
    async with agent_page(browser) as desk:
        await desk.page.evaluate(
            "window.told = []; new MutationObserver(() => told.push(document.getElementById('say-now').textContent))"
            ".observe(document.getElementById('say-now'), {childList: true, characterData: true, subtree: true})"
        )
        await desk.offer()
        await desk.fake.show(desk_row("offered", call_id=CALL), pop(queued_at=time.time() - 20))
        await desk.state("offered")
        await expect(desk.page.locator("#say-now")).to_have_text("来电，综合，F2 接听")
        assert await desk.page.evaluate("told") == ["来电，综合，F2 接听"]


async def test_the_shell_does_not_shift(browser: Browser) -> None:
    """Given a minute's worth of changes in a few seconds, when layout shifts of the shell are counted, then there are
    none."""
    async with agent_page(browser) as desk:
        await desk.page.evaluate(
            """window.shifts = [];
            const shell = '.top .state, .clock, .acts, .statusline';
            new PerformanceObserver((list) => {
                for (const {value, sources} of list.getEntries()) {
                    const moved = sources.map(({node}) => node?.parentElement?.closest(shell)).filter(Boolean);
                    if (moved.length) shifts.push([value, moved.map((one) => one.className)]);
                }
            }).observe({type: 'layout-shift', buffered: true})"""
        )

        async def look(_state: str) -> None:
            await desk.fake.tell({"type": "ping"})

        for _ in range(2):
            await _through_all(desk, look)
        shifts: list[list[Any]] = await desk.page.evaluate("shifts")
        assert sum(value for value, _ in shifts) < 0.01, shifts


async def test_a_microphone_that_gives_nothing_is_said(tmp_path: Path) -> None:
    """Given a headset whose switch is off, when the agent has talked for 5 s, then an amber strip says so; sound of his
    takes it away."""
    silence = tmp_path / "silence.wav"
    with wave.open(str(silence), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48000)
        file.writeframes(bytes(2 * 48000))
    async with chromium(microphone=silence) as browser, agent_page(browser) as desk:
        await desk.talk()
        strip = desk.page.locator(".strip")
        await expect(strip).to_have_class("panel strip running silent", timeout=LIMIT_MS)
        await desk.says("5 秒没有收到您的声音，市民可能听不到。")
        await desk.press("F9")  # who is muted knows it
        await expect(strip).to_have_class("panel strip running", timeout=LIMIT_MS)


async def test_no_microphone_is_said_and_the_call_is_not_lost(browser: Browser) -> None:
    """Given a microphone that the browser may not use, when the agent answers, then he is told what to do, and
    answers as soon as he has done it."""
    async with agent_page(browser) as desk:
        await desk.page.evaluate(
            """() => {
                const devices = MediaDevices.prototype, real = devices.getUserMedia;
                window.mend = () => { devices.getUserMedia = real };
                devices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError') };
            }"""
        )
        dialog = await desk.offer()
        assert dialog is not None
        await desk.press("F2")
        await desk.says("麦克风未授权：点地址栏左侧图标，允许麦克风。")
        assert dialog.state == "ringing"
        await desk.page.evaluate("mend()")
        await desk.press("F2")
        await eventually(lambda: dialog.state == "talking", LIMIT_S, "an answered call")


async def test_a_missed_call_is_said_until_the_agent_has_seen_it(browser: Browser) -> None:
    """Given an agent who missed calls and was put on a break, when he clicks the one button, then he is ready."""
    async with agent_page(browser) as desk:
        await desk.fake.show(desk_row("not_ready", "break", reason="no_answer"), None)
        await desk.fake.tell({"type": "note", "code": "missed", "data": {}})
        await desk.says("刚才的来电未接，已转其他坐席。您已被置为小休。")
        await desk.page.get_by_role("button", name="恢复空闲").click()
        path = "/api/agents/1032/status"
        await eventually(lambda: desk.fake.was_asked("POST", path), LIMIT_S, "the status asked for")
        assert desk.fake.was_asked("POST", path) == [{"status": "ready", "reason": ""}]


async def test_who_hung_up_and_what_was_missed_is_said_without_being_told(browser: Browser) -> None:
    """Given a ringing call, when it is gone, then the agent reads that the citizen hung up; when it went on to somebody
    else because he did not answer, then that, until he has seen it."""
    async with agent_page(browser) as desk:
        await desk.offer("c1")
        await desk.fake.show(desk_row(), None)
        await desk.says("市民已挂断。")
        await desk.offer("c2")
        await expect(desk.page.locator(".call .message")).to_have_text("")
        await desk.fake.show(desk_row(), None)
        await desk.fake.show(desk_row("not_answering", misses=1, held_back=["no_answer"]), None)
        await desk.says("刚才的来电未接，已转其他坐席。")
        await desk.page.get_by_role("button", name="知道了").click()
        await expect(desk.page.locator(".call .message")).to_have_text("")


async def test_languages_and_colours_change_without_a_reload(browser: Browser) -> None:
    """Given a call in hand, when language and colours are switched, then all is said anew and nothing is lost."""
    async with agent_page(browser) as desk:
        await desk.talk()
        await desk.page.get_by_role("button", name="EN", exact=True).click()
        await desk.says("Talking, recording")
        assert await desk.page.evaluate("document.documentElement.lang") == "en"
        await desk.press("F4")
        await desk.page.get_by_role("menuitem", name="Dark colours").click()
        assert await desk.page.evaluate("document.documentElement.dataset.theme") == "dark"
        assert (desk.fake.opened, desk.fake.sip.connections) == (1, 1)
