"""What every test needs."""

import asyncio
from collections.abc import Iterator

import pytest
from blockbuster import blockbuster_ctx


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


@pytest.fixture
def no_blocking_on_the_loop() -> Iterator[None]:
    """A blocking call of ours on the event loop fails the test: it would stall every call in progress.

    For tests of what runs while calls do; what is built before the loop serves anybody (stores, flows) may block.
    """
    with blockbuster_ctx(["cti", "ivr_flows", "queues", "agents", "recordings"]):
        yield
