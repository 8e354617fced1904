"""Seats that are needed, now and in the next half hours, beside the seats that there are; and what is missing. Pure.

Needed is what Erlang A says for the target, by queue and by pool (queues/staffing.py), of the calls that are forecast
(queues/demand.py). There are, in the half hour that is running, the agents at work now; in later ones those whom the
schedule has at work, where they change within a half hour the fewest at any moment of it. An agent is a seat of each
queue whose skill he has, and of one pool. What is missing adds up over pools; in a pool nothing less can be missing
than in one of its queues.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, tzinfo
from typing import Any, Literal

from agents.schedule import Schedule
from agents.status import Desk, State
from cti.calls import AgentId
from queues.demand import HALF_HOUR_S, Expected, Unforeseen
from queues.handling import Habit
from queues.staffing import Target, Work, patience_together, pools, together

Unstaffed = Unforeseen | Literal["no_schedule"]
"""Why something is unknown."""
Crew = Sequence[Collection[str]]
"""The skills of each agent of some who work at one time."""


@dataclass(frozen=True, slots=True)
class Row:
    """Of one queue, of a pool, or of the whole city; what is None is unknown."""

    queues: tuple[str, ...]
    calls: float | None
    """Forecast for a whole half hour at the rate of what is left of it."""
    handling_s: float | None
    """None: no calls are expected."""
    patience_s: float | None
    """None: nobody gives up, as far as is known."""
    needed: int | None
    there: int | None
    short: int | None
    """Seats that are missing; 0: enough. Where something is unknown: at least so many."""
    unknown: Unstaffed | None


@dataclass(frozen=True, slots=True)
class HalfHourStaffing:
    begins_at: int
    """UTC seconds."""
    seats: Literal["at_work", "schedule"]
    """Where `there` comes from."""
    queues: tuple[Row, ...]
    pools: tuple[Row, ...]
    total: Row
    """The sum of the pools."""
    expected: tuple[Expected, ...]
    """The forecast of each queue, with its interval and what it rests on."""


@dataclass(frozen=True, slots=True)
class Present:
    """Agents with the skill of a queue at this moment. All but `at_work` and `planned` add up to all of them."""

    queue: str
    """"": every agent there is."""
    at_work: int
    """They take calls: idle, or busy and wanting the next call."""
    idle: int
    ringing: int
    talking: int
    """With the citizen on hold too."""
    wrap_up: int
    not_answering: int
    not_ready: int
    """On a break, in a meeting or a training, or with the telephone away."""
    offline: int
    planned: int | None
    """Who should be at work by the schedule; None: there is none."""


@dataclass(frozen=True, slots=True)
class Staffing:
    at: float
    share: float
    within_s: float | None
    half_hours: tuple[HalfHourStaffing, ...]
    """The first is running."""
    present: tuple[Present, ...]
    """Everybody first, then by queue."""

    def as_json(self) -> dict[str, Any]:
        """Seconds, UTC; shares from 0 to 1; null is unknown."""
        return asdict(self)


def staffing(
    now: float,
    target: Target,
    forecast: Mapping[str, Sequence[Expected]],
    habits: Mapping[str, Habit],
    desks: Collection[Desk],
    schedule: Schedule,
    zone: tzinfo,
) -> Staffing:
    """`forecast`: for each queue the same half hours, of which the first is running (`Demand.expected`). `habits`: how
    long its calls take and its callers stay. `desks`: of all agents, whether they are there or not. A schedule without
    shifts is none."""
    skills = {desk.agent.id: _can(desk) for desk in desks}
    at_work = [_can(desk) for desk in desks if desk.at_work(now)]
    half_hours = []
    for n, expected in enumerate(zip(*forecast.values(), strict=True)):
        begins_at = expected[0].begins_at
        crews: list[Crew] | None = [at_work]
        if n:
            crews = _planned(schedule, skills, begins_at, begins_at + HALF_HOUR_S, zone)
        half_hours.append(_half_hour(target, dict(zip(forecast, expected, strict=True)), habits, crews, n > 0))
    planned = _planned(schedule, skills, now, now + 1e-3, zone)
    crew = None if planned is None else planned[0]
    present = (_present(queue, desks, crew, now) for queue in ("", *forecast))
    return Staffing(now, target.share, target.within_s, tuple(half_hours), tuple(present))


def _can(desk: Desk) -> frozenset[str]:
    return frozenset(skill for skill, level in desk.agent.skills.items() if level >= 1)


def _planned(
    schedule: Schedule, skills: Mapping[AgentId, Collection[str]], since: float, until: float, zone: tzinfo
) -> list[Crew] | None:
    """Who is to work at each moment; who is in no roster cannot."""
    if not schedule.shifts:
        return None
    crews = schedule.crews(datetime.fromtimestamp(since, zone), datetime.fromtimestamp(until, zone))
    return [[skills[agent] for agent in crew if agent in skills] for crew in crews]


def _half_hour(
    target: Target,
    expected: Mapping[str, Expected],
    habits: Mapping[str, Habit],
    crews: Sequence[Crew] | None,
    planned: bool,
) -> HalfHourStaffing:
    def row(queues: tuple[str, ...], parts: Sequence[Row] = ()) -> Row:
        unknown = next((one.unknown for queue in queues if (one := expected[queue]).unknown), None)
        calls = [expected[queue].pace or 0.0 for queue in queues]
        work = together([Work(n, habits[queue].handling_s) for n, queue in zip(calls, queues, strict=True)])
        patience_s = patience_together(calls, [habits[queue].patience_s for queue in queues])
        needed = None if unknown else target.agents(work, patience_s)
        there = None if crews is None else min(_able(crew, queues) for crew in crews)
        known = [part.short for part in parts if part.short is not None]
        if needed is not None and there is not None:
            known.append(max(0, needed - there))
        return Row(
            queues,
            calls=None if unknown else work.calls,
            handling_s=work.handling_s or None,
            patience_s=patience_s,
            needed=needed,
            there=there,
            short=max(known, default=None),
            unknown=unknown or ("no_schedule" if there is None else None),
        )

    # Without a schedule nobody is known to serve two queues, so each counts for itself.
    groups = pools(expected, (skills for crew in crews or () for skills in crew))
    rows = {queue: row((queue,)) for queue in expected}
    of_pools = [row(pool, [rows[queue] for queue in pool]) for pool in groups]
    begins_at = next(iter(expected.values())).begins_at
    seats: Literal["at_work", "schedule"] = "schedule" if planned else "at_work"
    return HalfHourStaffing(
        begins_at, seats, tuple(rows.values()), tuple(of_pools), _total(of_pools), tuple(expected.values())
    )


def _able(crew: Crew, queues: Collection[str]) -> int:
    return sum(any(queue in skills for queue in queues) for skills in crew)


def _total(parts: Sequence[Row]) -> Row:
    calls = [row.calls for row in parts if row.calls is not None]
    work = together([Work(row.calls or 0.0, row.handling_s or 0.0) for row in parts])
    short = [row.short for row in parts if row.short is not None]
    return Row(
        queues=tuple(queue for row in parts for queue in row.queues),
        calls=sum(calls) if len(calls) == len(parts) else None,
        handling_s=work.handling_s or None,
        patience_s=patience_together([row.calls or 0.0 for row in parts], [row.patience_s for row in parts]),
        needed=_sum([row.needed for row in parts]),
        there=_sum([row.there for row in parts]),
        short=sum(short) if short else None,
        unknown=next((row.unknown for row in parts if row.unknown), None),
    )


def _sum(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _present(queue: str, desks: Iterable[Desk], planned: Crew | None, now: float) -> Present:
    those = [desk for desk in desks if not queue or queue in _can(desk)]
    states = Counter(desk.state(now) for desk in those)
    return Present(
        queue,
        at_work=sum(desk.at_work(now) for desk in those),
        idle=states[State.IDLE],
        ringing=states[State.OFFERED],
        talking=states[State.TALKING] + states[State.HELD],
        wrap_up=states[State.WRAP_UP],
        not_answering=states[State.NOT_ANSWERING],
        not_ready=states[State.NOT_READY],
        offline=states[State.OFFLINE],
        planned=None if planned is None else len(planned) if not queue else _able(planned, (queue,)),
    )
