"""Waiting-time arithmetic of one queue whose callers give up in time: Erlang A, exact, and Erlang B for it.

Sources. Erlang B: by its recursion, any textbook. Erlang A (M/M/n+M): C. Palm, "Research on telephone
traffic carried by full availability groups", Tele 1957; O. Garnett, A. Mandelbaum, M. Reiman, "Designing a call center
with impatient customers", Manufacturing & Service Operations Management 4 (2002), whose incomplete gamma form
A(x, y) = x e^y y^-x gamma(x, y) is used here; the distribution of the wait: S. Zeltyn, A. Mandelbaum, "Call centers
with impatient customers: many-server asymptotics of the M/M/n+G queue", Queueing Systems 51 (2005).

A stays in logarithms, so n in the thousands and any overload are exact to about 1e-9.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

_EPS = 1e-16
_MOST_AGENTS = 100_000


@dataclass(frozen=True, slots=True)
class Steady:
    """A queue in its steady state; shares are of all calls that arrive."""

    waits: float
    """Probability that an arriving caller finds no free agent."""
    gives_up: float
    wait_s: float
    """Mean wait of all who arrive, whether they are answered or give up."""
    in_time: float
    """Answered, and within the time that was asked for."""

    @property
    def answered(self) -> float:
        return 1.0 - self.gives_up


def erlang_b(agents: int, load: float) -> float:
    """Share of calls lost with no waiting room; `load` in Erlang (calls per second times handling seconds)."""
    if load <= 0:
        return 0.0 if agents else 1.0
    inverse = 1.0
    for n in range(1, agents + 1):
        inverse = 1.0 + inverse * n / load
        if inverse > 1e300:
            return 0.0
    return 1.0 / inverse


def erlang_a(agents: int, calls_per_s: float, handling_s: float, patience_s: float, within_s: float = 0.0) -> Steady:
    """M/M/n+M: Poisson arrivals, exponential handling, exponential patience with mean `patience_s`."""
    if calls_per_s <= 0:
        return Steady(0.0, 0.0, 0.0, 1.0)
    if agents == 0:
        return Steady(1.0, 1.0, patience_s, 0.0)
    load = calls_per_s * handling_s
    x, y = agents * patience_s / handling_s, calls_per_s * patience_s
    log_a = _log_a(x, y)
    blocked = erlang_b(agents, load)
    waits = 1.0 / (1.0 + math.exp(min(700.0, math.log((1.0 - blocked) / blocked) - log_a))) if blocked > 0 else 0.0
    inverse_rho = agents / load
    gives_up = min(1.0, max(0.0, waits * (1.0 - inverse_rho + inverse_rho * math.exp(-log_a))))
    # g(t) = exp(y (1 - e^(-t/patience)) - n t / handling) is the density of the offered wait but for a factor; from T
    # on it is the density of a queue with the arrival rate e^(-T/patience) times ours.
    left = math.exp(-within_s / patience_s)
    log_g = y * (1.0 - left) - agents * within_s / handling_s - log_a
    tail = math.exp(min(700.0, log_g)) - math.exp(min(700.0, log_g + _log_a(x, y * left)))
    in_time = 1.0 - waits + waits * inverse_rho * (1.0 - math.exp(-log_a) + tail)
    return Steady(waits, gives_up, gives_up * patience_s, min(1.0 - gives_up, max(0.0, in_time)))


def agents_needed(
    calls_per_s: float,
    handling_s: float,
    patience_s: float,
    connected: float = 0.0,
    in_time: float = 0.0,
    within_s: float = 15.0,
) -> int:
    """The fewest agents with which a share `connected` is answered and a share `in_time` within `within_s`.

    Both are shares of all calls that arrive, below 1. ValueError if one is not, or no number of agents does.
    """
    if not (0 <= connected < 1 and 0 <= in_time < 1):
        raise ValueError("a target is a share of at least 0 and below 1")
    if calls_per_s <= 0:
        return 0

    def enough(agents: int) -> bool:
        steady = erlang_a(agents, calls_per_s, handling_s, patience_s, within_s)
        return steady.answered >= connected and steady.in_time >= in_time

    return _first(enough, int(calls_per_s * handling_s))


def _first(enough: Callable[[int], bool], guess: int) -> int:
    low, high = -1, max(1, guess)
    while not enough(high):
        low, high = high, high * 2
        if high > _MOST_AGENTS:
            raise ValueError(f"not even {_MOST_AGENTS} agents reach this target")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _log_a(x: float, y: float) -> float:
    """ln A(x, y), where A = 1 + y/(x+1) + y^2/((x+1)(x+2)) + … = x e^y y^-x gamma(x, y)."""
    if y < x + 1:
        term = total = 1.0
        k = x
        while term > total * _EPS:
            k += 1
            term *= y / k
            total += term
        return math.log(total)
    # gamma(x, y) = Gamma(x) - Gamma(x, y); the second by its continued fraction (modified Lentz).
    log_all = math.log(x) + y - x * math.log(y) + math.lgamma(x)
    rest = x * _upper(x, y)
    return log_all + math.log1p(-rest * math.exp(-log_all))


def _upper(x: float, y: float) -> float:
    """e^y y^-x Gamma(x, y) for y > x."""
    b = y + 1.0 - x
    c, d = 1e300, 1.0 / b
    value, i = d, 0
    while True:
        i += 1
        a = -i * (i - x)
        b += 2.0
        d = 1.0 / _not_zero(a * d + b)
        c = _not_zero(b + a / c)
        value *= d * c
        if abs(d * c - 1.0) < 1e-15:
            return value


def _not_zero(number: float) -> float:
    return number if abs(number) > 1e-300 else 1e-300
