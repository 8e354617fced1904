"""How long calls keep an agent and how long callers stay: of late, and in the same half hour of the last weeks."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate

UNKNOWN_HANDLING_S = 240.0
"""Talk and wrap-up of a call in a city that has had none yet."""
_WINDOW = 200
_TRUSTED = 100.0
"""What is usual counts as much as so many calls of now, and a whole queue's mean against that of one half hour.

Credibility theory (H. Bühlmann, ASTIN Bulletin 4, 1967) gives the variance of single calls over that of true means:
calls vary by 100 %, true means from hour to hour by about 10 %."""
_GUESSED = 5.0
"""The same for the default of a city that has had no calls yet: true means of cities differ by about 45 %."""
_FEW = 20.0
"""So few callers who gave up, or so few long talks, say little."""
_WEEK_KEEPS = 0.7
"""What a call counts a week later: after four weeks a quarter."""


@dataclass(frozen=True, slots=True)
class Habit:
    """What is usual in one queue at one time of the week."""

    handling_s: float
    """Mean talk and wrap-up."""
    patience_s: float | None
    """Mean time after which callers give up, had nobody answered; None: too few gave up to say."""
    calls: float
    """Calls of the queue that it rests on, those of past weeks counting less."""


@dataclass(slots=True)
class _Sums:
    week: int = 0
    given_up: float = 0.0
    waited_s: float = 0.0
    handled: float = 0.0
    handling_s: float = 0.0

    def add(self, week: int, calls: int, waited_s: float, handled: int, handling_s: float) -> None:
        if week > self.week:
            keeps = _WEEK_KEEPS ** (week - self.week)
            self.given_up, self.waited_s = self.given_up * keeps, self.waited_s * keeps
            self.handled, self.handling_s, self.week = self.handled * keeps, self.handling_s * keeps, week
        self.given_up += calls - handled
        self.waited_s += waited_s
        self.handled += handled
        self.handling_s += handling_s


class History:
    """The last weeks by queue, weekday and half hour. Feed calls in the order of their days, live and from records."""

    def __init__(self) -> None:
        self._half_hours: defaultdict[tuple[str, int], _Sums] = defaultdict(_Sums)
        self._queues: defaultdict[str, _Sums] = defaultdict(_Sums)

    def add(self, queue: str, queued: datetime, waited_s: float, handling_s: float | None) -> None:
        """A call that was queued at `queued`, the city's own time; handling_s is None if it gave up waiting."""
        self.add_sums(queue, queued, 1, waited_s, handling_s is not None, handling_s or 0.0)

    def add_sums(
        self, queue: str, queued: datetime, calls: int, waited_s: float, handled: int, handling_s: float
    ) -> None:
        """Calls of one half hour at once: how many, the waits of all, how many were handled and how long that took."""
        week = queued.toordinal() // 7
        for sums in (self._half_hours[queue, _half_hour(queued)], self._queues[queue]):
            sums.add(week, calls, waited_s, handled, handling_s)

    def usual(self, queue: str, at: datetime) -> Habit:
        """Means of that half hour of the week, drawn towards the whole queue's as far as it has few calls.

        Patience is the time waited by all over the number who gave up: the maximum-likelihood estimate of an
        exponential patience that an answer cuts short (Brown et al., "Statistical analysis of a telephone call center",
        JASA 100 (2005), section 5).
        """
        whole = self._queues.get(queue, _Sums())
        half_hour = self._half_hours.get((queue, _half_hour(at)), _Sums())
        mean_s = _drawn(whole.handling_s, whole.handled, UNKNOWN_HANDLING_S, _GUESSED)
        handling_s = _drawn(half_hour.handling_s, half_hour.handled, mean_s, _TRUSTED)
        patience_s = None
        if whole.given_up >= _FEW:
            patience_s = _drawn(half_hour.waited_s, half_hour.given_up, whole.waited_s / whole.given_up, _FEW)
        return Habit(handling_s, patience_s, whole.handled)


class Handling:
    """Talk and wrap-up of the last calls of each queue."""

    def __init__(self) -> None:
        self._windows: defaultdict[str, _Window] = defaultdict(_Window)

    def add(self, queue: str, talk_s: float, wrap_up_s: float) -> None:
        window = self._windows[queue]
        window.talks.append(talk_s)
        window.wrap_ups.append(wrap_up_s)
        window.ordered, window.sums = [], []

    def mean_s(self, queue: str, usual: Habit) -> float:
        """Talk and wrap-up of the last calls, drawn towards what is usual as far as that is known."""
        window = self._windows.get(queue, _NONE)
        weight = min(_TRUSTED, max(_GUESSED, usual.calls))
        return _drawn(sum(window.talks) + sum(window.wrap_ups), len(window.talks), usual.handling_s, weight)

    def wrap_up_s(self, queue: str) -> float:
        """Mean of the last calls, of all queues if there is none of this one; 0 before the first."""
        wrap_ups: Collection[float] = self._windows.get(queue, _NONE).wrap_ups
        if not wrap_ups:
            wrap_ups = [wrap_up_s for window in self._windows.values() for wrap_up_s in window.wrap_ups]
        return sum(wrap_ups) / len(wrap_ups) if wrap_ups else 0.0

    def talk_left(self, queue: str, talked_s: float) -> float:
        """Expected rest of a talk that has lasted `talked_s`, in mean talks.

        The mean residual life of the last talks, drawn towards their mean, which it is for exponential times.
        """
        window = self._windows.get(queue, _NONE)
        if not window.ordered:
            window.ordered = sorted(window.talks)
            window.sums = list(accumulate(reversed(window.ordered)))
        if not window.sums or window.sums[-1] == 0:
            return 1.0
        mean_s = window.sums[-1] / len(window.ordered)
        longer = len(window.ordered) - bisect_right(window.ordered, talked_s)
        rest_s = (window.sums[longer - 1] if longer else 0.0) - longer * talked_s
        return _drawn(rest_s, longer, mean_s, _FEW) / mean_s


@dataclass(slots=True)
class _Window:
    talks: deque[float] = field(default_factory=lambda: deque(maxlen=_WINDOW))
    wrap_ups: deque[float] = field(default_factory=lambda: deque(maxlen=_WINDOW))
    ordered: list[float] = field(default_factory=list)
    sums: list[float] = field(default_factory=list)
    """Of the longest 1, 2, 3 … talks."""


_NONE = _Window()


def _half_hour(at: datetime) -> int:
    """Of the week, from Monday 0:00."""
    return at.weekday() * 48 + at.hour * 2 + at.minute // 30


def _drawn(total: float, count: float, towards: float, weight: float) -> float:
    """The mean of `count` values that sum up to `total` and of `weight` more of the size `towards`."""
    return (total + weight * towards) / (count + weight)
