"""What Prometheus reads from a running system is what happened; and a restart knows the day that was before it."""

from __future__ import annotations

import asyncio
import signal
import urllib.request

import pytest
from prometheus_client import Metric

from tests.support.city import City, citizen, eventually
from tests.support.figures import families, figures
from tests.support.stack import RunningStack

pytestmark = pytest.mark.timeout(60)


async def told(stack: RunningStack) -> dict[str, Metric]:
    def read() -> str:
        with urllib.request.urlopen(f"{stack.settings.web.address}/metrics", timeout=5) as answer:
            return str(answer.read().decode())

    return families(await asyncio.to_thread(read))


async def one(stack: RunningStack, name: str) -> float | None:
    samples = (await told(stack))[name].samples
    return samples[0].value if samples else None


def happened(family: Metric) -> float:
    """How often, of a histogram without labels."""
    return next(sample.value for sample in family.samples if sample.name.endswith("_count"))


async def test_a_call_shows_while_it_is_there_and_counts_when_it_is_over(telephones: City, stack: RunningStack) -> None:
    # Given an agent who is ready
    await telephones.hire(1)
    await eventually(lambda: known(stack), 10, "what was before the start, read from the records")
    before = await told(stack)
    assert figures(before["yihu_agents"])["idle",] == 1
    assert set(figures(before["yihu_ami_connected"]).values()) == {1}
    assert (before["yihu_redis_up"].samples[0].value, before["yihu_sql_up"].samples[0].value) == (1, 1)

    # When a citizen calls and talks to him
    telephones.dial([citizen(1)], rate=5)
    await eventually(lambda: talks(stack), 10, "a talk")
    during = await told(stack)

    # Then it is there and nowhere else, and the offer and the ring have been counted
    assert {labels: n for labels, n in figures(during["yihu_calls"]).items() if n} == {("in", "talk"): 1}
    assert figures(during["yihu_agents"])["talking",] == 1
    assert during["yihu_agi_sessions"].samples[0].value >= 1
    for name in ("yihu_offer_delay_seconds", "yihu_ring_delay_seconds"):
        assert happened(during[name]) - happened(before[name]) == 1, name
    assert happened(during["yihu_journal_fsync_seconds"]) > happened(before["yihu_journal_fsync_seconds"])

    # When it is over, then it has been answered, and nothing is left of it
    telephones.end_talks()
    await telephones.over(20)
    await telephones.check_records()
    after = await told(stack)
    for name in ("yihu_calls_arrived", "yihu_calls_answered", "yihu_today_calls", "yihu_today_answered_calls"):
        assert after[name].samples[0].value - before[name].samples[0].value == 1, name
    assert set(figures(after["yihu_calls"]).values()) == {0}

    # When the daemon is killed, then the next one begins to count anew and knows the day all the same
    day = after["yihu_today_calls"].samples[0].value
    pid, _ = stack.kill_daemon(signal.SIGKILL)
    await eventually(lambda: stack.ready[0] not in (0, pid), 15, "the next daemon")
    await eventually(lambda: known(stack), 10, "the day, read from the records")
    again = await told(stack)
    assert again["yihu_calls_answered"].samples[0].value == 0
    assert again["yihu_today_calls"].samples[0].value == day


async def talks(stack: RunningStack) -> bool:
    """The daemon knows a moment after the telephones."""
    return bool(figures((await told(stack))["yihu_calls"])["in", "talk"])


async def known(stack: RunningStack) -> bool:
    return await one(stack, "yihu_today_calls") is not None
