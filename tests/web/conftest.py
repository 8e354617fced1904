"""Tests in a real Chromium: skipped on a laptop without one, failed in CI."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from cti.browser import launch_options
from cti.programs import ProgramMissing
from tests.support.browser import chromium


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    try:
        launch_options()
    except ProgramMissing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))
    async with chromium() as one:
        yield one
