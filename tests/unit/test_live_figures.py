"""Figures kept as calls go on are those that the definitions count from the records."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cti.calls import AgentFact, CallFact, Milestone
from cti.live_figures import LiveFigures
from cti.metrics.figures import LOSS_PLACES, Sums, of_call
from cti.metrics.rates import rate
from cti.metrics.record import CALLBACK, CallRecord, fold, fold_with_faults
from tests.support.calls import answered_call, lost_call, milestone

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
HOUR = 3600.0


class Clock:
    now = NOON

    def __call__(self) -> float:
        return self.now


Call = Sequence[Milestone]


def made_calls(start: float, answered: int, *places: str) -> list[Call]:
    calls: list[Call] = [answered_call(f"a{start:.0f}-{n}", start + n) for n in range(answered)]
    return calls + [lost_call(f"l{start:.0f}-{n}", start + n, place=place) for n, place in enumerate(places)]


def goes_by(figures: LiveFigures, *calls: Call) -> None:
    """From their beginning to their end."""
    for call in calls:
        figures.heard(call)
        figures.on_ended(fold(call))


async def until(done: Callable[[], bool], running: asyncio.Task[None]) -> None:
    while not done() and not running.done():
        await asyncio.sleep(0)
    if running.done():
        await running


async def nothing_to_drain() -> None:
    pass


async def recalled(figures: LiveFigures, *past: Call) -> None:
    async def records(since: float, until: float) -> Iterable[CallRecord]:
        return [record for record in map(fold, past) if since <= record.arrived_at < until]

    await figures.recall(records, nothing_to_drain)


async def test_the_day_counts_as_the_definitions_do() -> None:
    """Given calls of before the start and of after it, then the day's rate and losses are those of all records."""
    before = made_calls(NOON - 3 * HOUR, 7, "menu", "queue", "queue")
    after = made_calls(NOON + 10, 4, "menu", "ringing")
    figures = LiveFigures(UTC, Clock())
    goes_by(figures, *after[:3])
    assert figures.today() is None, "the hours before the start are not known"
    assert figures.course() is None
    await recalled(figures, *before)
    goes_by(figures, *after[3:])

    today = figures.today()
    assert today is not None
    sums = sum((of_call(fold(call)) for call in [*before, *after]), Sums())
    wanted = rate("connection_rate", sums)
    assert (today.answered, today.count) == (wanted.numerator, wanted.denominator) == (11, 16)
    assert {place: n for place in LOSS_PLACES if (n := sums[f"lost_{place}"])} == today.lost
    assert (figures.ended.answered, figures.ended.count) == (4, 6), "since the start"
    assert sum((figures.course() or {}).values(), Sums()) == sums
    assert sorted(figures.course() or {}) == [NOON - 3 * HOUR, NOON]


async def test_a_call_counts_as_soon_as_it_is_answered() -> None:
    figures = LiveFigures(UTC, Clock())
    await recalled(figures)
    call = answered_call("c1", NOON + 5)
    answered = next(n for n, m in enumerate(call) if m.kind == CallFact.ANSWERED)
    figures.heard(call[:answered])
    assert (figures.today() or figures.ended).count == 0
    figures.heard(call[answered : answered + 1])
    today = figures.today()
    assert today is not None
    assert (today.answered, today.count) == (1, 1)


async def test_a_call_that_goes_on_at_the_start_counts_once() -> None:
    """Given its milestones of before the start, then those that come, and then its record too."""
    call = answered_call("c1", NOON - 60)
    figures = LiveFigures(UTC, Clock())
    figures.begin(call[:2])
    figures.heard(call[2:])
    await recalled(figures, call)
    today = figures.today()
    assert today is not None
    assert today.count == 1


async def test_midnight_begins_a_new_day_and_a_call_belongs_to_the_day_it_arrived() -> None:
    clock = Clock()
    figures = LiveFigures(UTC, clock)
    await recalled(figures)
    late, early = made_calls(NOON + 12 * HOUR - 60, 1), made_calls(NOON + 12 * HOUR + 5, 0, "queue")
    clock.now = NOON + 12 * HOUR + 50
    goes_by(figures, *late, *early)
    today = figures.today()
    assert today is not None
    assert (today.answered, today.count) == (0, 1)
    assert figures.ended.count == 2
    clock.now += 24 * HOUR
    today = figures.today()
    assert today is not None
    assert today.count == 0


async def test_a_day_is_known_from_its_beginning_though_the_one_before_could_not_be_read() -> None:
    """Given records that cannot be had until midnight has passed, then yesterday stays unknown and today is whole."""
    clock, ready = Clock(), asyncio.Event()
    figures = LiveFigures(UTC, clock)

    async def nothing(_since: float, _until: float) -> list[CallRecord]:
        return []

    async def drained() -> None:
        await ready.wait()

    reading = asyncio.create_task(figures.recall(nothing, drained))
    await asyncio.sleep(0)
    assert figures.today() is None
    clock.now += 12 * HOUR
    ready.set()
    await reading
    assert figures.today() is not None


async def test_who_comes_back_and_whom_we_call_have_not_arrived() -> None:
    figures = LiveFigures(UTC, Clock())
    figures.heard(
        [
            milestone("c1", 1, CallFact.ARRIVED, NOON, direction="in"),
            milestone("c2", 1, CallFact.ARRIVED, NOON, again=True),
            milestone("cb", 1, CallFact.ARRIVED, NOON, direction=CALLBACK),
            milestone("c1", 2, CallFact.MENU_ENTERED, NOON, node="menu"),
        ]
    )
    assert figures.arrived == 1
    figures.on_ended(replace(fold(answered_call("cb", NOON)), direction=CALLBACK))
    assert figures.ended.count == 0


async def test_what_came_after_a_calls_end_is_mended_from_the_records(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a rating that comes late, then the half hour is read anew, and says what the record says."""
    monkeypatch.setattr("cti.live_figures._MEND_EVERY_S", 0.0)
    figures = LiveFigures(UTC, Clock())
    call = answered_call("c1", NOON + 5, score=None)
    late = Milestone("call", call[0].id, call[-1].seq + 1, call[-1].at, CallFact.RATED, {"score": 1, "satisfied": True})
    kept: list[Call] = []

    async def records(since: float, until: float) -> list[CallRecord]:
        return [fold_with_faults(one)[0] for one in kept if since <= one[0].at < until]

    async def nobody(_since: float, _until: float) -> list[Milestone]:
        return []

    running = asyncio.create_task(figures.run(records, nobody, nothing_to_drain))
    await until(lambda: figures.agents() is not None, running)
    goes_by(figures, call)
    figures.heard([late])
    kept.append([*call, late])
    await until(lambda: not figures.calls.doubtful, running)
    running.cancel()
    assert sum((figures.course() or {}).values(), Sums()) == of_call(fold_with_faults(kept[0])[0])


async def test_agents_are_known_once_it_is_known_what_they_were_before() -> None:
    """Given an agent who became ready at eleven, before the start at noon, then he has been idle since."""
    clock = Clock()
    figures = LiveFigures(UTC, clock)
    before = [
        Milestone("agent", "a1", 1, NOON - HOUR, AgentFact.LOGGED_IN, {}),
        Milestone("agent", "a1", 2, NOON - HOUR, AgentFact.STATUS, {"status": "ready"}),
    ]

    async def at_desks(since: float, until: float) -> list[Milestone]:
        return [m for m in before if since <= m.at < until]

    figures.heard([Milestone("agent", "a1", 3, NOON + 60, AgentFact.STATUS, {"status": "break", "reason": "lunch"})])
    assert figures.agents() is None
    clock.now = NOON + 120
    await figures._recall_agents(at_desks)
    sums = figures.agents()
    assert sums is not None
    assert sums["idle_ms"] == (HOUR + 60) * 1000
    assert figures.known_since() is None, "calls are not known yet"
    await recalled(figures)
    assert figures.known_since() == NOON - 12 * HOUR
