"""The desk page in a real Chromium, before a daemon by script: open it, ring it, see what it says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.support.browser import faults_of
from tests.support.fake_desk import CALL, STORY, FakeDesk, desk_row, fake_desk, pop, talk
from tests.support.fake_sip import Dialog
from tests.support.waiting_async import eventually

LIMIT_MS = 10_000
LIMIT_S = 10.0
SIZES = {"wide": (1440, 900), "small": (1366, 768)}


class AgentPage:
    """`faults`: what the page complains about; a test that means to have some clears them."""

    def __init__(self, page: Page, fake: FakeDesk) -> None:
        self.page, self.fake = page, fake
        self.faults = faults_of(page)

    async def open(self, lang: str = "zh") -> None:
        await self.page.goto(f"{self.fake.url}/agent?lang={lang}")
        await self.registered()

    async def registered(self) -> None:
        await expect(self.page.locator(".statusline .telephone i")).to_have_class("ok", timeout=LIMIT_MS)

    async def state(self, wanted: str) -> None:
        """It has come to this state."""
        await expect(self.page.locator("body")).to_have_attribute("data-state", wanted, timeout=LIMIT_MS)

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    def button(self, name: str) -> Any:
        return self.page.locator(f".act[data-act={name}]")

    async def text(self, selector: str) -> str:
        return (await self.page.locator(selector).inner_text()).strip()

    async def says(self, text: str) -> None:
        """In the call bar, the top bar or the strip."""
        await expect(self.page.get_by_text(text).filter(visible=True).first).to_be_visible(timeout=LIMIT_MS)

    async def focus(self) -> str:
        """The id of what has the focus."""
        found: str = await self.page.evaluate("document.activeElement?.id || document.activeElement?.tagName || ''")
        return found

    async def marks(self, start: str) -> dict[str, float]:
        """Performance marks of the page by name, in its milliseconds."""
        rows: list[list[Any]] = await self.page.evaluate(
            "start => performance.getEntriesByType('mark').filter(m => m.name.startsWith(start))"
            ".map(m => [m.name, m.startTime])",
            start,
        )
        return {str(name): float(at) for name, at in rows}

    # A call from its first sign to the talk

    async def offer(self, call_id: str = CALL, *, invite: bool = True, **more: Any) -> Dialog | None:
        await self.fake.show(desk_row("offered", call_id=call_id), pop(call_id=call_id, **more))
        await self.fake.tell({"type": "story", "call_id": call_id, "story": STORY})
        await self.fake.tell({"type": "ticket", "ticket": self.fake.ticket(call_id)})
        await self.state("offered")
        return await self.fake.sip.invite(call_id) if invite else None

    async def talk(self, call_id: str = CALL, seconds: float = 2, **more: Any) -> Dialog:
        """Offered, answered by key, and the daemon says so."""
        dialog = await self.offer(call_id)
        assert dialog is not None
        await self.press("F2")
        await eventually(lambda: dialog.state == "talking", LIMIT_S, "an answered call")
        await self.talks(call_id, seconds, **more)
        return dialog

    async def talks(self, call_id: str = CALL, seconds: float = 2, **more: Any) -> None:
        row: Mapping[str, Any] = more.pop("row", {})
        await self.fake.show(desk_row("talking", call_id=call_id, **row), talk(seconds, call_id=call_id, **more))
        await self.state("talking")
        await expect(self.button("hold")).to_have_attribute("aria-disabled", "false", timeout=LIMIT_MS)
        await expect(self.page.locator("#d-title")).to_be_visible(timeout=LIMIT_MS)


@asynccontextmanager
async def agent_page(
    browser: Browser, size: str = "wide", lang: str = "zh", *, opened: bool = True, **context: Any
) -> AsyncIterator[AgentPage]:
    width, height = SIZES[size]
    async with fake_desk() as fake:
        tab = await browser.new_context(viewport={"width": width, "height": height}, **context)
        try:
            one = await another_tab(tab, fake)
            if opened:
                await one.open(lang)
            yield one
        finally:
            await tab.close()


async def another_tab(context: BrowserContext, fake: FakeDesk) -> AgentPage:
    return AgentPage(await context.new_page(), fake)
