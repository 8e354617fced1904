"""Asterisk says at the log-in since when it runs: by that a gap in the records is told from a daemon that was away."""

from __future__ import annotations

import asyncio
import random

from cti.asterisk import names
from cti.asterisk.ami import Ami
from tests.asterisk.conftest import RunningAsterisk
from tests.support.waiting_async import eventually


async def test_who_logs_in_learns_since_when_asterisk_runs(asterisk: RunningAsterisk) -> None:
    observe = Ami(
        host="127.0.0.1",
        port=asterisk.settings.asterisk.ami_port,
        username=names.AMI_RO,
        secret=asterisk.secret_ro,
        nonce=lambda: asterisk.server.nonce,
        on_event=lambda _: None,
        rng=random.Random(1),
    )
    running = asyncio.create_task(observe.run())
    try:
        await eventually(lambda: observe.connected, 10.0, "the log-in")
        assert observe.up_for_s is not None
        assert 0 <= observe.up_for_s < 3600, "this one was started by these tests"
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
