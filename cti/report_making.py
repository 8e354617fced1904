"""A report made from a store: its table with what it says of itself, its lost calls, its files. It blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from agents.schedule import Schedule
from cti.callbacks import task_rules
from cti.metrics.asked import Asked
from cti.metrics.losses import Loss
from cti.metrics.table_sheets import About, definitions_sheet, losses_sheet, table_sheet
from cti.metrics.tables import Table
from cti.metrics.words import Words
from cti.report_files import write_csv, write_xlsx
from cti.report_losses import read_losses
from cti.settings import Settings
from cti.storage.report_tables import read_table
from cti.storage.store import Store


@dataclass(frozen=True, slots=True)
class Report:
    table: Table
    about: About


@dataclass(frozen=True, slots=True)
class Making:
    """All methods may raise StoreError. `now`: UTC seconds; later calls are in none of it."""

    store: Store
    settings: Settings
    schedule: Schedule
    now: float

    def report(self, asked: Asked) -> Report:
        """SpanError if there is nothing to compare with, KeyError for no column."""
        zone = ZoneInfo(self.settings.city.timezone)
        table = read_table(self.store, asked, zone, self.schedule, self.now)
        about = About(
            city=self.settings.city.name,
            timezone=self.settings.city.timezone,
            made_at=self.now,
            open_calls=self.store.open_calls(table.reach.since, table.reach.until, statistics=asked.statistics),
            statistics=asked.statistics,
            shifts={shift.id: shift.name or shift.id for shift in self.schedule.shifts.values()},
        )
        return Report(table, about)

    def losses(self, asked: Asked, row: str | None = None, place: str | None = None) -> Iterator[Loss]:
        """Of all of it, or behind one figure of it; read as they are wanted."""
        grouping = asked.grouping(ZoneInfo(self.settings.city.timezone), self.schedule)
        rules = task_rules(self.settings.callback)
        return read_losses(self.store, grouping, rules, self.now, asked.statistics, row, place)

    def write_csv(self, path: Path, report: Report, words: Words) -> None:
        """OSError."""
        write_csv(path, table_sheet(report.table, report.about, words))

    def write_xlsx(self, path: Path, asked: Asked, report: Report, words: Words) -> int:
        """Returns how many lost calls are in it. OSError."""
        lost = _Counted(self.losses(asked))
        sheets = [
            definitions_sheet(report.table, report.about, words),
            table_sheet(report.table, report.about, words),
            losses_sheet(lost, words),
        ]
        write_xlsx(path, sheets, datetime.fromtimestamp(self.now, ZoneInfo(self.settings.city.timezone)))
        return lost.count


class _Counted:
    """Losses are read while they are written; afterwards it is known how many there were."""

    def __init__(self, found: Iterator[Loss]) -> None:
        self._found, self.count = found, 0

    def __iter__(self) -> Iterator[Loss]:
        for loss in self._found:
            self.count += 1
            yield loss
