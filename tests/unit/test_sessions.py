"""Sessions: who has one, when it is over, and what happens while their store is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from cti.accounts.people import Person, Role
from cti.accounts.sessions import LASTS_S, SCREEN_LASTS_S, KeeperAway, Session, Sessions, key_of
from cti.accounts.tickets import Tickets
from cti.storage.expiring import MemoryExpiring
from tests.support.waiting_async import eventually

IDLE_S = 1800.0
LI = Person("li", "李明", frozenset({Role.SUPERVISOR}), "hash")


class City:
    """One store; `daemon` is a process that shares it."""

    def __init__(self) -> None:
        self.now = 1_763_700_000.0
        self.keeper = MemoryExpiring(lambda: self.now)
        self.people: dict[str, Person] = {"li": LI}
        self.in_call: set[str] = set()
        self.ended: list[tuple[str, str]] = []

    def daemon(self) -> Sessions:
        sessions = Sessions(self.keeper, lambda: self.now, self.stamp, self.in_call.__contains__, IDLE_S)
        sessions.on_end.append(self.note)
        return sessions

    def stamp(self, user: str) -> str | None:
        return self.people[user].stamp if user in self.people else None

    def note(self, session: Session, why: str) -> None:
        self.ended.append((session.user, why))


@pytest.fixture
def city() -> City:
    return City()


@asynccontextmanager
async def running(sessions: Sessions) -> AsyncIterator[None]:
    task = asyncio.create_task(sessions.run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_session_is_known_by_its_token_alone_and_the_store_cannot_tell_the_token(city: City) -> None:
    token = await city.daemon().begin(LI, "A-032")

    other = city.daemon()
    found = await other.find(token)

    assert found is not None
    assert (found.user, found.roles, found.seat) == ("li", {Role.SUPERVISOR}, "A-032")
    assert await other.find(token[:-1]) is None
    kept = await city.keeper.all("session:")
    assert list(kept) == [f"session:{key_of(token)}"]
    assert token.encode() not in b"".join(kept.values())
    assert len(token) >= 43, "256 bit"


async def test_it_is_over_when_nothing_is_heard_of_him_and_after_a_day_of_work(city: City) -> None:
    sessions = city.daemon()
    silent, busy = await sessions.begin(LI), await sessions.begin(LI)
    for _ in range(int(LASTS_S // 1000)):
        city.now += 1000
        assert await sessions.find(busy) is not None
    assert await sessions.find(silent) is None
    city.now += 1000
    assert await sessions.find(busy) is None
    assert city.ended == [("li", "idle"), ("li", "too_old")]


async def test_a_screen_on_a_wall_stays_logged_in_for_a_year_and_over_holidays(city: City) -> None:
    screen = Person("screen1", "大厅", frozenset({Role.SCREEN}), "hash")
    city.people["screen1"] = screen
    token = await city.daemon().begin(screen)
    city.now += SCREEN_LASTS_S - 1
    later = city.daemon()
    assert await later.find(token) is not None, "also to a daemon that only the store can tell"
    city.now += 1
    assert await later.find(token) is None


async def test_a_call_is_not_cut_because_the_shift_was_long(city: City) -> None:
    sessions = city.daemon()
    token = await sessions.begin(LI)
    city.in_call.add("li")
    city.now += LASTS_S + 60
    assert await sessions.find(token) is not None
    city.in_call.clear()
    assert await sessions.find(token) is None


@pytest.mark.parametrize(
    "change",
    [
        Person("li", "李明", frozenset({Role.AUDITOR}), "hash"),
        Person("li", "李明", frozenset({Role.SUPERVISOR}), "another hash"),
        None,
    ],
)
async def test_a_change_of_roles_or_password_ends_it_in_every_daemon(city: City, change: Person | None) -> None:
    sessions = city.daemon()
    token = await sessions.begin(LI)
    if change is None:
        del city.people["li"]
    else:
        city.people["li"] = change
    assert await sessions.find(token) is None
    assert await city.daemon().find(token) is None
    assert ("li", "changed") in city.ended


async def test_the_one_who_changes_his_own_password_stays(city: City) -> None:
    sessions = city.daemon()
    here, elsewhere = await sessions.begin(LI), await sessions.begin(LI)
    city.people["li"] = changed = Person("li", "李明", LI.roles, "new")
    sessions.renew(key_of(here), changed)
    sessions.end_all_of("li", "changed", but=key_of(here))
    assert await sessions.find(here) is not None
    assert await sessions.find(elsewhere) is None


async def test_who_is_logged_in_stays_so_while_the_store_is_away_and_who_logs_out_is_out(city: City) -> None:
    sessions = city.daemon()
    stays, goes = await sessions.begin(LI), await sessions.begin(LI)
    city.keeper.away = True
    comes = await sessions.begin(LI)
    sessions.end(key_of(goes), "logout")

    assert await sessions.find(stays) is not None
    assert await sessions.find(comes) is not None
    assert await sessions.find(goes) is None, "its end does not wait for the store"
    with pytest.raises(KeeperAway):
        await sessions.find("of another daemon, perhaps")

    async with running(sessions):
        city.keeper.away = False
        await eventually(lambda: key_of(comes) in str(city.keeper._kept), 3.0, "the store knows what it missed")
    after = city.daemon()
    assert await after.find(comes) is not None
    assert await after.find(goes) is None


async def test_what_the_store_is_still_being_told_is_not_asked_of_it(city: City) -> None:
    sessions = city.daemon()
    token = await sessions.begin(LI)
    slow, dropping = asyncio.Event(), city.keeper.drop

    async def drop(key: str) -> None:
        await slow.wait()
        await dropping(key)

    city.keeper.drop = drop  # type: ignore[method-assign]
    ending = asyncio.create_task(sessions.end_and_tell(key_of(token), "logout"))
    await asyncio.sleep(0)
    assert await sessions.find(token) is None
    assert not ending.done()
    slow.set()
    await ending
    assert await city.daemon().find(token) is None


async def test_a_daemon_that_takes_over_knows_everybody_who_is_logged_in(city: City) -> None:
    await city.daemon().begin(LI, "A-032")
    successor = city.daemon()
    async with running(successor):
        await eventually(lambda: successor.of("li"), 3.0, "the session is known")
    assert [session.seat for session in successor.of("li")] == ["A-032"]


async def test_the_store_hears_of_use_now_and_then_so_that_a_busy_session_outlives_a_takeover(city: City) -> None:
    sessions = city.daemon()
    token = await sessions.begin(LI)
    async with running(sessions):
        for _ in range(4):
            city.now += IDLE_S / 2
            assert await sessions.find(token) is not None
            await eventually(lambda: not sessions._untold, 3.0, "told")
    assert await city.daemon().find(token) is not None


async def test_a_guest_has_one_call_and_a_time(city: City) -> None:
    sessions = city.daemon()
    token = await sessions.begin_guest("g1", "n1-1.1", 600.0)
    found = await sessions.find(token)
    assert found is not None
    assert (found.roles, found.call) == ({Role.GUEST}, "n1-1.1")
    city.now += 601
    assert await sessions.find(token) is None


async def test_a_ticket_opens_once_and_soon_and_only_while_the_session_lasts(city: City) -> None:
    sessions = city.daemon()
    tickets = Tickets(sessions, lambda: city.now)
    session = await sessions.find(await sessions.begin(LI))
    assert session is not None
    once, late, over = (tickets.make(session) for _ in range(3))
    assert tickets.redeem(once) == session
    assert tickets.redeem(once) is None
    city.now += 31
    assert tickets.redeem(late) is None
    assert tickets.redeem("") is None
    over = tickets.make(session)
    sessions.end(session.key, "logout")
    assert tickets.redeem(over) is None
