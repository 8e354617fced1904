"""Which time is a gap: an Asterisk that was down, and milestones that were dropped; not a daemon that was away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from cti.gap_watch import GapWatch
from cti.metrics.gaps import Gap
from cti.storage.store import StoreUnavailableError

T = TypeVar("T")


class Over(Exception):
    """One look is enough."""


class World:
    """A daemon's view of Asterisk, and a database that can be away."""

    def __init__(self) -> None:
        self.now, self.dropped = 10_000.0, 0
        self.connected = True
        self.up_for_s: float | None = 5000.0
        self.away = False
        self.gaps: list[tuple[str, Gap, str]] = []
        self.kept_until: float | None = None
        self.start()

    def start(self) -> None:
        """A daemon starts."""
        self.watch = GapWatch(self, "dongguan", self, self, lambda: self.dropped, lambda: self.now, self._sleep)

    async def _sleep(self, _seconds: float) -> None:
        raise Over

    async def run(self, job: Callable[..., T], *args: Any) -> T:
        if self.away:
            raise StoreUnavailableError("away")
        return job(*args)

    def note(self, city: str, gap: Gap, why: str) -> None:
        self.gaps.append((city, gap, why))

    def seen(self, _city: str, until: float) -> None:
        self.kept_until = until

    def seen_until(self, _city: str) -> float | None:
        return self.kept_until

    async def beat(self, passed_s: float = 10.0) -> None:
        self.now += passed_s
        if self.up_for_s is not None:
            self.up_for_s += passed_s
        with pytest.raises(Over):
            await self.watch.run()


@pytest.fixture
def world() -> World:
    return World()


async def test_a_daemon_that_was_away_while_asterisk_ran_makes_no_gap(world: World) -> None:
    await world.beat()
    world.start()
    await world.beat(7200.0)
    assert world.gaps == []


async def test_an_asterisk_that_was_down_makes_one_until_it_ran_again(world: World) -> None:
    await world.beat()
    last = world.now
    world.start()
    world.now, world.up_for_s = world.now + 3600.0, 20.0
    await world.beat(10.0)
    assert world.gaps == [("dongguan", Gap(last, last + 3580.0), "asterisk_down")]
    await world.beat()
    assert len(world.gaps) == 1


async def test_a_quick_restart_of_asterisk_is_none(world: World) -> None:
    await world.beat()
    world.now, world.up_for_s = world.now + 30.0, 1.0
    await world.beat()
    assert world.gaps == []


async def test_before_the_first_time_ever_there_is_no_gap_and_none_while_nobody_says_when(world: World) -> None:
    world.up_for_s = None
    await world.beat()
    await world.beat(86_400.0)
    assert world.gaps == []


async def test_an_asterisk_that_is_still_starting_is_waited_for(world: World) -> None:
    """Given one that was down for an hour, when the daemon is connected before it has said that it runs, then the gap
    is found all the same."""
    await world.beat()
    last = world.now
    world.up_for_s = None
    await world.beat(3600.0)
    world.up_for_s = 0.0
    await world.beat()
    assert world.gaps == [("dongguan", Gap(last, last + 3600.0), "asterisk_down")]


async def test_milestones_that_were_dropped_make_one_since_the_last_look(world: World) -> None:
    await world.beat()
    since = world.now
    world.dropped = 3
    await world.beat()
    assert world.gaps == [("dongguan", Gap(since, since + 10.0), "milestones_dropped")]
    await world.beat()
    assert len(world.gaps) == 1


async def test_gaps_are_written_when_the_database_is_there_again(world: World) -> None:
    await world.beat()
    world.now, world.up_for_s = world.now + 3600.0, 0.0
    world.away, world.dropped = True, 1
    await world.beat()
    assert world.gaps == []
    world.away = False
    await world.beat()
    assert {why for _, _, why in world.gaps} == {"asterisk_down", "milestones_dropped"}
