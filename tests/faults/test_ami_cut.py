"""The AMI connection is cut in mid-traffic: soon the daemon knows again what Asterisk knows, and no record is wrong."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from tests.support.city import City, citizen, eventually

pytestmark = pytest.mark.timeout(90)

CUTS = 3
APART_S = 3.5
"""A connection that lasted is made anew at once; one that did not waits a little."""


@pytest.mark.skipif(os.geteuid() != 0, reason="cutting a connection of others (ss -K) needs root")
async def test_after_a_cut_the_daemon_knows_what_asterisk_knows(
    telephones: City, measured: Callable[..., None]
) -> None:
    # Given steady traffic of short calls
    stack = telephones.stack
    telephones.director.manner.talk_s = (0.8, 2.0)
    await telephones.hire(8)
    calls = 44
    telephones.dial([citizen(n, rating="123"[n % 3]) for n in range(calls)], rate=3.5)
    await eventually(lambda: len(telephones.director.account.calls) > 8, 10, "traffic")
    took = []
    for n in range(CUTS):
        before = await telephones.api.channels()
        connections = len(list(stack.log("ami_up")))

        # When the connections are cut, and what happens in the next third of a second is told to nobody
        daemon, _ = stack.ready
        at = time.time()
        os.kill(daemon, signal.SIGSTOP)
        _cut(stack.settings.asterisk.ami_port)
        await asyncio.sleep(0.33)
        missed = before.keys() ^ stack.asterisk_channels().keys()
        os.kill(daemon, signal.SIGCONT)

        # Then the daemon's picture is that of Asterisk again within a second
        same_at = await eventually(lambda: _same_picture(telephones), 5, "the same picture")
        assert len(list(stack.log("ami_up"))) == connections + 2
        assert missed, "nothing happened that could have been missed"
        took.append(same_at - at)
        if n + 1 < CUTS:
            await asyncio.sleep(APART_S)
    measured(resynced_after_s=[round(t, 3) for t in took])
    assert max(took) <= 1.0
    assert stack.ready[0] == daemon, "it was not restarted for it"

    # And every record is as the telephones saw the call
    await telephones.over(40)
    assert len(await telephones.check_records()) == calls


def _cut(port: int) -> None:
    done = subprocess.run(
        ["ss", "-K", "-t", "state", "established", f"( dport = :{port} or sport = :{port} )"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or str(port) not in done.stdout:
        pytest.skip(f"this kernel does not cut connections: {done.stderr.strip()}")


async def _same_picture(telephones: City) -> float:
    """The moment of one comparison in which the daemon had every channel and none besides; 0 if it had not.

    Asterisk's list is taken before and after: what came or went meanwhile counts for neither.
    """
    before = await asyncio.to_thread(telephones.stack.asterisk_channels)
    known, at = await telephones.api.channels(), time.time()
    after = await asyncio.to_thread(telephones.stack.asterisk_channels)
    stayed = before.items() & after.items()
    return at if stayed <= known.items() <= (before.items() | after.items()) else 0.0
