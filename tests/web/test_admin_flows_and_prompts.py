"""Flows drawn, checked and walked, and prompts listened to, uploaded, voiced and restored, in a real Chromium."""

from __future__ import annotations

import math
import re
import struct
import wave
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, expect

from cti.speech.voices import installed_voices
from ivr_flows.words import Prompt
from tests.support.admin_desk import AdminHouse, AdminPage, admin_page
from tests.support.missing import missing
from tests.support.waiting_async import eventually

LIMIT_MS, LIMIT_S = 15_000, 15.0


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[AdminHouse]:
    async with AdminHouse(tmp_path).open() as opened:
        yield opened


@pytest_asyncio.fixture
async def li(house: AdminHouse, browser: Browser) -> AsyncIterator[AdminPage]:
    async with admin_page(house, browser) as opened:
        yield opened


async def test_a_call_is_walked_through_the_flow_by_keys_and_the_picture_follows(li: AdminPage) -> None:
    await li.go("flows/city")
    await expect(li.page.locator(".node")).to_have_count(26, timeout=LIMIT_MS)
    await li.page.fill(li.key("at"), "2026-11-23T10:00")
    await li.page.click(li.key("dial"))
    await expect(li.page.locator(".turns")).to_contain_text("12345热线，本次通话将被录音", timeout=LIMIT_MS)
    await li.page.click(li.key("answer-"))
    await expect(li.page.locator(".turns")).to_contain_text("企业服务请按2", timeout=LIMIT_MS)
    await li.page.locator(".turns").focus()
    await li.page.keyboard.press("2")
    await expect(li.page.locator(".turns")).to_contain_text("排队等候：企业服务", timeout=LIMIT_MS)
    await expect(li.page.locator(".node.here")).to_have_attribute("data-key", "node-enterprise")
    await li.page.click(li.key("undo"))
    await expect(li.page.locator(".node.here")).to_have_attribute("data-key", "node-main_menu", timeout=LIMIT_MS)
    assert li.faults == []


async def test_a_fault_of_a_flow_names_its_node_and_a_good_text_is_live_for_new_calls(
    house: AdminHouse, li: AdminPage
) -> None:
    await li.go("flows/city")
    code = li.page.locator(".code")
    await expect(code).not_to_have_value("", timeout=LIMIT_MS)
    good = await code.input_value()
    await code.fill(good.replace("next: notice_zero", "next: notice_zeroo"))
    problem = li.page.locator(".problem").first
    await expect(problem).to_contain_text("next 指向不存在的节点 notice_zeroo", timeout=LIMIT_MS)
    await expect(problem.locator("code")).to_have_text("zero_menu")
    await expect(li.page.locator(".node.error .name")).to_have_text(re.compile("zero_menu|notice_zero"))
    await expect(li.page.locator(".picture .alert")).to_contain_text("zero_menu → notice_zeroo")

    changed = good.replace("limits:\n  greeting_s: 5 ", "limits:\n  greeting_s: 6 ")
    assert changed != good
    await code.fill(changed)
    await expect(li.page.locator(".problem")).to_have_count(0, timeout=LIMIT_MS)
    await li.page.click(li.key("publish"))
    await expect(li.page.locator(".touched .figure")).to_contain_text("会影响 0 个", timeout=LIMIT_MS)
    await li.page.fill(li.key("reason-publish"), "放宽")
    await li.page.keyboard.press("Enter")
    await eventually(lambda: house.daemon.files.flows.current("city").limits.greeting_s == 6, LIMIT_S, "the live flow")
    assert (house.settings.documents / "flows" / "city.yaml").exists()


async def test_the_picture_is_walked_by_arrows(li: AdminPage) -> None:
    await li.go("flows/city")
    await expect(li.page.locator(".node")).to_have_count(26, timeout=LIMIT_MS)
    await li.page.locator('.node[tabindex="0"]').focus()
    before = await li.page.evaluate("document.activeElement.dataset.key")
    await li.page.keyboard.press("ArrowRight")
    after = await li.page.evaluate("document.activeElement.dataset.key")
    assert before != after
    await li.page.keyboard.press("Enter")
    await expect(li.page.locator(li.key(after))).to_have_attribute("aria-pressed", "true", timeout=LIMIT_MS)
    await expect(li.page.locator(li.key(after))).to_be_focused()


async def test_a_new_flow_is_made_and_can_be_chosen_for_a_number(house: AdminHouse, li: AdminPage) -> None:
    await li.go("flows")
    await li.page.fill(li.key("new"), "night_line")
    await li.page.keyboard.press("Enter")
    await expect(li.page.locator(".desk h2")).to_have_text("流程 night_line", timeout=LIMIT_MS)
    await expect(li.page.locator(".node")).to_have_count(3, timeout=LIMIT_MS)
    await li.page.click(li.key("publish"))
    await li.page.fill(li.key("reason-publish"), "夜间专线")
    await li.page.keyboard.press("Enter")
    await eventually(lambda: "night_line" in house.daemon.files.flows.names, LIMIT_S, "the new flow")
    await li.go("numbers")
    await li.page.select_option(li.key("numbers:did.0.flow"), "night_line")
    await expect(li.page.locator(".foot .checked")).to_have_text("✓ 检查通过", timeout=LIMIT_MS)


def tone(path: Path, seconds: float, rate: int = 22_050) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        samples = (round(9000 * math.sin(2 * math.pi * 440 * n / rate)) for n in range(int(seconds * rate)))
        file.writeframes(b"".join(struct.pack("<h", one) for one in samples))
    return path


async def test_a_recording_is_uploaded_heard_by_callers_and_restored(
    house: AdminHouse, li: AdminPage, tmp_path: Path
) -> None:
    await li.go("prompts/greeting")
    await expect(li.page.locator("audio").first).to_be_visible(timeout=LIMIT_MS)
    await li.page.set_input_files('input[data-language="zh-CN"]', tone(tmp_path / "新问候.wav", 2.0))
    told = li.page.locator(".told")
    await expect(told).to_contain_text("已生效：v1，2.1 秒", timeout=LIMIT_MS)

    (played,) = house.daemon.files.prompts.files(Prompt("greeting"), "zh-CN")
    assert played.startswith(str(house.settings.documents))
    with wave.open(f"{played}.wav") as sound:
        assert sound.getframerate() == 8000
    served = await li.page.evaluate(
        "fetch(document.querySelector('audio').src).then(r => r.arrayBuffer())"
        ".then(b => [b.byteLength, new TextDecoder().decode(b.slice(0, 4))])"
    )
    assert served[1] == "RIFF"
    assert served[0] == Path(f"{played}.wav").stat().st_size
    seconds = await li.page.evaluate(
        "new Promise(done => { const a = document.querySelector('audio'); a.onloadedmetadata = () => done(a.duration);"
        " a.preload = 'auto'; a.load(); })"
    )
    assert 1.9 < seconds < 2.4
    await expect(li.page.locator(".takes li").first).to_contain_text("li")

    await li.page.click(li.key("restore-zh-CN-0"))
    await expect(told).to_contain_text("已生效：v2", timeout=LIMIT_MS)
    (played,) = house.daemon.files.prompts.files(Prompt("greeting"), "zh-CN")
    assert not played.startswith(str(house.settings.documents))
    assert li.faults == []


async def test_a_recording_that_would_keep_callers_too_long_is_refused_with_the_limit(
    li: AdminPage, tmp_path: Path
) -> None:
    await li.go("prompts/greeting")
    await expect(li.page.locator("audio").first).to_be_visible(timeout=LIMIT_MS)
    await li.page.set_input_files('input[data-language="zh-CN"]', tone(tmp_path / "long.wav", 9.0))
    await expect(li.page.locator(".told.bad")).to_contain_text("limits.greeting_s 是 5", timeout=LIMIT_MS)
    (tmp_path / "none.wav").write_bytes(b"no sound")
    await li.page.set_input_files('input[data-language="yue"]', tmp_path / "none.wav")
    await expect(li.page.locator(".told.bad").nth(1)).to_contain_text("读不出这个声音文件", timeout=LIMIT_MS)


async def test_a_text_is_changed_published_and_voiced(house: AdminHouse, li: AdminPage) -> None:
    if "espeak" not in installed_voices():
        missing("espeak-ng is missing: run `make setup`")
    await li.go("prompts/goodbye")
    area = li.page.locator(li.key("prompts.en:goodbye.text"))
    await area.fill("Thank you, goodbye.")
    await li.page.keyboard.press("Tab")
    await expect(li.page.locator(".chip.draft").first).to_be_visible(timeout=LIMIT_MS)
    await li.page.click(li.key("publish"))
    await li.page.fill(li.key("reason-publish"), "更短")
    await li.page.keyboard.press("Enter")
    texts = house.daemon.files.prompt_texts
    await eventually(lambda: texts.catalogue.text("goodbye", "en") == "Thank you, goodbye.", LIMIT_S, "the new text")
    await li.page.click(li.key("voice-en"))
    await expect(li.page.locator(".told")).to_contain_text("已生效：v1", timeout=30_000)
    assert house.daemon.files.prompts.source("goodbye", "en").startswith("espeak-ng")


async def test_a_day_is_switched_by_keys_and_the_calendar_of_calls_follows(house: AdminHouse, li: AdminPage) -> None:
    await li.go("calendar/2026")
    await li.page.locator(li.key("day-2026-01-01")).focus()
    await expect(li.page.locator(li.key("day-2026-01-01"))).to_have_class(re.compile("holiday"), timeout=LIMIT_MS)
    for key in ("ArrowDown", "ArrowRight"):
        await li.page.keyboard.press(key)
    await expect(li.page.locator(li.key("day-2026-01-09"))).to_be_focused()
    await li.page.keyboard.press("Enter")
    await expect(li.page.locator(li.key("day-2026-01-09"))).to_have_class(re.compile("own"), timeout=LIMIT_MS)
    await expect(li.page.locator(li.key("day-2026-01-09"))).to_be_focused()
    await li.page.click(li.key("publish"))
    await li.page.fill(li.key("reason-publish"), "停电")
    await li.page.keyboard.press("Enter")
    await eventually(
        lambda: house.daemon.files.calendar.day(date(2026, 1, 9)).kind == "holiday", LIMIT_S, "the new day"
    )
