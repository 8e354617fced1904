"""Logging in: refusals in words that help, the devices on the same screen, and nobody ready by it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Page, expect

from tests.support.browser import faults_of
from tests.support.fake_desk import AGENT, FakeDesk, fake_desk
from tests.support.waiting_async import eventually

LOGIN = ("POST", "/api/login")
LIMIT_MS = 10_000


@asynccontextmanager
async def _page(browser: Browser, query: str = "") -> AsyncIterator[tuple[Page, FakeDesk]]:
    async with fake_desk() as fake:
        fake.logged_in = False
        context = await browser.new_context()
        page = await context.new_page()
        await page.goto(f"{fake.url}/login{query}")
        await page.locator("#user").wait_for()
        try:
            yield page, fake
        finally:
            await context.close()


async def _log_in(page: Page) -> None:
    await page.fill("#user", AGENT)
    await page.fill("#password", "right")
    await page.fill("#seat", "A-032")
    await page.keyboard.press("Enter")


async def test_an_agent_sees_his_devices_work_and_enters(browser: Browser) -> None:
    """Given an agent, when he logs in, then headset, network and telephone are checked on the same screen, and he
    comes to his desk, whose telephone is his again; the seat is filled in the next time."""
    async with _page(browser) as (page, fake):
        faults = faults_of(page)
        await _log_in(page)
        enter = page.get_by_role("button", name="进入（状态：小休）")
        await expect(enter).to_be_disabled(timeout=LIMIT_MS)
        await page.get_by_role("button", name="放提示音").first.click()
        await expect(page.locator(".tick.ok")).to_have_count(4, timeout=LIMIT_MS)
        await enter.click()
        await page.wait_for_url("**/agent", timeout=LIMIT_MS)
        await expect(page.locator(".statusline .telephone i")).to_have_class("ok", timeout=LIMIT_MS)
        assert fake.was_asked(*LOGIN) == [{"user": AGENT, "password": "right", "seat": "A-032"}]
        assert not [path for _, path, _ in fake.asked if path.endswith("/status")]
        await page.goto(f"{fake.url}/login?why=logged_out")
        await expect(page.locator("#seat")).to_have_value("A-032")
        assert not [fault for fault in faults if "401" not in fault]


async def test_a_wrong_password_and_a_lock_are_said(browser: Browser) -> None:
    """Given wrong passwords, when the daemon refuses, then it is said how often he may try, or how long he waits."""
    async with _page(browser) as (page, fake):
        fake.answers[LOGIN] = [
            (401, {"error": "wrong_password", "message": "", "tries_left": 3}),
            (429, {"error": "locked", "message": "", "seconds": 600}),
        ]
        await _log_in(page)
        error = page.get_by_role("alert")
        await expect(error).to_have_text("工号或密码不正确，还可再试 3 次。", timeout=LIMIT_MS)
        await expect(page.locator("#password")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(error).to_have_text("已锁定 10 分钟，请找班长解锁。", timeout=LIMIT_MS)


async def test_who_is_logged_in_elsewhere_may_come_here(browser: Browser) -> None:
    """Given a log-in at another seat, when the agent confirms, then he is logged in here and out there."""
    async with _page(browser) as (page, fake):
        fake.answers[LOGIN] = (409, {"error": "logged_in_elsewhere", "message": "", "seat": "A-031"})
        await _log_in(page)
        await expect(page.get_by_role("alert")).to_have_text("您已在 A-031 登录。", timeout=LIMIT_MS)
        del fake.answers[LOGIN]
        await page.keyboard.press("Enter")
        await page.locator(".device-panel").wait_for()
        assert fake.was_asked(*LOGIN)[-1]["force"] is True


async def test_an_empty_form_goes_nowhere_and_everything_is_said_in_english(browser: Browser) -> None:
    """Given an empty form, when it is sent, then the first empty field has the focus and nothing was asked."""
    async with _page(browser, "?lang=en") as (page, fake):
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_have_text("Fill in your number and password.")
        await expect(page.locator("#user")).to_be_focused()
        assert fake.asked == []


async def test_the_headset_is_tried_by_an_echo(browser: Browser) -> None:
    """Given the device check, when a test call is asked for, then the telephone calls the echo."""
    async with _page(browser) as (page, fake):
        await _log_in(page)
        await expect(page.locator("[data-check=telephone] .tick.ok")).to_have_count(1, timeout=LIMIT_MS)
        await page.get_by_role("button", name="试拨，听自己").click()
        await eventually(lambda: "INVITE sip:test@yihu SIP/2.0" in fake.sip.said, 10, "a call to the echo")
