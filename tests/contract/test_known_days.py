"""Two days of 20,000 calls of which everything is known: every metric is exact, from records, roll-ups and live."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache

import pytest

from cti.calls import CallId, Milestone
from cti.metrics.cases import CASES, case_rate, case_rates_by
from cti.metrics.definitions import DEFINITIONS, of_source
from cti.metrics.gaps import Gap
from cti.metrics.groups import Dimension, Period
from cti.metrics.live import LiveCalls
from cti.metrics.rates import rate, rates_by, total, total_by
from cti.metrics.record import CallRecord, fold_with_faults
from cti.metrics.rolling import rolling_24h
from cti.metrics.rollups import AgentRollup, Rollup, add, repairs, roll_up, roll_up_agents_calls
from tests.support.known_days import DAY_MS, DAYS, GAP_MS, MIDNIGHT_MS, ZONE, Account, KnownDays, known_days

PERIOD = Period(MIDNIGHT_MS / 1000, (MIDNIGHT_MS + DAYS * DAY_MS) / 1000)
GAP = Gap(GAP_MS[0] / 1000, GAP_MS[1] / 1000)
HALF_HOUR_MS = 1_800_000
Side = Callable[[Account], int]


@cache
def days() -> KnownDays:
    return known_days(20_000, seed=20261120)


@cache
def records() -> list[CallRecord]:
    folded = [fold_with_faults(timeline) for timeline in days().timelines]
    assert not any(faults for _, faults in folded)
    return [record for record, _ in folded]


# What the metrics are, said once more and plainly, of accounts in milliseconds.


def wait(a: Account) -> int:
    """In the queue, until somebody answered or it was over."""
    assert a.queued is not None
    return (a.ended if a.answered is None else a.answered) - a.queued


def gone(a: Account) -> bool:
    hung_up = a.side == "caller" and a.lost in ("queue", "no_seat", "ringing", "fallback")
    return a.queued is not None and a.answered is None and hung_up


def in_time(a: Account, since: int | None, seconds: int) -> bool:
    return since is not None and a.answered is not None and a.answered - since <= seconds * 1000


def out_of_queue(a: Account) -> bool:
    return a.queued is not None and a.answered is not None


def seen(a: Account) -> bool:
    return a.answered is not None and not a.estimated


def short(a: Account) -> bool:
    return gone(a) and wait(a) <= 5000


def by_promise(t: int) -> dict[str, tuple[Side, Side]]:
    def quick(a: Account) -> bool:
        return out_of_queue(a) and in_time(a, a.queued, t)

    def quickly_gone(a: Account) -> bool:
        return gone(a) and wait(a) <= t * 1000

    def quickly_called_back(a: Account) -> bool:
        return a.wants_callback and wait(a) <= t * 1000

    return {
        f"asked_answer_rate_{t}s": (lambda a: in_time(a, a.asked, t), lambda a: a.asked is not None),
        f"arrival_answer_rate_{t}s": (lambda a: in_time(a, a.at, t), lambda a: 1),
        f"service_level_answered_{t}s": (quick, out_of_queue),
        f"service_level_queued_{t}s": (quick, lambda a: a.queued is not None),
        f"service_level_decided_{t}s": (
            lambda a: quick(a) or quickly_gone(a),
            lambda a: out_of_queue(a) or gone(a),
        ),
        f"service_level_removed_{t}s": (
            lambda a: quick(a) or quickly_gone(a) or quickly_called_back(a),
            lambda a: a.queued is not None,
        ),
        f"service_level_patient_{t}s": (quick, lambda a: out_of_queue(a) or (gone(a) and wait(a) > 5000)),
    }


def lost_at(place: str) -> Side:
    return lambda a: a.answered is None and (a.lost or "none") == place


KNOWN: dict[str, tuple[Side, Side]] = {
    "connection_rate": (lambda a: a.answered is not None, lambda a: 1),
    "queue_answer_rate": (out_of_queue, lambda a: a.queued is not None),
    "queue_answer_rate_patient": (out_of_queue, lambda a: a.queued is not None and not short(a)),
    **by_promise(15),
    **by_promise(20),
    **by_promise(30),
    "asa": (lambda a: wait(a) if out_of_queue(a) else 0, out_of_queue),
    "wait_total": (lambda a: 0 if a.answered is None else a.answered - a.at, lambda a: a.answered is not None),
    "abandon_rate": (gone, lambda a: a.queued is not None),
    "abandon_wait": (lambda a: wait(a) if gone(a) else 0, gone),
    "short_abandon_rate": (short, lambda a: a.queued is not None),
    "short_call_rate": (
        lambda a: a.answered is None and a.lost is not None and a.side == "caller" and a.ended - a.at <= 5000,
        lambda a: 1,
    ),
    **{
        f"loss_at_{place}": (lost_at(place), lambda a: 1)
        for place in ("menu", "queue", "ringing", "no_seat", "overflow", "fallback", "callback", "message", "none")
    },
    "talk_time": (lambda a: a.talk if seen(a) else 0, seen),
    "hold_time": (lambda a: a.held if seen(a) else 0, seen),
    "transfer_rate": (lambda a: a.moved, lambda a: a.answered is not None),
    "linkage_rate": (lambda a: a.linked, lambda a: 1),
    "offer_answer_rate": (lambda a: a.taken, lambda a: a.offers),
    "satisfaction": (lambda a: a.score in (1, 2), lambda a: a.score is not None),
    "participation": (lambda a: a.score is not None, lambda a: a.surveyed),
}
BACK: dict[str, tuple[Side, Side]] = {
    "callback_reach_rate": (
        lambda a: a.outcome == "reached",
        lambda a: a.outcome in ("reached", "no_answer", "busy"),
    ),
}
LABELS: dict[Dimension, Callable[[Account], str]] = {
    "city": lambda a: a.city,
    "number": lambda a: a.number,
    "queue": lambda a: a.queue,
    "skill": lambda a: a.skill,
    "agent": lambda a: a.agents[-1] if a.agents else "",
    "day": lambda a: f"2026-11-{20 + (a.at - MIDNIGHT_MS) // DAY_MS}",
    "half_hour": lambda a: half_hour_label(a.at),
}


def half_hour_label(at: int) -> str:
    n, minutes = (at - MIDNIGHT_MS) // DAY_MS, (at - MIDNIGHT_MS) % DAY_MS // HALF_HOUR_MS * 30
    return f"2026-11-{20 + n}T{minutes // 60:02d}:{minutes % 60:02d}+08:00"


def sides(code: str, accounts: Iterable[Account]) -> tuple[float, float]:
    above, below = (KNOWN | BACK)[code]
    counted = [a for a in accounts if a.callback == (code in BACK)]
    numerator = sum(above(a) for a in counted)
    return (numerator / 1000 if code in MEANS else numerator), sum(below(a) for a in counted)


MEANS = frozenset({"asa", "wait_total", "abandon_wait", "talk_time", "hold_time"})


def of_period(accounts: Iterable[Account]) -> list[Account]:
    return [a for a in accounts if MIDNIGHT_MS <= a.at < MIDNIGHT_MS + DAYS * DAY_MS]


def test_every_metric_of_calls_is_known_here() -> None:
    assert {d.code for d in of_source("calls")} == KNOWN.keys() | BACK.keys()
    assert {d.code for d in of_source("cases")} == CASES.keys()
    assert {d.code for d in of_source("windows")} == {"rolling_24h"}


def test_the_days_hold_what_they_are_for() -> None:
    """Every boundary that matters is there, more than once."""
    accounts = [a for a in days().accounts if not a.callback]
    assert len(accounts) > 19_500
    halves = [(a.at // HALF_HOUR_MS, a.ended // HALF_HOUR_MS) for a in accounts]
    assert sum(begins != ends for begins, ends in halves) > 1000, "calls across a half hour"
    assert any(a.at < MIDNIGHT_MS + DAY_MS <= a.ended for a in accounts), "across midnight"
    assert any(a.ended - a.at <= 5000 and a.lost for a in accounts)
    assert any(gone(a) and wait(a) == 5000 for a in accounts)
    assert any(gone(a) and wait(a) == 5001 for a in accounts)
    assert sum(a.incomplete for a in accounts) > 100
    assert {a.outcome for a in days().accounts} > {"reached", "no_answer", "busy", "withdrawn", "no_agent"}


def test_metrics_that_add_up_are_exact() -> None:
    accounts, sums = of_period(days().accounts), total(rollups()[0], PERIOD)
    for code in KNOWN | BACK:
        whole = rate(code, sums)
        assert (whole.numerator, whole.denominator) == sides(code, accounts), code
        assert whole.denominator > 0


@pytest.mark.parametrize("dimension", LABELS)
def test_metrics_that_add_up_are_exact_in_every_group(dimension: Dimension) -> None:
    groups: dict[str, list[Account]] = defaultdict(list)
    for account in of_period(days().accounts):
        groups[LABELS[dimension](account)].append(account)
    if dimension == "agent":
        del groups[""]
    rollup = rollups()[1] if dimension == "agent" else rollups()[0]
    found = total_by(rollup, dimension, ZONE, PERIOD)
    assert found.keys() == groups.keys()
    for code in KNOWN | BACK:
        for label, accounts in groups.items():
            one = rate(code, found[label])
            assert (one.numerator, one.denominator) == sides(code, accounts), (code, label)


@cache
def rollups() -> tuple[Rollup, AgentRollup]:
    return roll_up(records()), roll_up_agents_calls(records())


def test_roll_ups_of_parts_added_up_are_those_of_the_whole() -> None:
    """Whatever the parts and their order: nothing but whole numbers is added."""
    rng = random.Random(1)
    mixed = rng.sample(records(), len(records()))
    parts: Rollup = {}
    while mixed:
        size = rng.randint(1, 3000)
        add(parts, roll_up(mixed[:size]))
        del mixed[:size]
    assert parts == rollups()[0]
    assert roll_up(records()) == rollups()[0]


def by_number(accounts: Iterable[Account]) -> dict[str, list[Account]]:
    found: dict[str, list[Account]] = defaultdict(list)
    for a in sorted((a for a in accounts if not a.callback), key=lambda a: a.at):
        found[a.caller].append(a)
    return found


def known_cases(code: str, first: int, last: int) -> tuple[int, int]:
    """Of the calls that arrived from `first` on and before `last`."""
    every = by_number(days().accounts)
    withheld = every.pop("", [])
    hits = of = 0
    if code == "intent_rate":
        for calls in [*every.values(), *([a] for a in withheld)]:
            left = list(calls)
            while left:
                wish = [a for a in left if a.at <= left[0].at + HALF_HOUR_MS]
                if first <= wish[0].at < last:
                    of += 1
                    ends = wish[0].at + HALF_HOUR_MS
                    hits += any(a.answered is not None and a.answered <= ends for a in wish)
                left = left[len(wish) :]
    elif code == "repeat_call_rate":
        for calls in every.values():
            for a in calls:
                if first <= a.at < last:
                    of += 1
                    hits += any(b is not a and b.at <= a.at <= b.at + DAY_MS for b in calls[: calls.index(a)])
    elif code == "repeat_caller_rate":
        counts = [sum(first <= a.at < last for a in calls) for calls in every.values()]
        hits, of = sum(n > 1 for n in counts), sum(n > 0 for n in counts)
    elif code == "first_call_resolution":
        for calls in every.values():
            for n, a in enumerate(calls):
                if a.answered is not None and first <= a.at < last:
                    of += 1
                    hits += all(b.at > a.ended + DAY_MS for b in calls[n + 1 :])
    else:
        tries: dict[str, list[Account]] = defaultdict(list)
        for a in days().accounts:
            if a.outcome in ("reached", "no_answer", "busy") and first <= a.at < last:
                tries[a.task].append(a)
        hits, of = sum(any(a.outcome == "reached" for a in t) for t in tries.values()), len(tries)
    return hits, of


@pytest.mark.parametrize("code", CASES)
def test_metrics_of_several_calls_are_exact(code: str) -> None:
    for first, last in ((0, DAYS * DAY_MS), (0, DAY_MS), (DAY_MS // 3, DAY_MS + 77)):
        period = Period((MIDNIGHT_MS + first) / 1000, (MIDNIGHT_MS + last) / 1000)
        found = case_rate(code, records(), period)
        assert (found.numerator, found.denominator) == known_cases(code, MIDNIGHT_MS + first, MIDNIGHT_MS + last)
        assert 0 < found.numerator < found.denominator


@pytest.mark.parametrize("code", CASES)
def test_cases_of_all_groups_are_those_of_the_period(code: str) -> None:
    whole = case_rate(code, records(), PERIOD)
    for dimension in ("half_hour", "day", "city", "number", "queue", "skill", "agent"):
        parts = case_rates_by(code, records(), dimension, ZONE, PERIOD).values()
        assert sum(part.numerator for part in parts) == whole.numerator, dimension
        assert sum(part.denominator for part in parts) == whole.denominator, dimension


def test_the_worst_24_hours_are_found() -> None:
    """Looked for from every moment at which it could begin, by counting."""
    accounts = sorted((a.at, a.answered is not None) for a in of_period(days().accounts) if not a.callback)
    arrivals = [at for at, _ in accounts]
    answered_by = [0]
    for _, answered in accounts:
        answered_by.append(answered_by[-1] + answered)
    starts = {MIDNIGHT_MS, MIDNIGHT_MS + DAY_MS}
    for at in arrivals:
        starts |= {at, at + 1, at - DAY_MS, at - DAY_MS + 1}
    best = min(
        ((answered_by[j] - answered_by[i]) / (j - i), begins)
        for begins in starts
        if MIDNIGHT_MS <= begins <= MIDNIGHT_MS + (DAYS - 1) * DAY_MS
        for i, j in [(bisect_left(arrivals, begins), bisect_left(arrivals, begins + DAY_MS))]
    )
    worst = rolling_24h(records(), PERIOD)
    assert worst.window is not None
    assert worst.rate.value == best[0]
    begins = round(worst.window.since * 1000)
    assert begins == best[1]
    assert MIDNIGHT_MS < begins < MIDNIGHT_MS + DAY_MS, "not from midnight to midnight"


def test_what_lies_in_a_gap_is_unknown_and_the_rest_is_not() -> None:
    rollup = rollups()[0]
    by_half_hour = rates_by("connection_rate", rollup, "half_hour", ZONE, PERIOD, [GAP])
    assert len(by_half_hour) == 96
    hidden = [label for label, one in by_half_hour.items() if one.unknown]
    assert hidden == ["2026-11-21T13:30+08:00", "2026-11-21T14:00+08:00"]
    assert [by_half_hour[label].value for label in hidden] == [None, None]
    assert all(by_half_hour[label].denominator > 0 for label in hidden), "what was seen is told"
    by_day = rates_by("connection_rate", rollup, "day", ZONE, PERIOD, [GAP])
    assert [one.unknown for one in by_day.values()] == [None, "gap"]
    assert rolling_24h(records(), PERIOD, [GAP]).rate.unknown == "gap"
    for code in CASES:
        assert case_rate(code, records(), PERIOD, gaps=[GAP]).unknown == "gap"
    # An empty half hour that was observed has nothing to count; one that was not is unknown.
    empty = Period(PERIOD.until + 7200, PERIOD.until + 9000)
    night = rates_by("connection_rate", rollup, "half_hour", ZONE, empty)
    assert [one.unknown for one in night.values()] == ["nothing"]
    gone_dark = rates_by("connection_rate", rollup, "half_hour", ZONE, empty, [Gap(empty.since, empty.since + 1)])
    assert [one.unknown for one in gone_dark.values()] == ["gap"]


def test_live_sums_are_the_recomputed_ones_after_crashes_at_any_moment() -> None:
    """Given a daemon that dies again and again, when the next has read records and journal, then nothing differs."""
    rng = random.Random(7)
    city, journal = days(), days().in_order(rng)
    whole = {record.call_id: record for record in records()}
    length = {timeline[0].id: len(timeline) for timeline in city.timelines}
    live, at = LiveCalls(), 0
    for crash in sorted(rng.sample(range(len(journal)), 3)):
        while at < crash:
            size = min(rng.choice((1, 50, 1000)), crash - at)
            live.add(journal[at : at + size])
            at += size
        heard = by_call(journal[:at])
        recomputed = known_so_far(heard, whole, length)
        expected = roll_up(recomputed), roll_up_agents_calls(recomputed)
        assert same(live, *expected)
        drained = at - rng.randint(0, min(at, 5000))
        stored = [record for record in known_so_far(by_call(journal[:drained]), whole, length) if record.ended_at]
        # The journal is read from somewhere before what was drained, and of calls that go on whole.
        overlap, over = rng.randint(max(0, drained - 2000), drained), {record.call_id for record in stored}
        live = LiveCalls()
        live.recall(stored)
        live.add(m for n, m in enumerate(journal[:at]) if n >= overlap or m.id not in over)
        assert same(live, *expected)
    live.add(journal[at:])
    assert same(live, *rollups())
    assert not live.doubtful


def same(live: LiveCalls, calls: Rollup, agents: AgentRollup) -> bool:
    grouped = all(
        live.grouped(dimension, ZONE, PERIOD) == total_by(rollup, dimension, ZONE, PERIOD)
        for dimension, rollup in (("queue", calls), ("half_hour", calls), ("agent", agents))
    )
    return grouped and not repairs(live.calls(), calls) and not repairs(live.agents_calls(), agents)


def by_call(milestones: Iterable[Milestone]) -> dict[str, list[Milestone]]:
    found: dict[str, list[Milestone]] = defaultdict(list)
    for milestone in milestones:
        found[milestone.id].append(milestone)
    return found


def known_so_far(
    heard: dict[str, list[Milestone]], whole: dict[CallId, CallRecord], length: dict[str, int]
) -> list[CallRecord]:
    """Of a call that was heard to its end the record is known already."""
    return [
        whole[CallId(id_)] if len(timeline) == length[id_] else fold_with_faults(timeline)[0]
        for id_, timeline in heard.items()
    ]


def test_every_definition_has_its_words_in_both_languages() -> None:
    assert len({d.code for d in DEFINITIONS}) == len(DEFINITIONS)
    for d in DEFINITIONS:
        assert d.zh
        assert d.en
        assert " / " in d.formula
        assert " / " in d.formula_zh
