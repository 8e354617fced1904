"""What every test needs."""

import asyncio
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _event_loop_of_the_main_thread() -> Iterator[None]:
    """pytest-asyncio 1.5 asks for the thread's loop, and Python 3.11 then makes one that nobody closes. This one is.

    The warning of an unclosed loop can come while Python parses a module, which crashes it with a SystemError.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    loop.close()
    asyncio.set_event_loop(None)
