"""Metrics for which several calls are looked at together: citizens' wishes, repeated calls, callback tasks. Pure.

Such a metric does not add up over half hours: each case belongs to the call that it begins with, or is about.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import pairwise

from cti.metrics.definitions import BY_CODE, INTENT_WINDOW_S, REPEAT_WINDOW_S
from cti.metrics.figures import dialled, incoming
from cti.metrics.gaps import Gap, seen
from cti.metrics.groups import TIMES, Dimension, Period, label_of_call
from cti.metrics.rates import Rate
from cti.metrics.record import CallRecord

Records = Sequence[CallRecord]


@dataclass(frozen=True, slots=True)
class Case:
    """One in the denominator; `holds`: in the numerator too. `call` says when, where and whose."""

    call: CallRecord
    holds: bool


ALWAYS = Period(-math.inf, math.inf)


def wishes(records: Records, period: Period = ALWAYS, seen_until: float = math.inf) -> list[Case]:
    """intent_rate: all calls of one number within 30 min of its first are one wish; the next call begins a new one.

    A withheld number cannot be told from another: each of its calls is a citizen. A wish belongs to its first call; one
    that may still be answered is not counted yet.
    """
    found: list[Case] = []
    for attempts in _by_citizen(records):
        first, until, answered = None, -math.inf, False
        for call in attempts:
            if first is None or call.arrived_at > until:
                if first is not None:
                    found.append(Case(first, answered))
                first, until, answered = call, call.arrived_at + INTENT_WINDOW_S, False
            answered = answered or (call.answered_at is not None and call.answered_at <= until)
        if first is not None:
            found.append(Case(first, answered))
    open_from = seen_until - INTENT_WINDOW_S
    return [c for c in found if period.has(c.call.arrived_at) and (c.holds or c.call.arrived_at <= open_from)]


def repeated_calls(records: Records, period: Period = ALWAYS, seen_until: float = math.inf) -> list[Case]:
    """repeat_call_rate: give the calls of the day before too."""
    found = []
    for attempts in _by_number(records):
        found.append(Case(attempts[0], holds=False))
        found += [
            Case(call, call.arrived_at - before.arrived_at <= REPEAT_WINDOW_S) for before, call in pairwise(attempts)
        ]
    return [case for case in found if period.has(case.call.arrived_at)]


def callers(records: Records, period: Period = ALWAYS, seen_until: float = math.inf) -> list[Case]:
    """repeat_caller_rate: each number of the period once."""
    within = [call for call in records if period.has(call.arrived_at)]
    return [Case(attempts[0], len(attempts) > 1) for attempts in _by_number(within)]


def resolutions(records: Records, period: Period = ALWAYS, seen_until: float = math.inf) -> list[Case]:
    """first_call_resolution: give the calls of the day after too. What may still be repeated is not counted yet."""
    found = []
    for attempts in _by_number(records):
        arrivals = [call.arrived_at for call in attempts]
        for n, call in enumerate(attempts):
            if not call.answered or call.ended_at is None or not period.has(call.arrived_at):
                continue
            until = call.ended_at + REPEAT_WINDOW_S
            again = bisect_right(arrivals, until, lo=n + 1) > n + 1
            if again or until <= seen_until:
                found.append(Case(call, not again))
    return found


def callback_tasks(records: Records, period: Period = ALWAYS, seen_until: float = math.inf) -> list[Case]:
    """callback_success: a task counts once, however often it was tried, and belongs to its first try of the period."""
    tasks: dict[str, list[CallRecord]] = defaultdict(list)
    for call in sorted(records, key=lambda record: record.arrived_at):
        if not call.incoming and call.ended_at is not None and dialled(call) and period.has(call.arrived_at):
            tasks[call.task or call.call_id].append(call)
    return [Case(tries[0], any(call.outcome == "reached" for call in tries)) for tries in tasks.values()]


CASES: Mapping[str, Callable[[Records, Period, float], list[Case]]] = {
    "intent_rate": wishes,
    "repeat_call_rate": repeated_calls,
    "repeat_caller_rate": callers,
    "first_call_resolution": resolutions,
    "callback_success": callback_tasks,
}


def case_rate(
    code: str,
    records: Records,
    period: Period = ALWAYS,
    seen_until: float = math.inf,
    gaps: Iterable[Gap] = (),
) -> Rate:
    """`records` may hold calls from around the period, and should, as far as the definition looks ahead and back."""
    return _rate(code, CASES[code](records, period, seen_until), period, gaps)


def case_rates_by(
    code: str,
    records: Records,
    dimension: Dimension,
    zone: tzinfo,
    period: Period,
    seen_until: float = math.inf,
    gaps: Iterable[Gap] = (),
) -> dict[str, Rate]:
    """By label; of half hours and days each in the period is there."""
    gaps = tuple(gaps)
    grouped: dict[str, list[Case]] = defaultdict(list)
    for case in CASES[code](records, period, seen_until):
        grouped[label_of_call(case.call, dimension, zone)].append(case)
    if dimension in TIMES:
        return {label: _rate(code, grouped.get(label, []), part, gaps) for label, part in period.parts(dimension, zone)}
    return {label: _rate(code, cases, period, gaps) for label, cases in sorted(grouped.items())}


def _rate(code: str, cases: Sequence[Case], period: Period, gaps: Iterable[Gap]) -> Rate:
    definition = BY_CODE[code]
    whole = seen(gaps, period.since - definition.back_s, period.until + definition.ahead_s)
    return Rate(definition, sum(case.holds for case in cases), len(cases), None if whole else "gap")


def _by_number(records: Iterable[CallRecord]) -> list[list[CallRecord]]:
    """Incoming calls of each number that was not withheld, by arrival."""
    by_number: dict[str, list[CallRecord]] = defaultdict(list)
    for record in incoming(records):
        if record.pii_caller:
            by_number[record.pii_caller].append(record)
    return [sorted(calls, key=lambda call: (call.arrived_at, call.call_id)) for calls in by_number.values()]


def _by_citizen(records: Iterable[CallRecord]) -> list[list[CallRecord]]:
    records = list(records)
    return _by_number(records) + [[record] for record in incoming(records) if not record.pii_caller]
