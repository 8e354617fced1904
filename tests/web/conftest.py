"""Tests in a real Chromium: skipped on a laptop without one, failed in CI."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.support.browser import BrowserMissing, chromium, find_browser


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    try:
        find_browser()
    except BrowserMissing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))
    async with chromium() as one:
        yield one
