"""Files of reports that are made by themselves: each once, whole or not at all, and later if nobody was there then.

What was made stands in a file of its own, so that who moves a report elsewhere does not get it again.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final, Literal, Protocol

import structlog

from cti.metrics.asked import Asked
from cti.metrics.spans import Span, SpanError
from cti.metrics.words import Lang
from cti.settings import Reports

log = structlog.get_logger()

Kind = Literal["day", "week", "month"]
_LOOK_S: Final = 30.0
_AGAIN_S: Final = 300.0
_MADE: Final = ".made"
_MOST_LATE: Final = 31
"""Of each kind; what is older is asked for by hand."""


class Desk(Protocol):
    """Reports (cti.report_desk). TimeoutError, OSError: not now."""

    async def write(self, asked: Asked, lang: Lang, paths: Sequence[Path]) -> None: ...


class ReportSchedule:
    """`run` it. `city`: for the names of files. `may_decide`: of two daemons one makes them."""

    def __init__(
        self,
        desk: Desk,
        settings: Reports,
        folder: Path,
        city: str,
        now: Callable[[], datetime],
        may_decide: Callable[[], bool],
    ) -> None:
        """`now`: by the city's clock."""
        self._desk = desk
        self._settings = settings
        self._folder = folder
        self._name = f"yihu-{city}"
        self._now = now
        self._may_decide = may_decide

    async def run(self) -> None:
        """Until cancelled."""
        while self._settings.files:
            wait_s = _LOOK_S
            if self._may_decide():
                try:
                    await self.look()
                except (OSError, TimeoutError, SpanError) as error:
                    wait_s = _AGAIN_S
                    log.warning("report_files_postponed", problem=type(error).__name__, again_s=wait_s)
            await asyncio.sleep(wait_s)

    async def look(self) -> None:
        """Makes what is due, and deletes what is too old."""
        now = self._now()
        made = await asyncio.to_thread(_read, self._folder / _MADE)
        for span in due(self._settings.files, time.fromisoformat(self._settings.at), made, now):
            paths = [self._folder / f"{self._name}-{span.label}.{ending}" for ending in ("csv", "xlsx")]
            await self._desk.write(Asked(span, "half_hour" if span.kind == "day" else "day"), "zh", paths)
            await asyncio.to_thread(_add, self._folder / _MADE, span)
            log.info("report_files_made", period=span.label)
        if self._settings.keep_days:
            oldest = now.date() - timedelta(days=self._settings.keep_days)
            await asyncio.to_thread(self._delete, oldest)

    def _delete(self, oldest: date) -> None:
        """Files of ours of a time that had ended before this day; others are left alone."""
        for path in self._folder.glob(f"{self._name}-*"):
            found = re.fullmatch(r"(\d{4}-(?:\d{2}|W\d{2}|\d{2}-\d{2}))\.(csv|xlsx)", path.name[len(self._name) + 1 :])
            if found is not None and Span.read(found[1], oldest).after <= oldest:
                path.unlink(missing_ok=True)


def due(kinds: Iterable[Kind], at: time, made: Mapping[str, Span], now: datetime) -> list[Span]:
    """What is to be made now. `made`: the newest of each kind; of a kind without one the last alone is due."""
    # The day that counts begins at that time of the clock: before it, last night's report is not due yet.
    today = now.date() if now.time() >= at else now.date() - timedelta(days=1)
    found: list[Span] = []
    for kind in dict.fromkeys(kinds):
        late: list[Span] = []
        span = _around(kind, today).earlier("before")
        while span is not None and len(late) < _MOST_LATE:
            if kind in made and span.first <= made[kind].first:
                break
            late.append(span)
            if kind not in made:
                break
            span = span.earlier("before")
        found += reversed(late)
    return found


def _around(kind: Kind, day: date) -> Span:
    match kind:
        case "day":
            return Span("day", day)
        case "week":
            return Span("week", day - timedelta(days=day.weekday()))
        case "month":
            return Span("month", day.replace(day=1))


def _read(file: Path) -> dict[str, Span]:
    """The newest of each kind."""
    try:
        lines = file.read_text(encoding="ascii").split()
    except FileNotFoundError:
        return {}
    newest: dict[str, Span] = {}
    for line in lines:
        span = Span.read(line, date.min)
        if span.kind not in newest or newest[span.kind].first < span.first:
            newest[span.kind] = span
    return newest


def _add(file: Path, span: Span) -> None:
    with file.open("a", encoding="ascii") as lines:
        lines.write(f"{span.label}\n")
