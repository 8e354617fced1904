"""A real Chromium for tests: the system's or one unpacked beside the project, with made-up microphone and camera."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

from cti.settings import PROJECT

_UNPACKED = PROJECT / ".deps" / "chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
    "--allow-loopback-in-peer-connection",
)


class BrowserMissing(Exception):
    """The text says what to do."""


def find_browser() -> tuple[str, dict[str, str]]:
    """(program, what its environment needs)."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path, {}
    program = _UNPACKED / "usr" / "lib" / "chromium" / "chromium"
    if not program.is_file():
        raise BrowserMissing("no Chromium on PATH or beside the project: run `make setup-test`")
    libraries = [d for pattern in ("usr/lib/*-linux-gnu*", "lib/*-linux-gnu*") for d in sorted(_UNPACKED.glob(pattern))]
    return str(program), {
        "LD_LIBRARY_PATH": ":".join(map(str, libraries)),
        "FONTCONFIG_SYSROOT": str(_UNPACKED),
    }


@asynccontextmanager
async def chromium(*flags: str, microphone: Path | None = None) -> AsyncIterator[Browser]:
    """One browser process. `microphone`: a WAV file that its microphone hears, over and over."""
    program, environment = find_browser()
    heard = (f"--use-file-for-fake-audio-capture={microphone}",) if microphone is not None else ()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program,
            args=[*FLAGS, *heard, *flags],
            env={**os.environ, **environment},
            chromium_sandbox=False,
        )
        try:
            yield browser
        finally:
            await browser.close()


def faults_of(page: Page) -> list[str]:
    """Grows by whatever the page complains about from now on: console errors, uncaught exceptions, failed requests of
    its own files."""
    faults: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error":
            faults.append(f"console: {message.text}")

    page.on("console", heard)
    page.on("pageerror", lambda error: faults.append(f"exception: {error}"))
    return faults
