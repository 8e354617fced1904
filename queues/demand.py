"""How many calls will enter a queue in the rest of this half hour and in the next ones, and how sure that is.

What is usual is the mean of the same half hour on days alike: the same weekday of the last four weeks as far as it was
worked, or not, as this one is (holidays and make-up days: `works`); where there is none, all days of that kind. Past
half hours that nobody observed are left out; without any the forecast is unknown.

How the last hours went scales it. Calls are Poisson, with a mean of the usual times a factor whose prior is a gamma
distribution of mean 1 and variance v (G. Jongbloed, G. Koole, "Managing uncertainty in call centres using Poisson
mixtures", Applied Stochastic Models in Business and Industry 17 (2001)). What has been seen of it fades by w each half
hour (A. C. Harvey, C. Fernandes, "Time series models for count or qualitative observations", Journal of Business &
Economic Statistics 7 (1989)):

    factor = (1/v + X) / (1/v + E),   X = sum of w^age calls that came,   E = the same of those usual by then

where age counts half hours up to the one that is forecast. So the factor is 1 without evidence, goes towards what is
seen with much of it, and back towards 1 for what lies further ahead. v is how much more than Poisson the half hours of
the days alike vary, drawn towards an assumed figure as far as they have few calls.

The interval holds the number nine times in ten: of the negative binomial distribution that follows from the factor's
variance factor/(1/v + E), and from that of the usual mean, which rests on few days (a gamma distribution with half a
call more, Jeffreys' prior).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from statistics import fmean, variance
from typing import Literal

HALF_HOUR_S = 1800
LOOK_BACK_DAYS = 28
"""So old may days alike be."""
EVIDENCE_HALF_HOURS = 12
"""So many half hours before this one are looked at; older ones would count less than a fiftieth."""
_KEEPS = 0.7
"""w: what a call that came counts half an hour later."""
_VARIES = 0.02
"""v where nothing is known: half hours differ from their usual by about 14 %. An assumption."""
_ASSUMED = 1000.0
"""It counts as much as ten half hours of ten calls, each seen on two days."""
_LEAST = 0.01
"""Weeks without a surge say nothing of one, so today may always differ by 10 %."""
_TAIL = 0.05

Unforeseen = Literal["no_history", "new_queue"]
"""`new_queue`: calls come that never came on days alike."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Calls of one queue in one half hour; what is None is unknown."""

    begins_at: int
    """UTC seconds."""
    came: int | None
    """By now; 0 if it has not begun, None if not all of it was observed."""
    calls: float | None
    """In the whole of it: those that came and those still to come."""
    low: int | None
    high: int | None
    """Nine times in ten it will be one of these or between them."""
    pace: float | None
    """What a whole half hour would bring at the rate of what is left of this one."""
    factor: float
    """Of what is usual."""
    days: int
    """Past days that the usual rests on."""
    same_weekday: bool
    """False: days of the same kind, working or off, because none of this weekday was observed."""
    unknown: Unforeseen | None = None


class Demand:
    """The forecast at one moment; make one and ask it for each queue. `works`: whether a day is a working day; `seen`:
    whether all of a time (UTC seconds) was observed."""

    def __init__(
        self, now: float, zone: tzinfo, works: Callable[[date], bool], seen: Callable[[float, float], bool]
    ) -> None:
        self._now, self._zone = now, zone
        self._works, self._seen = works, seen
        self._this = int(now // HALF_HOUR_S) * HALF_HOUR_S
        self._days: dict[date, tuple[list[date], list[date]]] = {}
        self._alike: dict[int, _Alike] = {}

    def expected(self, calls: Mapping[int, int], half_hours: int) -> list[Expected]:
        """For the half hour that is running, and those after it: `half_hours` in all.

        `calls`: those that entered the queue, by the half hour in which they did (its beginning, UTC seconds).
        """
        varies = self._varies(calls)
        evidence = [
            (age, calls.get(begins_at, 0), usual * self._elapsed(begins_at))
            for age in range(EVIDENCE_HALF_HOURS + 1)
            if self._observed(begins_at := self._this - age * HALF_HOUR_S)
            and (usual := self._usual(calls, begins_at)) is not None
        ]
        # A queue that opened today has no usual, not one of nothing.
        ever = sum(self._usual(calls, begins_at) or 0.0 for begins_at in self._day())
        new = ever == 0 and any(came for _, came, _ in evidence)
        return [self._half_hour(calls, ahead, varies, evidence, new) for ahead in range(half_hours)]

    def _half_hour(
        self,
        calls: Mapping[int, int],
        ahead: int,
        varies: float,
        evidence: list[tuple[int, int, float]],
        new: bool,
    ) -> Expected:
        begins_at = self._this + ahead * HALF_HOUR_S
        came = 0 if ahead else calls.get(begins_at, 0) if self._observed(begins_at) else None
        seen_calls = sum(_KEEPS ** (age + ahead) * n for age, n, _ in evidence)
        seen_usual = sum(_KEEPS ** (age + ahead) * usual for age, _, usual in evidence)
        factor = (1 / varies + seen_calls) / (1 / varies + seen_usual)
        alike = self._alike_to(begins_at)
        days = len(alike.begins_at)
        if not days or new:
            why: Unforeseen = "new_queue" if days else "no_history"
            return Expected(begins_at, came, None, None, None, None, 1.0, days, alike.same_weekday, why)
        past = sum(calls.get(at, 0) for at in alike.begins_at)
        left = 1.0 if came is None else 1.0 - self._elapsed(begins_at)
        pace = factor * past / days
        # With half a call more, or nothing in so few days would make nothing certain.
        low, high = _interval(left * factor * (past + 0.5) / days, 1 / (1 / varies + seen_calls) + 1 / (past + 0.5))
        known = came or 0
        return Expected(
            begins_at, came, known + left * pace, known + low, known + high, pace, factor, days, alike.same_weekday
        )

    def _elapsed(self, begins_at: int) -> float:
        """The share of it that is over."""
        return min(1.0, max(0.0, (self._now - begins_at) / HALF_HOUR_S))

    def _observed(self, begins_at: int) -> bool:
        """As far as it is over."""
        return self._seen(begins_at, min(self._now, begins_at + HALF_HOUR_S))

    def _usual(self, calls: Mapping[int, int], begins_at: int) -> float | None:
        alike = self._alike_to(begins_at).begins_at
        return sum(calls.get(at, 0) for at in alike) / len(alike) if alike else None

    def _varies(self, calls: Mapping[int, int]) -> float:
        """v: the variance of half hours above Poisson's, over the square of their means, by the method of moments."""
        above, squares = _ASSUMED * _VARIES, _ASSUMED
        for begins_at in self._day():
            found = [calls.get(at, 0) for at in self._alike_to(begins_at).begins_at]
            if len(found) > 1:
                mean, spread = fmean(found), variance(found)
                above += (len(found) - 1) * (spread - mean)
                squares += (len(found) - 1) * max(0.0, mean * mean - spread / len(found))
        return max(_LEAST, above / squares)

    def _day(self) -> range:
        """The half hours of today."""
        midnight = datetime.combine(datetime.fromtimestamp(self._now, self._zone).date(), time(), self._zone)
        begins_at = int(midnight.timestamp())
        return range(begins_at, begins_at + 86_400, HALF_HOUR_S)

    def _alike_to(self, begins_at: int) -> _Alike:
        if begins_at not in self._alike:
            local = datetime.fromtimestamp(begins_at, self._zone)
            of_weekday, of_kind = self._days_like(local.date())
            found = self._on(of_weekday, local.time())
            self._alike[begins_at] = _Alike(found or self._on(of_kind, local.time()), bool(found))
        return self._alike[begins_at]

    def _on(self, days: list[date], at: time) -> tuple[int, ...]:
        """That half hour of those days, where all of it was observed."""
        begin = (int(datetime.combine(day, at, self._zone).timestamp()) for day in days)
        return tuple(b for b in begin if b + HALF_HOUR_S <= self._now and self._seen(b, b + HALF_HOUR_S))

    def _days_like(self, day: date) -> tuple[list[date], list[date]]:
        """Of the same kind: those with its weekday, and all."""
        if day not in self._days:
            works = self._works(day)
            past = (day - timedelta(days=n) for n in range(1, LOOK_BACK_DAYS + 1))
            of_kind = [one for one in past if self._works(one) == works]
            self._days[day] = [one for one in of_kind if one.weekday() == day.weekday()], of_kind
        return self._days[day]


@dataclass(frozen=True, slots=True)
class _Alike:
    begins_at: tuple[int, ...]
    same_weekday: bool


def _interval(mean: float, varies: float) -> tuple[int, int]:
    """The 5 % and the 95 % point of a negative binomial distribution: Poisson around a mean with that variation
    (squared)."""
    if mean <= 0:
        return 0, 0
    shape = 1 / varies
    k = max(0, math.floor(mean - 8 * math.sqrt(mean + varies * mean * mean)))
    grows = mean / (shape + mean)
    share = math.exp(
        math.lgamma(k + shape)
        - math.lgamma(shape)
        - math.lgamma(k + 1)
        + shape * math.log1p(-grows)
        + k * math.log(grows)
    )
    below = share
    low: int | None = None
    while True:
        if low is None and below >= _TAIL:
            low = k
        if below >= 1 - _TAIL and low is not None:
            return low, k
        share *= (k + shape) / (k + 1) * grows
        k += 1
        below += share
