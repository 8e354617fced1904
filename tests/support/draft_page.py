"""The draft as a test works on it: fields by name, keys as pressed, what is to be seen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from tests.support.browser import faults_of
from tests.support.ticket_server import TicketServer

expect.set_options(timeout=10_000)


class DraftPage:
    """`faults`: what the page complains about."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.faults = faults_of(page)

    async def open(self) -> None:
        await self.page.goto(self.url)
        await expect(self.page.locator("#draft h2")).not_to_be_empty()

    def field(self, name: str) -> Locator:
        return self.page.locator(f"[data-field={name}]")

    def control(self, name: str) -> Locator:
        """The input, textarea or select of a field; of a group its chosen button, or its first."""
        return self.page.locator(f"#d-{name}")

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def write(self, name: str, text: str) -> None:
        """Goes there and types."""
        await self.control(name).focus()
        await self.page.keyboard.insert_text(text)

    async def pick(self, name: str, typed: str) -> None:
        """Finds a choice by typing and takes it."""
        await self.control(name).focus()
        await self.page.keyboard.type(typed)
        await expect(self.page.locator("#d-choices li").first).to_be_visible()
        await self.page.keyboard.press("Enter")

    async def choose_type(self, digit: str) -> None:
        await self.page.locator("#d-type input").first.focus()
        await self.page.keyboard.press(digit)

    async def value(self, name: str) -> str:
        return await self.control(name).input_value()

    async def state(self, name: str) -> str | None:
        return await self.field(name).get_attribute("data-state")

    async def focused(self) -> str | None:
        """The field that has the focus."""
        found: str | None = await self.page.evaluate(
            "document.activeElement?.closest('[data-field]')?.dataset.field ?? null"
        )
        return found

    async def expect_value(self, name: str, value: str) -> None:
        await expect(self.control(name)).to_have_value(value)

    async def expect_state(self, name: str, state: str) -> None:
        await expect(self.field(name)).to_have_attribute("data-state", state)

    async def expect_saved(self) -> None:
        await expect(self.page.locator(".d-saved")).to_have_attribute("data-kind", "saved")

    async def expect_focus(self, name: str) -> None:
        await self.page.wait_for_function(
            "name => document.activeElement?.closest('[data-field]')?.dataset.field === name", arg=name
        )


@asynccontextmanager
async def draft_page(
    browser: Browser, server: TicketServer, *, lang: str = "zh", context: BrowserContext | None = None
) -> AsyncIterator[DraftPage]:
    """Open until the end of the block, in a browser of its own if none is given."""
    mine = context if context is not None else await browser.new_context(viewport={"width": 1440, "height": 900})
    page = DraftPage(await mine.new_page(), f"{server.url}?lang={lang}")
    try:
        await page.open()
        yield page
    finally:
        if context is None:
            await mine.close()
