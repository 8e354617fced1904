"""Sums kept by half hour say what the calls say, whatever comes late, on both databases; and they repair themselves."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Any, TypeVar, get_args
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from agents.schedule import Schedule
from cti.calls import CallFact, Milestone
from cti.live_check import LiveCheck
from cti.metrics.gaps import Gap
from cti.metrics.groups import Key, Period
from cti.metrics.live import LiveCalls
from cti.metrics.live_agents import LiveAgents
from cti.metrics.rollups import roll_up, roll_up_agents_calls
from cti.metrics.spans import Span
from cti.metrics.tally import By, Grouping
from cti.storage import tables
from cti.storage.agents_time import AgentsTime
from cti.storage.report_tables import Asked, read_table, read_tally
from cti.storage.sql import SqlStore
from cti.sums_keeper import CHECK, SumsKeeper
from tests.support.calls import answered_call, lost_call
from tests.support.known_days import DAYS, MIDNIGHT_MS, KnownDays, known_days
from tests.support.known_shifts import KnownShifts, known_shifts

SHANGHAI = ZoneInfo("Asia/Shanghai")
MIDNIGHT = MIDNIGHT_MS / 1000
DAY = Period(MIDNIGHT, MIDNIGHT + 86_400)
SPAN = Span("day", date(2026, 11, 20))
TEN = int(MIDNIGHT) + 10 * 3600
AFTER = MIDNIGHT + DAYS * 86_400 + 7200
GROUPINGS = [by for by in get_args(By) if by != "shift"]
T = TypeVar("T")


@pytest.fixture
def store(sql_url: str) -> Iterator[SqlStore]:
    made = SqlStore.open(sql_url)
    yield made
    made.close()


class Here:
    """The worker of the database, without a thread."""

    async def run(self, job: Callable[..., T], *args: Any) -> T:
        return job(*args)


class Nights:
    """A keeper of sums, and the clock that it sees."""

    def __init__(self, store: SqlStore, now: float) -> None:
        self.now = now
        self.keeper = SumsKeeper(store, Here(), drained, lambda: self.now, local_time, lambda: 0.0)


async def drained() -> None:
    """Everything is in SQL."""


def local_time(at: float) -> datetime:
    return datetime.fromtimestamp(at, SHANGHAI)


def telling(days: KnownDays, shifts: KnownShifts, rng: random.Random) -> list[list[Milestone]]:
    """All that happened, as batches: about in order, some of them much too late."""
    milestones = sorted([*days.in_order(rng), *shifts.milestones], key=lambda m: m.at)
    batches = [milestones[n : n + 500] for n in range(0, len(milestones), 500)]
    late = [batches.pop(rng.randrange(len(batches))) for _ in range(3)]
    return [*batches, *late]


def same(store: SqlStore, by: By, period: Period, now: float, statistics: str | None = None) -> bool:
    grouping = Grouping(by, period, SHANGHAI)
    kept = read_tally(store, grouping, now, statistics)
    told = read_tally(store, grouping, now, statistics, from_calls=True)
    return kept.rows == told.rows and kept.total == told.total


@pytest.mark.parametrize("seed", [1, 2])
async def test_reports_are_the_same_from_kept_sums_and_from_calls(store: SqlStore, seed: int) -> None:
    """Given generated days that come in batches, some late, and half hours made at any moment between them, when a
    report is read by anything, then it says exactly what the calls say."""
    rng = random.Random(seed)
    days, shifts = known_days(400, seed), known_shifts(4, MIDNIGHT_MS + 3_000_000, 20, seed)
    nights = Nights(store, MIDNIGHT)
    whole = Period(MIDNIGHT, MIDNIGHT + DAYS * 86_400)
    for batch in telling(days, shifts, rng):
        store.drain(batch)
        nights.now = max(nights.now, batch[-1].at + rng.choice((0, 100, 4000)))
        if rng.random() < 0.4:
            await nights.keeper.make()
            by = rng.choice(GROUPINGS)
            assert same(store, by, whole, nights.now), by
    nights.now = AFTER
    await Nights(store, AFTER).keeper.make()
    kept = store.kept.calls(whole.since, whole.until)
    assert len(kept.whole) == DAYS * 48
    for by in GROUPINGS:
        assert same(store, by, whole, nights.now), by
    odd = Period(whole.since + 777, whole.until - 4567)
    assert same(store, "queue", odd, nights.now)
    assert same(store, "agent", odd, nights.now)
    assert same(store, "half_hour", whole, nights.now, "12333")


async def test_kept_sums_are_read_and_not_the_calls(store: SqlStore) -> None:
    """Given a whole half hour, when its sum is another than its calls say, then the report shows the sum: so a test
    that compares the two compares something."""
    store.drain(lost_call("c1", TEN))
    store.kept.make_calls(TEN, AFTER)
    _spoil(store, TEN)
    assert read_tally(store, Grouping("queue", DAY, SHANGHAI), AFTER).total["calls"] == 7
    assert not same(store, "queue", DAY, AFTER)


def _spoil(store: SqlStore, half_hour: int) -> None:
    t = tables.half_hour_sums
    with store.transaction() as connection:
        connection.execute(sa.update(t).where(t.c.half_hour == half_hour).values(sums='{"calls":7}'))


def test_what_comes_late_makes_its_half_hour_be_read_from_the_calls(store: SqlStore) -> None:
    call = answered_call("c1", TEN + 1795.0)
    store.drain(lost_call("c2", TEN + 3))
    store.drain(call[:-1])
    store.kept.make_calls(TEN, AFTER)
    assert store.kept.calls(TEN, TEN + 1800).whole == {TEN}
    assert read_tally(store, Grouping("queue", DAY, SHANGHAI), AFTER).total["calls"] == 1

    store.drain(call[-1:])  # it ended in the next half hour
    assert store.kept.calls(TEN, TEN + 1800).whole == frozenset()
    assert store.kept.dirty("calls") == [TEN]
    assert read_tally(store, Grouping("queue", DAY, SHANGHAI), AFTER).total["calls"] == 2
    store.kept.make_calls(TEN, AFTER)
    assert store.kept.dirty("calls") == []

    store.drain([Milestone("call", "c1", 99, TEN + 9000.0, CallFact.RECORDED_LATE, {"file": "x", "segment": "1"})])
    assert store.kept.dirty("calls") == [TEN]


def test_a_call_that_was_served_without_a_daemon_comes_whole_and_late(store: SqlStore) -> None:
    store.kept.make_calls(TEN, AFTER)
    store.kept.make_calls(TEN + 1800, AFTER)
    store.drain(answered_call("c1", TEN + 5.0))
    assert store.kept.dirty("calls") == [TEN]


def test_a_half_hour_without_calls_is_known_to_have_none(store: SqlStore) -> None:
    assert store.kept.not_whole("calls", TEN, TEN + 3600) == [TEN, TEN + 1800]
    store.kept.make_calls(TEN, AFTER)
    assert store.kept.not_whole("calls", TEN, TEN + 3600) == [TEN + 1800]


def test_sums_of_another_way_of_counting_are_not_read(store: SqlStore) -> None:
    store.drain(lost_call("c1", TEN))
    store.kept.make_calls(TEN, AFTER)
    with store.transaction() as connection:
        connection.execute(sa.update(tables.half_hour_made).values(way=0))
    assert store.kept.calls(TEN, TEN + 1800).whole == frozenset()
    assert store.kept.dirty("calls") == [TEN]


def test_what_an_agent_did_earlier_than_known_makes_all_later_time_doubtful(store: SqlStore) -> None:
    shifts = known_shifts(2, TEN * 1000, 3, seed=5).milestones
    held_back = [m for m in shifts if TEN + 3600 < m.at < TEN + 3700]
    assert held_back
    store.drain([m for m in shifts if m not in held_back])
    agents, period = AgentsTime(store), Period(TEN, TEN + 14_400)
    while agents.step(period, AFTER) is not None:
        pass
    assert store.kept.not_whole("agents", period.since, period.until) == []
    store.drain(held_back)
    assert store.kept.not_whole("agents", period.since, period.until) == list(range(TEN + 3600, TEN + 14_400, 1800))
    assert same(store, "agent", period, AFTER)
    while agents.step(Period(TEN + 3600, TEN + 14_400), AFTER) is not None:
        pass
    assert store.kept.not_whole("agents", period.since, period.until) == []
    assert same(store, "agent", period, AFTER)


async def test_the_night_finds_what_differs_and_puts_it_right(store: SqlStore) -> None:
    """Given a sum and a record that are wrong, when the night comes, then both are right, and what was found is kept
    and logged without a number or a name."""
    store.drain([*lost_call("c1", TEN), *answered_call("c2", TEN + 1800)])
    nights = Nights(store, MIDNIGHT + 86_400 + 7 * 3600)
    await nights.keeper.make()
    _spoil(store, TEN)
    with store.transaction() as connection:
        connection.execute(sa.update(tables.call).where(tables.call.c.call_id == "c2").values(talk_s=9999.0))
    with capture_logs() as logs:
        found = await nights.keeper.prove()
    told = [log for log in logs if log["event"] == "half_hours_proven"]
    assert told == [
        {
            "event": "half_hours_proven",
            "log_level": "error",
            "half_hours": 144,
            "sums_differed": 1,
            "records_differed": 1,
        }
    ]
    assert (found.looked, found.differed) == (144, 2)
    assert store.kept.last_check(CHECK) == found
    assert same(store, "queue", DAY, AFTER)
    record = store.call(next(r.call_id for r in store.calls(DAY.since, DAY.until) if r.answered))
    assert record is not None
    assert record.talk_s == 60.0
    assert [one.file for one in record.recordings] == ["2026/c2.wav"]
    assert (await nights.keeper.prove()).differed == 0


async def test_at_a_start_what_is_missing_is_made_and_the_night_is_made_up_for(store: SqlStore) -> None:
    store.drain([*lost_call("c1", TEN), *answered_call("c2", TEN + 1800)])
    nights = Nights(store, MIDNIGHT + 86_400 + 2 * 3600 + 60)
    running = asyncio.create_task(nights.keeper.run())
    while nights.keeper.last is None:
        await asyncio.sleep(0)
    running.cancel()
    assert store.kept.not_whole("calls", TEN, nights.now) == []
    assert store.kept.not_whole("agents", TEN, nights.now) == []
    assert (nights.keeper.last.looked, nights.keeper.last.differed) == (144, 0)


def test_agents_time_goes_on_from_the_last_half_hour_as_if_made_at_once(store: SqlStore) -> None:
    known = known_shifts(3, TEN * 1000, 4, seed=3)
    store.drain(known.milestones)
    agents = AgentsTime(store)
    for at in range(TEN, TEN + 18_000, 1800):
        while agents.step(Period(at, at + 1800), AFTER) is not None:
            pass
    kept = store.kept.agents_time(TEN, TEN + 18_000)
    expected = known.sums(TEN * 1000, (TEN + 18_000) * 1000)
    assert {(key.half_hour, key.agent): sums for key, sums in kept.sums} == expected


def test_what_comes_late_while_agents_time_is_made_is_in_it(store: SqlStore) -> None:
    """Given milestones that are drained when what lies after them has been read already, when the making goes on, then
    no half hour is taken for whole that knows nothing of them."""
    known = known_shifts(3, TEN * 1000, 4, seed=3)
    held_back = [m for m in known.milestones if TEN + 1900 < m.at < TEN + 2500]
    assert held_back
    store.drain([m for m in known.milestones if m not in held_back])
    agents, period = AgentsTime(store), Period(TEN, TEN + 18_000)
    while not store.kept.agents_time(TEN, TEN + 3600).whole:
        assert agents.step(period, AFTER) is not None
    store.drain(held_back)
    while agents.step(period, AFTER) is not None:
        pass
    kept = store.kept.agents_time(period.since, period.until)
    assert len(kept.whole) == 10
    assert {(key.half_hour, key.agent): sums for key, sums in kept.sums} == known.sums(
        TEN * 1000, (TEN + 18_000) * 1000
    )


def test_a_gap_is_unknown_in_a_report_and_nothing_else_is(store: SqlStore) -> None:
    store.drain([*answered_call("c1", TEN), *answered_call("c2", TEN + 3600)])
    store.observed.note("dongguan", Gap(TEN + 3700.0, TEN + 3900.0), "asterisk_down")
    store.observed.note("dongguan", Gap(TEN + 3700.0, TEN + 3900.0), "asterisk_down")
    for half_hour in range(TEN, TEN + 7200, 1800):
        store.kept.make_calls(half_hour, AFTER)
    table = read_table(store, Asked(SPAN, "half_hour"), SHANGHAI, Schedule(), AFTER)
    rates = {row.label[11:16]: row.rates["connection_rate"] for row in table.rows}
    assert (rates["10:00"].value, rates["11:00"].value, rates["11:00"].unknown) == (1.0, None, "gap")
    assert (rates["11:00"].numerator, rates["11:00"].denominator) == (1, 1)
    assert table.total.rates["connection_rate"].unknown == "gap"
    assert store.gaps(TEN, TEN + 3600) == []


def test_until_when_somebody_watched_is_kept_by_city(store: SqlStore) -> None:
    assert store.observed.seen_until("dongguan") is None
    store.observed.seen("dongguan", 1.5)
    store.observed.seen("dongguan", 2.5)
    assert store.observed.seen_until("dongguan") == 2.5
    assert store.observed.seen_until("huizhou") is None


class Watched:
    """Live sums beside the store that the same milestones went to."""

    def __init__(self, store: SqlStore) -> None:
        self.store, self.live, self.agents = store, LiveCalls(), LiveAgents(TEN)

        async def read(job: Callable[..., Any], *args: Any) -> Any:
            return job(*args)

        self.check = LiveCheck(
            store.kept, read, drained, lambda: TEN + 7200.0, self.live, self.agents, lambda: float(TEN)
        )

    def heard(self, *timelines: list[Milestone]) -> None:
        for timeline in timelines:
            self.live.add(timeline)
            self.agents.add(timeline)
            self.store.drain(timeline)
        self.agents.settle(TEN + 7200.0)
        self.make()

    def make(self) -> None:
        for half_hour in range(TEN, TEN + 7200, 1800):
            self.store.kept.make_calls(half_hour, AFTER)
        agents = AgentsTime(self.store)
        while agents.step(Period(TEN, TEN + 7200), AFTER) is not None:
            pass


async def test_live_sums_are_those_of_the_records_and_found_out_when_they_are_not(store: SqlStore) -> None:
    watched = Watched(store)
    watched.heard(answered_call("c1", TEN + 5.0), lost_call("c2", TEN + 1900.0), answered_call("c3", TEN + 3700.0)[:9])
    look: Callable[[], Awaitable[Any]] = watched.check.look
    found = await look()
    assert (found.looked, found.differed) == (3 + 4, 0), "the call that goes on is in none"

    stored_alone = lost_call("c4", TEN + 9.0)
    store.drain(stored_alone)
    store.kept.make_calls(TEN, AFTER)
    with capture_logs() as logs:
        found = await look()
    assert (found.looked, found.differed) == (3 + 4, 1)
    assert logs[-1]["log_level"] == "error"
    assert store.kept.last_check("live") == found
    records = store.calls(TEN, TEN + 1800)
    kept = {key: sums for key, sums in watched.live.calls().items() if key.half_hour == TEN}
    assert kept == roll_up(records)
    assert {k: s for k, s in watched.live.agents_calls().items() if k.half_hour == TEN} == roll_up_agents_calls(records)
    assert (await look()).differed == 0


async def test_live_sums_in_doubt_are_made_anew_and_are_no_difference(store: SqlStore) -> None:
    watched = Watched(store)
    call = answered_call("c1", TEN + 5.0)
    late = replace(call[12], seq=99, kind=CallFact.RATED, data={"score": 1, "satisfied": True})
    watched.heard(call, [late])
    assert watched.live.doubtful == {TEN}
    found = await watched.check.look()
    assert found is not None
    assert (found.looked, found.differed) == (3 + 4, 0)
    assert not watched.live.doubtful


async def test_live_times_of_agents_are_compared_and_mended_too(store: SqlStore) -> None:
    """Given one milestone that the live sums were never told, when they are compared, then they are mended."""
    watched, told = Watched(store), known_shifts(2, TEN * 1000, 1, seed=5).milestones
    missed = next(m for m in told if m.kind == CallFact.ANSWERED)
    watched.heard([m for m in told if m is not missed])
    store.drain([missed])
    watched.make()
    found = await watched.check.look()
    assert found is not None
    assert found.differed > 0
    found = await watched.check.look()
    assert found is not None
    assert found.differed == 0
    kept = store.kept.agents_time(TEN, TEN + 7200)
    assert watched.agents.sums(TEN + 7200.0) == dict(kept.sums)


async def test_nothing_is_compared_before_the_live_sums_know_everything(store: SqlStore) -> None:
    async def read(job: Callable[..., Any], *args: Any) -> Any:
        raise AssertionError("nothing to read")

    assert (
        await LiveCheck(store.kept, read, drained, lambda: AFTER, LiveCalls(), LiveAgents(TEN), lambda: None).look()
        is None
    )


def test_two_keys_of_one_number_are_kept_apart(store: SqlStore) -> None:
    """A number dialled that is the same as a statistics key: one report by key has the one, all calls have both."""
    plain = [
        replace(m, data={**m.data, "statistics": ""}) if m.kind == CallFact.ARRIVED else m
        for m in lost_call("c2", TEN + 3.0)
    ]
    store.drain([*lost_call("c1", TEN), *plain])
    store.kept.make_calls(TEN, AFTER)
    assert [sums["calls"] for _, sums in store.kept.calls(TEN, TEN + 1800, "12333").sums] == [1]
    kept = store.kept.calls(TEN, TEN + 1800)
    assert [(key, sums["calls"]) for key, sums in kept.sums] == 2 * [(Key(TEN, "dongguan", "12333", "general", ""), 1)]
