"""The city's own days off and days of work, beside the national calendar. A document that changes while it runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from cti.toml_file import TomlRefused, fault_at, read_toml
from ivr_flows.calendar import Day, WorkCalendar

DAYS = """\
# Days of this city beside the national calendar. A change takes effect with the next call.

off_days = []     # off here, whatever the national calendar says: "2027-02-08"
work_days = []    # worked here, whatever the national calendar says
"""
"""What counts until a city says otherwise."""


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class CityDays:
    off_days: tuple[str, ...] = ()
    work_days: tuple[str, ...] = ()


def read_days(text: str, name: str) -> WorkCalendar:
    """TomlRefused names file (`name`), line and key of every fault."""
    days = read_toml(CityDays, text, name)
    faults: list[str] = []
    for key, listed in (("off_days", days.off_days), ("work_days", days.work_days)):
        for n, day in enumerate(listed):
            if not _is_date(day):
                faults.append(fault_at(text, name, (key,), f"{day!r} is not a date; write it as 2027-02-08"))
            elif day in listed[:n]:
                faults.append(fault_at(text, name, (key,), f"{day} stands here a second time"))
    for day in sorted({*days.off_days} & {*days.work_days}):
        faults.append(fault_at(text, name, ("work_days",), f"{day} stands in off_days too; take it out of one of them"))
    if faults:
        raise TomlRefused(faults)
    return WorkCalendar(days.off_days, days.work_days)


class LiveCalendar(WorkCalendar):
    """The calendar as it is in use at each moment."""

    def __init__(self, current: Callable[[], WorkCalendar]) -> None:
        super().__init__()
        self._current = current

    def day(self, date_: date) -> Day:
        return self._current().day(date_)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
