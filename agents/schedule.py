"""Who works when: shifts, a weekly rota with exceptions by date, and who is on stand-by (班次, 备班).

A TOML file (setting `schedule`). Times are the city's own; a shift belongs to the day on which it begins, and may end
on the next one.
    [shift.night]
    name = "夜班"
    hours = "22:00-06:00"
    lines = 2                        # so many telephones are to be staffed
    [week.mon]
    night = ["a1001", "a1002"]
    standby = ["a1003"]
    [date.2027-02-06]                # what stands here counts instead of the week's
    standby = ["a1004"]
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from cti.calls import AgentId

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
STANDBY = "standby"
_DAY = timedelta(days=1)


class ScheduleError(Exception):
    """The schedule cannot be used; the text names file, line and key, and what would be right."""


@dataclass(frozen=True, slots=True)
class Shift:
    id: str
    name: str
    begins: time
    ends: time
    """Not later than `begins`: on the next day."""
    lines: int
    """Telephones that are to be staffed."""

    def span(self, day: date, like: datetime) -> tuple[datetime, datetime]:
        """From when to when it is worked that begins on this day, in the time zone of `like`."""
        begins = datetime.combine(day, self.begins, like.tzinfo)
        ends = datetime.combine(day if self.ends > self.begins else day + _DAY, self.ends, like.tzinfo)
        return begins, ends


@dataclass(frozen=True, slots=True)
class Day:
    work: Mapping[str, tuple[AgentId, ...]] = field(default_factory=dict)
    """Shift -> who works it."""
    standby: tuple[AgentId, ...] | None = None


@dataclass(frozen=True, slots=True)
class Duty:
    agent: AgentId
    shift: Shift
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Schedule:
    """Every `at` is local time with its zone."""

    shifts: Mapping[str, Shift] = field(default_factory=dict)
    week: Mapping[str, Day] = field(default_factory=dict)
    dates: Mapping[date, Day] = field(default_factory=dict)

    def day(self, day: date) -> Day:
        """The week's, with what the date says otherwise."""
        usual, special = self.week.get(WEEKDAYS[day.weekday()], Day()), self.dates.get(day, Day())
        standby = usual.standby if special.standby is None else special.standby
        return Day({**usual.work, **special.work}, standby)

    def duties(self, since: datetime, until: datetime) -> Iterator[Duty]:
        """Everything that is worked in this time, in whole shifts, day by day."""
        day = since.date() - _DAY
        while day <= until.date():
            for shift_id, agents in self.day(day).work.items():
                begins, ends = self.shifts[shift_id].span(day, since)
                if begins < until and since < ends:
                    for agent_id in agents:
                        yield Duty(agent_id, self.shifts[shift_id], begins, ends)
            day += _DAY

    def on_duty(self, at: datetime) -> dict[AgentId, Shift]:
        """Who is to work now."""
        return {duty.agent: duty.shift for duty in self.duties(at, at + timedelta(microseconds=1))}

    def crews(self, since: datetime, until: datetime) -> list[frozenset[AgentId]]:
        """Who is to work in this time: at its beginning, and whenever that changes until its end."""
        duties = list(self.duties(since, until))
        changes = {at for duty in duties for at in (duty.begins, duty.ends) if since < at < until}
        return [
            frozenset(duty.agent for duty in duties if duty.begins <= at < duty.ends)
            for at in sorted({since, *changes})
        ]

    def standby(self, at: datetime) -> tuple[AgentId, ...]:
        """Who is to come when there is too much, on the day of `at`, from midnight to midnight."""
        return self.day(at.date()).standby or ()

    def lines(self, at: datetime) -> int:
        """Telephones that are to be staffed now."""
        spans = ((shift, day) for shift in self.shifts.values() for day in (at.date() - _DAY, at.date()))
        return sum(shift.lines for shift, day in spans if (span := shift.span(day, at))[0] <= at < span[1])


def read_schedule(text: str, name: str) -> Schedule:
    """The schedule in a file's text. ScheduleError names file (`name`), line and key."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScheduleError(f"{name}: not valid TOML: {error}") from None
    reader = _Reader(text, name)
    for table in raw.keys() - {"shift", "week", "date"}:
        raise reader.fault((table,), "unknown table; known: shift, week, date")
    shifts = {key: reader.shift(key, entry) for key, entry in raw.get("shift", {}).items()}
    week, dates = {}, {}
    for key, entry in raw.get("week", {}).items():
        if key not in WEEKDAYS:
            raise reader.fault(("week", key), f"no day of the week; they are {', '.join(WEEKDAYS)}")
        week[key] = reader.day(("week", key), entry, shifts)
    for key, entry in raw.get("date", {}).items():
        try:
            day = date.fromisoformat(key)
        except ValueError:
            raise reader.fault(("date", key), "no date; write it as 2027-02-06") from None
        dates[day] = reader.day(("date", key), entry, shifts)
    return Schedule(shifts, week, dates)


def findings(schedule: Schedule, roster: Collection[AgentId], monday: date) -> list[str]:
    """What a shift leader should know of the week that begins on `monday`: who is unknown or never planned, where too
    few are planned or nobody stands by, who is planned twice at a time."""
    found = []
    planned = {a for d in (*schedule.week.values(), *schedule.dates.values()) for who in d.work.values() for a in who}
    planned |= {a for d in (*schedule.week.values(), *schedule.dates.values()) for a in d.standby or ()}
    found += [f"{agent_id}: in the schedule, not in the roster" for agent_id in sorted(planned - set(roster))]
    found += [f"{agent_id}: never planned" for agent_id in sorted(set(roster) - planned)]
    begins = datetime.combine(monday, time())
    for n in range(7):
        day = monday + n * _DAY
        here, work = f"{WEEKDAYS[n]} {day}", schedule.day(day).work
        found += [
            f"{here}, {shift.id}: {len(work.get(shift.id, ()))} planned, {shift.lines} lines to staff"
            for shift in schedule.shifts.values()
            if len(work.get(shift.id, ())) < shift.lines
        ]
        if schedule.shifts and not schedule.day(day).standby:
            found.append(f"{here}: nobody is on stand-by")
    duties: dict[AgentId, list[Duty]] = {}
    for duty in schedule.duties(begins, begins + 7 * _DAY):
        duties.setdefault(duty.agent, []).append(duty)
    for agent_id, own in sorted(duties.items()):
        own.sort(key=lambda duty: duty.begins)
        for one, two in pairwise(own):
            if two.begins < one.ends:
                found.append(f"{agent_id}: {one.shift.id} and {two.shift.id} overlap on {two.begins:%Y-%m-%d %H:%M}")
    return found


class _Reader:
    def __init__(self, text: str, name: str) -> None:
        self._lines = text.splitlines()
        self._name = name

    def fault(self, where: tuple[str, ...], what: str) -> ScheduleError:
        return ScheduleError(f"{self._name}:{self._line(where)}: {'.'.join(where)}: {what}")

    def shift(self, key: str, entry: object) -> Shift:
        where = ("shift", key)
        if key == STANDBY or not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", key):
            raise self.fault(where, "a shift is named in small letters, and not standby")
        if not isinstance(entry, dict):
            raise self.fault(where, "must be a table with hours and lines")
        for unknown in entry.keys() - {"name", "hours", "lines"}:
            raise self.fault((*where, unknown), "unknown key; known: name, hours, lines")
        hours = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", str(entry.get("hours", "")))
        if hours is None:
            raise self.fault((*where, "hours"), 'must be like "22:00-06:00"; midnight is 00:00')
        lines = entry.get("lines", 0)
        if not isinstance(lines, int) or isinstance(lines, bool) or lines < 0:
            raise self.fault((*where, "lines"), "must be a whole number, 0 or more")
        begins, ends = time(int(hours[1]), int(hours[2])), time(int(hours[3]), int(hours[4]))
        return Shift(key, str(entry.get("name", key)), begins, ends, lines)

    def day(self, where: tuple[str, ...], entry: object, shifts: Mapping[str, Shift]) -> Day:
        if not isinstance(entry, dict):
            raise self.fault(where, "must be a table of shifts and who works them")
        for unknown in entry.keys() - shifts.keys() - {STANDBY}:
            raise self.fault(
                (*where, unknown), f"no such shift; there are {', '.join(shifts) or 'none'}, and {STANDBY}"
            )
        people = {key: self._agents((*where, key), value) for key, value in entry.items()}
        standby = people.pop(STANDBY, None)
        return Day(people, standby)

    def _agents(self, where: tuple[str, ...], value: object) -> tuple[AgentId, ...]:
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.fault(where, 'must be a list of agents, like ["a1001", "a1002"]')
        if twice := {one for one in value if value.count(one) > 1}:
            raise self.fault(where, f"{min(twice)} stands in it twice")
        return tuple(AgentId(one) for one in value)

    def _line(self, where: tuple[str, ...]) -> int:
        """The line of the key, or of the table it belongs to, or 1."""
        tables = (where[0], ".".join(where[:2]))
        keys = {(".".join(where[:n]), where[n]) for n in (1, 2) if len(where) > n}
        table, found = "", 1
        for number, line in enumerate(self._lines, 1):
            if head := re.match(r"\s*\[([^\]]+)\]", line):
                table = head[1].replace('"', "").strip()
                found = number if table in tables else found
            elif (key := re.match(r'\s*"?([\w-]+)"?\s*=', line)) and (table, key[1]) in keys:
                return number
        return found
