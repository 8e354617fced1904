"""A real Chromium for tests, with made-up microphone and camera."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

from cti.browser import launch_options


@asynccontextmanager
async def chromium(*flags: str, microphone: Path | None = None) -> AsyncIterator[Browser]:
    """One browser process. `microphone`: a WAV file that its microphone hears, over and over."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**launch_options(*flags, microphone=microphone))
        try:
            yield browser
        finally:
            await browser.close()


def faults_of(page: Page) -> list[str]:
    """Grows by whatever the page complains about from now on: console errors and uncaught exceptions."""
    faults: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error":
            faults.append(f"console: {message.text} ({message.location.get('url', '')})")

    page.on("console", heard)
    page.on("pageerror", lambda error: faults.append(f"exception: {error}"))
    return faults


async def settled(page: Page) -> None:
    """Until every colour and place is what it is going to be; what turns without end is left to it."""
    # What is called off, because its element goes, has ended too.
    await page.evaluate(
        "Promise.allSettled(document.getAnimations().map("
        "one => one.effect.getTiming().iterations === 1 && one.finished)).then(() => null)"
    )
