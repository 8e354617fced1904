"""Guessing passwords: five tries for a name, fifty from an address, then a pause."""

from __future__ import annotations

import asyncio

import pytest

from cti.accounts.throttle import ADDRESS_TRIES, LOCK_S, TRIES, Locked, Throttle
from cti.storage.expiring import MemoryExpiring


class Door:
    def __init__(self) -> None:
        self.now = 1_763_700_000.0
        self.keeper = MemoryExpiring(lambda: self.now)
        self.throttle = self.daemon()

    def daemon(self) -> Throttle:
        return Throttle(self.keeper, lambda: self.now)

    async def wrong(self, times: int, name: str = "li", address: str = "10.0.0.1") -> None:
        for _ in range(times):
            await self.throttle.take(name, address)


@pytest.fixture
def door() -> Door:
    return Door()


async def test_tries_are_counted_down_and_then_the_name_is_locked_for_a_while(door: Door) -> None:
    left = []
    for _ in range(TRIES):
        await door.wrong(1)
        left.append(door.throttle.left("li"))
    assert left == [4, 3, 2, 1, 0]
    with pytest.raises(Locked) as locked:
        await door.throttle.take("li", "10.0.0.9")
    assert locked.value.is_name
    assert locked.value.until == door.now + LOCK_S
    await door.throttle.take("wang", "10.0.0.1")
    door.now += LOCK_S
    await door.throttle.take("li", "10.0.0.1")
    assert door.throttle.left("li") == TRIES - 1


async def test_a_right_password_and_a_supervisor_make_it_forgotten(door: Door) -> None:
    await door.wrong(4)
    await door.throttle.take("li", "10.0.0.1")
    await door.throttle.right("li", "10.0.0.1")
    assert door.throttle.left("li") == TRIES
    await door.wrong(TRIES)
    await door.throttle.unlock("li")
    await door.throttle.take("li", "10.0.0.1")


async def test_tries_of_long_ago_do_not_count(door: Door) -> None:
    for _ in range(20):
        await door.wrong(1)
        door.now += LOCK_S / 4


async def test_many_names_from_one_address_are_stopped_too(door: Door) -> None:
    for n in range(ADDRESS_TRIES):
        await door.throttle.take(f"user{n}", "10.0.0.1")
    with pytest.raises(Locked) as locked:
        await door.throttle.take("wang", "10.0.0.1")
    assert not locked.value.is_name
    await door.throttle.take("wang", "10.0.0.2")


async def test_an_office_that_logs_in_rightly_is_never_stopped(door: Door) -> None:
    for n in range(3 * ADDRESS_TRIES):
        await door.throttle.take(f"user{n}", "10.0.0.1")
        await door.throttle.right(f"user{n}", "10.0.0.1")


async def test_tries_at_the_same_moment_are_tries(door: Door) -> None:
    answers = await asyncio.gather(
        *(door.throttle.take("li", f"10.0.0.{n}") for n in range(20)), return_exceptions=True
    )
    assert sum(answer is None for answer in answers) == TRIES


async def test_a_restart_forgets_nothing_and_a_store_that_is_away_stops_nobody(door: Door) -> None:
    await door.wrong(TRIES)
    with pytest.raises(Locked):
        await door.daemon().take("li", "10.0.0.1")
    door.keeper.away = True
    with pytest.raises(Locked):
        await door.throttle.take("li", "10.0.0.1")
    await door.throttle.take("wang", "10.0.0.1")
    assert "li" not in str(door.keeper._kept), "names are not kept in clear"
