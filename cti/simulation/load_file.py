"""A load file: the calls of one day as CSV, for example from the records of a real one."""

from __future__ import annotations

import csv
from collections.abc import Container, Iterable
from datetime import date, datetime, time
from pathlib import Path

from cti.simulation.day import Arrival
from cti.simulation.scenario import ScenarioError

_COLUMNS = ("arrived_at", "queue", "handling_s")


def read_load(path: Path, desks: Container[str] | None = None) -> list[Arrival]:
    """The calls in the order of arrival. `desks`: the names that may stand under `queue`; None: any.

    First line `arrived_at,queue,handling_s`, the last column may be missing or empty. Times as 08:30:00 or
    2026-11-21 08:30:00, all of one day. ScenarioError names file and line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path}: cannot be read: {error}") from None
    rows = csv.reader(text.splitlines())
    header = tuple(cell.strip() for cell in next(rows, []))
    if header not in (_COLUMNS, _COLUMNS[:2]):
        raise ScenarioError(f"{path}:1: the first line must be {','.join(_COLUMNS)} (the last may be missing)")
    found, days = [], set[date]()
    for row in rows:
        if not row:
            continue
        where = f"{path}:{rows.line_num}"
        if len(row) != len(header):
            raise ScenarioError(f"{where}: {len(row)} columns instead of {len(header)}")
        cells = dict(zip(header, (cell.strip() for cell in row), strict=True))
        at, day = _moment(cells["arrived_at"], where)
        days |= {day} if day else set()
        if len(days) > 1:
            raise ScenarioError(f"{where}: {day} is another day than the lines before; a load file holds one day")
        if not cells["queue"] or (desks is not None and cells["queue"] not in desks):
            raise ScenarioError(f"{where}: no queue {cells['queue']!r} in the scenario")
        found.append(Arrival(at, cells["queue"], _handling(cells.get("handling_s", ""), where)))
    if not found:
        raise ScenarioError(f"{path}: no calls")
    return sorted(found, key=lambda arrival: arrival.at)


def write_load(path: Path, calls: Iterable[tuple[datetime, str, float | None]]) -> int:
    """Writes calls (local time of arrival, queue, seconds of handling or None) so that `read_load` takes them.

    Returns how many. OSError if it cannot be written.
    """
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(_COLUMNS)
        for at, queue, handling_s in calls:
            rows.writerow((at.replace(tzinfo=None).isoformat(" "), queue, handling_s or ""))
            count += 1
    return count


def _moment(text: str, where: str) -> tuple[float, date | None]:
    try:
        if len(text) <= len("08:30:00.000000"):
            clock, day = time.fromisoformat(text), None
        else:
            moment = datetime.fromisoformat(text)
            clock, day = moment.time(), moment.date()
    except ValueError:
        raise ScenarioError(f"{where}: arrived_at {text!r}: write 08:30:00 or 2026-11-21 08:30:00") from None
    return clock.hour * 3600 + clock.minute * 60 + clock.second + clock.microsecond / 1e6, day


def _handling(text: str, where: str) -> float | None:
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= 86_400:
        raise ScenarioError(f"{where}: handling_s {text!r}: seconds above 0 and at most 86400, or nothing")
    return seconds
