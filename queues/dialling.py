"""May we call this number, and now? The guard against toll fraud: no call to a citizen leaves without `Allowed`.

Only the number that the network gave with his own call comes here, never digits that somebody typed; only subscribers
of mainland China are called, and never more, oftener or at other hours than the rules say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

_DAY_S, _HOUR_S = 86_400.0, 3_600.0


class Code(StrEnum):
    """Why a number is not called; stable, for records, pages and tests."""

    OFF = "off"
    """The kill switch: the settings name no way out (`callback.dial` is empty)."""
    WITHHELD = "withheld"
    NOT_A_NUMBER = "not_a_number"
    """Not digits, or digits that no subscriber of the mainland has."""
    FOREIGN = "foreign"
    SERVICE = "service"
    """A short number or a service: 110, 12345, 95xxx, 96xxx, 400, 800."""
    PREMIUM = "premium"
    """An information line (16x) or a satellite telephone, both dear to call."""
    AREA_UNKNOWN = "area_unknown"
    """A local number, and the settings do not say of which area."""
    NOT_BY_VOICE = "not_by_voice"
    """He signs or writes: a voice would not reach him."""
    OUTSIDE_HOURS = "outside_hours"
    TOO_OFTEN = "too_often"
    """This number has been called often enough today."""
    HOUR_FULL = "hour_full"
    """Enough calls have gone out within an hour."""
    ALL_BUSY = "all_busy"
    """As many are going out now as may."""


@dataclass(frozen=True, slots=True)
class Allowed:
    number: str
    """As to be dialled: 11 digits of a mobile, or area code and subscriber number. Nothing but ASCII digits."""


@dataclass(frozen=True, slots=True)
class Refused:
    code: Code


@dataclass(frozen=True, slots=True)
class Rules:
    on: bool
    area_code: str = ""
    """Put before local numbers, as 0769."""
    hours: str = "08:00-21:00"
    """Local time, first minute in, last minute out; over midnight if the end is not after the beginning."""
    per_number_a_day: int = 4
    """Within any 24 hours."""
    per_hour: int = 200
    concurrent: int = 10


def check_number(number: str, area_code: str) -> Allowed | Refused:
    """What the network gave as the caller's number -> what to dial."""
    if not number:
        return Refused(Code.WITHHELD)
    if not re.fullmatch(r"\+?[0-9]{1,24}", number):
        return Refused(Code.NOT_A_NUMBER)
    if found := re.fullmatch(r"(?:\+|00)86([1-9][0-9]*|0[1-9][0-9]*)", number):
        national = found[1]
        if re.fullmatch(r"(10|2[0-9])[2-8][0-9]{7}|[3-9][0-9]{2}[2-8][0-9]{6,7}", national):
            national = "0" + national  # an area code loses its zero behind the country's
        elif not re.fullmatch(r"1[0-9]{10}|0[0-9]+", national):
            return Refused(Code.SERVICE if _is_service(national) else Code.NOT_A_NUMBER)
    elif number.startswith(("+", "00")):
        return Refused(Code.FOREIGN)
    else:
        national = number
    return _check_national(national, area_code)


def _check_national(number: str, area_code: str) -> Allowed | Refused:
    if re.fullmatch(r"01[3-9][0-9]{9}", number):
        number = number[1:]  # a mobile of another province, as older exchanges show it
    if _is_service(number):
        return Refused(Code.SERVICE)
    if re.match(r"16[08]|1349|1740", number):
        return Refused(Code.PREMIUM)
    # No area code ends in 00.
    if re.fullmatch(r"1[3-9][0-9]{9}|0(10|2[0-9])[2-8][0-9]{7}|0[3-9](?!00)[0-9]{2}[2-8][0-9]{6,7}", number):
        return Allowed(number)
    if re.fullmatch(r"[2-8][0-9]{6,7}", number):
        if not area_code:
            return Refused(Code.AREA_UNKNOWN)
        return _check_national(area_code + number, "")
    return Refused(Code.NOT_A_NUMBER)


def _is_service(number: str) -> bool:
    short = r"(1[0-2]|9[56])[0-9]"
    service = rf"0?[48]00[0-9]{{7}}|{short}{{1,5}}|95[0-9]{{6,9}}|0[0-9]{{2,3}}{short}{{1,3}}"
    return len(number) < 7 or re.fullmatch(service, number) is not None


def is_open(hours: str, local: datetime) -> bool:
    """Whether the local time lies within "08:00-21:00"."""
    begin, _, end = hours.partition("-")
    now = local.strftime("%H:%M")
    return begin <= now < end if begin < end else now >= begin or now < end


class Dialling:
    """The rules with what has been dialled lately. Times are UTC seconds."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._dialled: dict[str, tuple[float, str]] = {}
        """Call -> when, and the number as dialled; of the last day."""
        self.beside: set[str] = set()
        """Calls to people of ours on duty that are out now: they count as well as `ongoing`."""

    def check(self, number: str) -> Allowed | Refused:
        """The number by itself, whatever the hour: could it ever be called?"""
        return check_number(number, self.rules.area_code) if self.rules.on else Refused(Code.OFF)

    def may(
        self, number: str, now: float, local: datetime, ongoing: int = 0, *, any_hour: bool = False
    ) -> Allowed | Refused:
        """`local` is `now` in the city, `ongoing` how many other calls of ours are going out or being talked on.

        `any_hour`: for somebody of ours who is on duty.
        """
        allowed = self.check(number)
        if isinstance(allowed, Refused):
            return allowed
        if not any_hour and not is_open(self.rules.hours, local):
            return Refused(Code.OUTSIDE_HOURS)
        lately = [(at, dialled) for at, dialled in self._dialled.values() if now - at < _DAY_S]
        if sum(dialled == allowed.number for _, dialled in lately) >= self.rules.per_number_a_day:
            return Refused(Code.TOO_OFTEN)
        if sum(now - at < _HOUR_S for at, _ in lately) >= self.rules.per_hour:
            return Refused(Code.HOUR_FULL)
        if ongoing + len(self.beside) >= self.rules.concurrent:
            return Refused(Code.ALL_BUSY)
        return allowed

    def dialled(self, call_id: str, number: str, at: float) -> None:
        """`number`, as allowed, was dialled for this call; to be said before it rings. Twice for a call counts once."""
        for old in [key for key, (since, _) in self._dialled.items() if at - since >= _DAY_S]:
            del self._dialled[old]
        self._dialled.setdefault(call_id, (at, number))
