"""Until when a ticket is to be handled: rules that are data (form/deadlines.toml), and the city's calendar. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from cti.tickets.model import Deadline, Stage
from ivr_flows.calendar import WorkCalendar

_NATURAL_S = {"minute": 60.0, "hour": 3600.0}
_WORDS = {
    "minute": ("{n} 分钟", "{n} min"),
    "hour": ("{n} 小时", "{n} h"),
    "working_day": ("{n} 个工作日", "{n} working day{s}"),
}
_STAGES = {"dispatch": ("派单", "dispatch"), "onsite": ("到场", "on site"), "finish": ("", "")}
_URGENT = ("紧急 ", "urgent, ")
_AT_ONCE = {"zh": "当场办结", "en": "at once"}
_WEEKDAYS = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"]
_DAYS_EN = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
_MONTHS_EN = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


class Rule(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    stage: Literal["dispatch", "onsite", "finish"]
    types: tuple[str, ...] = ()
    urgencies: tuple[str, ...] = ()
    amount: int = Field(0, ge=0, le=365)
    unit: Literal["minute", "hour", "working_day", "at_once"]

    def fits(self, type_: str, urgency: str) -> bool:
        return (not self.types or type_ in self.types) and (not self.urgencies or urgency in self.urgencies)


def deadline(
    rules: Sequence[Rule],
    type_: str,
    urgency: str,
    received_at: float,
    calendar: WorkCalendar,
    local_time: Callable[[float], datetime],
) -> Deadline | None:
    """Of a request that came at `received_at`; `type_` and `urgency` are codes, "" for unknown ones. None: no rule."""
    urgency = urgency or "normal"
    first: dict[str, Rule] = {}
    for rule in rules:
        if rule.fits(type_, urgency):
            first.setdefault(rule.stage, rule)
    if (finish := first.pop("finish", None)) is None:
        return None
    began = local_time(received_at)
    at, shown, provisional = _end(finish, began, calendar)
    stages = tuple(Stage(name, *_end(rule, began, calendar)[:2]) for name, rule in first.items())
    if urgency == "urgent" and finish.unit != "at_once":
        shown = {"zh": _URGENT[0] + shown["zh"], "en": _URGENT[1] + shown["en"]}
    return Deadline(at, shown, provisional, stages)


def _end(rule: Rule, began: datetime, calendar: WorkCalendar) -> tuple[float, dict[str, str], bool]:
    if rule.unit == "at_once":
        return began.timestamp(), _AT_ONCE, False
    provisional = False
    if rule.unit == "working_day":
        last, provisional = working_day(began.date(), rule.amount, calendar)
        end = datetime.combine(last + timedelta(days=1), time(), began.tzinfo)
        zh, en = f"{last:%m-%d} {_WEEKDAYS[last.weekday()]}", _day_en(last)
    else:
        end = began + timedelta(seconds=rule.amount * _NATURAL_S[rule.unit])
        zh, en = f"{end:%m-%d %H:%M}", f"{_day_en(end.date())}, {end:%H:%M}"
    zh_words, en_words = (words.format(n=rule.amount, s="" if rule.amount == 1 else "s") for words in _WORDS[rule.unit])
    before_zh, before_en = _STAGES[rule.stage]
    shown = {"zh": f"{before_zh} {zh_words} · {zh}".strip(), "en": f"{before_en} {en_words} · {en}".strip()}
    return end.timestamp(), shown, provisional


def working_day(began: date, amount: int, calendar: WorkCalendar) -> tuple[date, bool]:
    """The `amount`-th working day after `began`, which is not counted; and whether a year was unknown on the way."""
    day, provisional = began, False
    while amount > 0:
        day += timedelta(days=1)
        kind = calendar.day(day)
        provisional = provisional or kind.provisional
        amount -= kind.kind == "work"
    return day, provisional


def _day_en(day: date) -> str:
    return f"{_DAYS_EN[day.weekday()]} {day.day} {_MONTHS_EN[day.month - 1]}"
