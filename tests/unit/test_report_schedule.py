"""Files of reports that are made by themselves: when, which, once, later, whole, and how long they stay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cti.metrics.asked import Asked
from cti.metrics.spans import Span
from cti.metrics.words import Lang
from cti.report_schedule import Kind, ReportSchedule, due
from cti.settings import Reports

ZONE = ZoneInfo("Asia/Shanghai")
AT = time(3, 30)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def span(text: str) -> Span:
    return Span.read(text, at("2026-11-22 00:00").date())


def named(spans: Sequence[Span]) -> list[str]:
    return [one.label for one in spans]


@pytest.mark.parametrize(
    ("now", "kinds", "wanted"),
    [
        ("2026-11-23 03:30", ("day", "week", "month"), ["2026-11-22", "2026-W47", "2026-10"]),
        ("2026-11-23 03:29", ("day", "week", "month"), ["2026-11-21", "2026-W46", "2026-10"]),
        ("2026-12-01 03:29", ("month",), ["2026-10"]),
        ("2026-12-01 03:30", ("month",), ["2026-11"]),
        ("2026-11-23 12:00", (), []),
    ],
)
def test_the_last_one_is_due_from_its_time_on(now: str, kinds: tuple[Kind, ...], wanted: list[str]) -> None:
    assert named(due(kinds, AT, {}, at(now))) == wanted


def test_nothing_is_due_twice_and_what_was_missed_comes_in_its_order() -> None:
    now = at("2026-11-23 04:00")
    assert due(("day",), AT, {"day": span("2026-11-22")}, now) == []
    assert named(due(("day",), AT, {"day": span("2026-11-19")}, now)) == ["2026-11-20", "2026-11-21", "2026-11-22"]
    late = due(("day",), AT, {"day": span("2026-01-01")}, now)
    assert (len(late), late[-1].label) == (31, "2026-11-22")
    assert due(("day",), AT, {"day": span("2026-11-24")}, now) == [], "a clock that was put back"


class Desk:
    """Writes what it was asked for."""

    def __init__(self) -> None:
        self.fails = False
        self.made: list[str] = []

    async def write(self, asked: Asked, lang: Lang, paths: Sequence[Path]) -> None:
        if self.fails:
            raise TimeoutError
        self.made.append(f"{asked.span.label} by {asked.by}")
        for path in paths:
            path.write_text(lang)


class Place:
    def __init__(self, folder: Path, keep_days: int = 0) -> None:
        self.desk, self.folder, self.now = Desk(), folder, at("2026-11-22 03:30")
        settings = Reports(files=("day", "month"), keep_days=keep_days)
        self.schedule = ReportSchedule(self.desk, settings, folder, "dongguan", lambda: self.now, lambda: True)

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if not path.name.startswith("."))


async def test_files_are_made_once_over_restarts_even_if_somebody_takes_them_away(tmp_path: Path) -> None:
    place = Place(tmp_path)
    await place.schedule.look()
    assert place.desk.made == ["2026-11-21 by half_hour", "2026-10 by day"]
    assert place.files() == [f"yihu-dongguan-{of}.{e}" for of in ("2026-10", "2026-11-21") for e in ("csv", "xlsx")]
    (tmp_path / "yihu-dongguan-2026-10.csv").unlink()

    again = Place(tmp_path)
    await again.schedule.look()
    assert again.desk.made == []
    again.now = at("2026-11-24 00:10")
    await again.schedule.look()
    assert again.desk.made == ["2026-11-22 by half_hour"]


async def test_what_could_not_be_made_is_made_later(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.desk.fails = True
    with pytest.raises(TimeoutError):
        await place.schedule.look()
    assert place.files() == []
    place.desk.fails = False
    await place.schedule.look()
    assert len(place.files()) == 4


async def test_old_files_go_and_others_stay(tmp_path: Path) -> None:
    ours = ["yihu-dongguan-2026-11-14.csv", "yihu-dongguan-2026-W46.xlsx", "yihu-dongguan-2026-11-15.csv"]
    others = [
        "yihu-huizhou-2026-11-01.csv",
        "yihu-dongguan-notes.txt",
        "yihu-dongguan-2026-01-01.txt",
        "2026-01-01.csv",
    ]
    for name in (*ours, *others):
        (tmp_path / name).touch()
    place = Place(tmp_path, keep_days=7)
    await place.schedule.look()
    left = set(place.files())
    assert left >= set(others)
    assert ours[0] not in left, "its day ended on the 15th, seven days before"
    assert {ours[1], ours[2]} <= left, "the week and the day that ended on the 16th"
    assert "yihu-dongguan-2026-10.csv" not in left, "older than files are kept"
