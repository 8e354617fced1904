"""What the wallboard is told (topic `wall`): every number with its name, its parts, and why if it is not known.

Pure. A value that is not known is null with a reason beside it, never 0:
    reading       what was before this process began is being read from the records
    nothing       there was nothing to divide by
    gap           for a part of the day nobody saw what happened: numbers are of the calls that were seen
    no_history    no call of that day is on record
    no_forecast   seats that are needed are not known yet
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from agents.status import Desk, State, Status
from cti.metrics.course import Course, Window, beside, shifted, worst_24h
from cti.metrics.definitions import BY_CODE
from cti.metrics.figures import LOSS_PLACES, Sums
from cti.metrics.gaps import Gap
from cti.metrics.groups import Period
from cti.metrics.half_hours import HALF_HOUR_S
from cti.metrics.rates import rate

HEADLINE: Final = "connection_rate"
SHARES: Final = (HEADLINE, "queue_answer_rate", "asked_answer_rate_15s", "satisfaction", "participation")
MEANS: Final = ("asa", "wait_total")
OF_AGENTS: Final = ("occupancy", "handling_time")
CALLBACKS: Final = "callback_reach_rate"
WORST: Final = "rolling_24h"
PLACES: Final = tuple(place for place in LOSS_PLACES if place != "none")
_DAY = timedelta(days=1)
Row = dict[str, Any]
Section = dict[str, Row]


@dataclass(frozen=True, slots=True)
class Days:
    """How days went; None: not known yet, or nothing is on record."""

    today: Course | None
    yesterday: Course | None
    last_week: Course | None


def definitions(targets: Mapping[str, float]) -> Section:
    """What the rates are, by code; `target`: None: nothing is promised."""
    found: Section = {}
    for code in (*SHARES, *MEANS, *OF_AGENTS, CALLBACKS, WORST):
        definition = BY_CODE[code]
        found[code] = {
            "name": {"zh": definition.zh, "en": definition.en},
            "formula": {"zh": definition.formula_zh, "en": definition.formula},
            "remark": {"zh": definition.remark[0], "en": definition.remark[1]},
            "unit": definition.unit,
            "target": targets.get(code),
        }
    return found


def rates(days: Days, agents: Sums | None, gaps: Collection[Gap], day: Period, now: float) -> Section:
    """By code."""
    whole = None if days.today is None else sum(days.today.values(), Sums())
    found = {code: _rate(code, whole, gaps) for code in (*SHARES, *MEANS, CALLBACKS)}
    found |= {code: _rate(code, agents, gaps) for code in OF_AGENTS}
    found[WORST] = _worst(days, day, now)
    found[HEADLINE]["beside"] = _beside(days, day, now)
    return found


def _rate(code: str, sums: Sums | None, gaps: Collection[Gap]) -> Row:
    found = rate(code, sums or Sums(), gap=bool(gaps))
    unknown = "reading" if sums is None else found.unknown
    return {
        "n": None if sums is None else found.numerator,
        "of": None if sums is None else found.denominator,
        "unknown": unknown,
    }


def _worst(days: Days, day: Period, now: float) -> Row:
    window: Window | None = None
    unknown: str | None = "reading" if days.today is None else "no_history"
    if days.today is not None and days.yesterday:
        window = worst_24h(days.yesterday, days.today, int(day.since), now)
        unknown = None if window is not None else "nothing"
    return {
        "n": None if window is None else window.answered,
        "of": None if window is None else window.calls,
        "until": None if window is None else window.until,
        "unknown": unknown,
    }


def _beside(days: Days, day: Period, now: float) -> Row:
    """Differences to other days up to the same half hour."""
    over_at = int(now) // HALF_HOUR_S * HALF_HOUR_S
    found: Row = {"until": over_at if over_at > day.since else None}
    for name, other, days_ago in (("yesterday", days.yesterday, 1), ("last_week", days.last_week, 7)):
        then = None if other is None else shifted(other, days_ago * int(_DAY.total_seconds()))
        known = days.today is not None and then is not None and over_at > day.since
        found[name] = beside(HEADLINE, days.today or {}, then or {}, over_at) if known else None
    return found


def half_hours(course: Course | None, zone: tzinfo, gaps: Collection[Gap], until: float) -> Section:
    """By time of day, as 09:30. Of each that began before `until` and in which there was a call, or that was not seen
    whole: then with null."""
    found: Section = {}
    for begins, sums in sorted((course or {}).items()):
        if begins < until and sums["calls"]:
            found[_clock(begins, zone)] = {"n": sums["answered"], "of": sums["calls"]}
    for gap in gaps:
        begins = int(gap.since) // HALF_HOUR_S * HALF_HOUR_S
        while begins < min(gap.until, until):
            found[_clock(begins, zone)] = {"n": None, "of": None}
            begins += HALF_HOUR_S
    return found


def _clock(at: float, zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(at, zone):%H:%M}"


def losses(course: Course | None) -> Section:
    """By place, and what was neither answered nor lost (`none`)."""
    sums = sum((course or {}).values(), Sums())
    return {place: {"n": None if course is None else sums[f"lost_{place}"]} for place in LOSS_PLACES}


def seats(desks: Iterable[Desk], now: float) -> Section:
    """Agents of the roster by what they do; each in one. fault: ready, and no call can reach him."""
    counted: Counter[str] = Counter()
    for desk in desks:
        counted[_seat(desk, now)] += 1
    return {name: {"n": counted[name]} for name in SEATS}


SEATS: Final = ("talking", "idle", "offered", "wrap_up", "break", "fault", "offline")


def _seat(desk: Desk, now: float) -> str:
    match desk.state(now):
        case State.TALKING | State.HELD:
            return "talking"
        case State.NOT_ANSWERING:
            return "fault"
        case State.NOT_READY:
            return "fault" if desk.status is Status.READY else "break"
        case state:
            return state.value


def waiting(queues: Mapping[str, Mapping[str, Any]]) -> Section:
    """Of all queues together."""
    since = [row["longest_since"] for row in queues.values() if row["longest_since"] is not None]
    return {"all": {"n": sum(row["waiting"] for row in queues.values()), "longest_since": min(since, default=None)}}


def staffing(found: Mapping[str, Any] | None) -> Section:
    """`found`: `StaffingWatch.state`."""
    if found is None or not found["total"]:
        return {"now": {"unknown": "no_forecast"}}
    running, *later = found["total"]
    following = later[0] if later else None
    return {
        "now": {
            "share": found["share"],
            "within_s": found["within_s"],
            **{key: running[key] for key in ("needed", "there", "short", "unknown")},
            "next_at": following["begins_at"] if following else None,
            "next_needed": following["needed"] if following else None,
        }
    }
