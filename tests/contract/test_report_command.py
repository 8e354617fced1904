"""`yihu report`: the day in the city's own time, from SQL, as tables and as JSON."""

from __future__ import annotations

import csv
import dataclasses
import json
import zipfile
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from cti.calls import CallFact, CityFact, Milestone, Value
from cti.cli import main
from cti.simulation.load_file import read_load
from cti.storage.sql import SqlStore
from tests.support.calls import answered_call, lost_call, milestone


@pytest.fixture
def settings_file(tmp_path: Path, sql_url: str) -> Path:
    """An installation with three calls on 21 November in Dongguan and one just before midnight the day before."""
    midnight = datetime(2026, 11, 21, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
    store = SqlStore.open(sql_url)
    store.drain(lost_call("c0", midnight - 1))
    store.drain(answered_call("c1", midnight))
    store.drain([*answered_call("c2", midnight + 3600, score=3), *lost_call("c3", midnight + 86399, place="menu")])
    store.drain(answered_call("c4", midnight + 50)[:5])
    store.close()
    file = tmp_path / "yihu.toml"
    file.write_text(f'var = "{tmp_path}"\n[sql]\nurl = "{sql_url}"\n')
    return file


def _report(settings_file: Path, *args: str) -> Result:
    return CliRunner().invoke(main, ["--settings", str(settings_file), "report", *args])


def test_a_day_as_json(settings_file: Path) -> None:
    report = json.loads(_report(settings_file, "2026-11-21", "--json").stdout)
    assert (report["calls"], report["answered"], report["open"]) == (3, 2, 1)
    assert report["connection_rate"] == pytest.approx(2 / 3)
    assert report["lost_at"]["menu"] == 1
    assert report["ratings"] == {"1": 1, "3": 1}
    assert report["waits_s"]["total_answered"]["p50"] == 20.0
    assert report["rates"]["satisfaction"]["denominator"] == 2
    assert (report["day"], report["timezone"]) == ("2026-11-21", "Asia/Shanghai")


def test_a_day_as_a_load_for_the_simulator(settings_file: Path, tmp_path: Path) -> None:
    load = tmp_path / "calls.csv"
    said = _report(settings_file, "2026-11-21", "--load", str(load))
    assert said.stdout == f"{load}: 2 calls\n", "who was lost in the menu is none of them"
    assert [(call.at, call.desk, call.handling_s) for call in read_load(load)] == [
        (0.0, "general", 80.0),
        (3600.0, "general", 80.0),
    ]
    refused = _report(settings_file, "2026-11-21", "--load", str(tmp_path / "no" / "calls.csv"))
    assert refused.exit_code == 1
    assert "cannot be written" in refused.output


def test_a_day_as_tables_names_every_rate_with_its_formula_and_denominator(
    settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    shown = _report(settings_file, "2026-11-21").stdout
    for text in ("connection_rate", "接通率", "66.67%", "2 / 3", "answered by a person / all calls that arrived"):
        assert text in shown
    assert "asked_answer_rate_15s" in shown
    assert "1 still open" in shown


def test_one_statistics_key_alone(settings_file: Path) -> None:
    assert json.loads(_report(settings_file, "2026-11-21", "--json", "--statistics", "12345").stdout)["calls"] == 0
    assert json.loads(_report(settings_file, "2026-11-21", "--json", "--statistics", "12333").stdout)["calls"] == 3


def test_a_day_that_is_none_is_refused(settings_file: Path) -> None:
    result = _report(settings_file, "someday")
    assert result.exit_code == 2
    assert "give a date such as" in result.output


def test_a_store_that_cannot_be_used_is_one_clear_line(tmp_path: Path) -> None:
    file = tmp_path / "yihu.toml"
    file.write_text('[sql]\nurl = "postgresql+psycopg://yihu@/yihu?host=/nowhere"\n')
    result = _report(file)
    assert result.exit_code == 1
    assert "is PostgreSQL running there" in result.output
    assert "Traceback" not in result.output


@pytest.fixture
def busy_day(settings_file: Path, sql_url: str) -> Path:
    """As before, and: one asked for a callback and was reached at the second try, a message, a kept place, a surge."""
    noon = datetime(2026, 11, 21, 12, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
    store = SqlStore.open(sql_url)
    asked = lost_call("c5", noon, place="callback", caller="13700137000")
    asked.insert(-1, milestone("c5", 7, CallFact.CALLBACK_REQUESTED, noon + 39, callback="cb-1"))
    message = lost_call("c6", noon + 5, place="message", caller="13700137001")
    message.insert(-1, milestone("c6", 7, CallFact.MESSAGE_LEFT, noon + 40, file="m.wav", seconds=9.0))
    for timeline in (asked, message):
        store.drain([dataclasses.replace(m, seq=n) for n, m in enumerate(timeline, 1)])
    for n, (outcome, dialled) in enumerate([("no_agent", False), ("busy", True), ("reached", True)], 1):
        at = noon + 100 * n
        facts: dict[str, Value] = {
            "direction": "callback",
            "task": "c5",
            "of": "c5",
            "attempt": n,
            "pii_caller": "13700137000",
        }
        lines = [milestone(f"cb-{n}", 1, CallFact.ARRIVED, at, **facts)]
        if dialled:
            lines.append(milestone(f"cb-{n}", 2, CallFact.DIALLED, at + 5, agent="a1", n=1))
        if outcome == "reached":
            lines.append(milestone(f"cb-{n}", 3, CallFact.ANSWERED, at + 9, agent="a1", n=1))
        store.drain([*lines, milestone(f"cb-{n}", 4, CallFact.ENDED, at + 20, side="system", outcome=outcome)])
    for seq, (at, on, by) in enumerate([(-60.0, True, "rule"), (300.0, False, "rule"), (900.0, True, "班长")], 1):
        rung: dict[str, Value] = {"on": on, "by": by}
        store.drain([Milestone("city", "borrow", seq, noon + at, CityFact.RUNG, rung)])
    store.close()
    return settings_file


def test_callbacks_messages_and_the_surge_stand_apart_from_the_rates(busy_day: Path) -> None:
    report = json.loads(_report(busy_day, "2026-11-21", "--json").stdout)
    assert (report["calls"], report["answered"], report["lost_at"]["callback"], report["lost_at"]["message"]) == (
        5,
        2,
        1,
        1,
    )
    assert report["connection_rate"] == pytest.approx(2 / 5)
    done = report["callbacks"]
    assert (done["asked"], done["tried"], done["reached"], done["not_reached"]) == (1, 1, 1, 0)
    assert done["outcomes"] == {"busy": 1, "no_agent": 1, "reached": 1}
    # Open: the citizen who was lost at midnight and again the next day, and the one who left a message.
    assert done["open"] == 2
    assert report["rates"]["callback_success"]["value"] == 1.0
    assert report["messages"] == 1
    first, second = report["rungs"]
    assert (first["rung"], first["s"], first["by"]) == ("borrow", 360.0, "rule")
    assert (second["until"], second["by"]) == (None, "班长")


def test_callbacks_and_the_surge_as_tables(busy_day: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    shown = _report(busy_day, "2026-11-21").stdout
    for text in ("回拨成功率", "100.00%", "要求回拨", "busy: 1", "跨组借席", "11:59:00", "班长", "messages left: 1"):
        assert text in shown


def test_the_error_of_estimated_waits(settings_file: Path, sql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answered after 14 s, estimated 20 s; and one who left after 34 s, estimated 30 s."""
    noon = datetime(2026, 11, 21, 12, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
    store = SqlStore.open(sql_url)
    for call, wait_s in ((answered_call("c7", noon), 20.0), (lost_call("c8", noon), 30.0)):
        queued = next(n for n, m in enumerate(call) if m.kind == CallFact.QUEUED)
        estimated = milestone(call[0].id, 0, CallFact.ESTIMATED, call[queued].at, wait_s=wait_s, position=1)
        call.insert(queued + 1, estimated)
        store.drain([dataclasses.replace(m, seq=n) for n, m in enumerate(call, 1)])
    store.close()
    everything, general = json.loads(_report(settings_file, "2026-11-21", "--json").stdout)["estimates"]
    assert (everything["queue"], general["queue"]) == ("", "general")
    assert (general["n"], general["mean_error_s"], general["bias_s"], general["within_minute"]) == (1, 6.0, 6.0, 1.0)
    assert (general["within_quarter"], general["left"], general["left_too_low"]) == (0.0, 1, 1.0)
    monkeypatch.setenv("COLUMNS", "200")
    shown = _report(settings_file, "2026-11-21").stdout
    assert "全部队列" in shown
    assert "left unanswered: 1; 100% of them had waited longer" in shown


def test_what_agents_did_as_tables_and_as_json(settings_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    report = json.loads(_report(settings_file, "2026-11-21", "--agents", "--json").stdout)
    rung, served = report["agents"]
    assert (rung["agent"], rung["failed_offers"], rung["talks"]) == ("a1001", {"no_answer": 2}, 0)
    assert (served["agent"], served["talks"], served["talking_s"]) == ("a1002", 2, 120.0)
    shown = _report(settings_file, "2026-11-21", "--agents").stdout
    assert "0:02:00" in shown
    assert "(talk + hold + wrap-up) / (that + idle)" in shown


def test_a_spoilt_schedule_is_one_clear_line(settings_file: Path) -> None:
    (settings_file.parent / "schedule.toml").write_text("[week.someday]\n")
    result = _report(settings_file, "2026-11-21", "--agents")
    assert result.exit_code == 1
    assert "schedule.toml:1: week.someday: no day of the week" in result.output


def test_a_day_by_number_as_a_table(settings_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "250")
    shown = _report(settings_file, "2026-11-21", "--by", "number", "--compare", "before", "--rank", "connection_rate")
    assert shown.exit_code == 0, shown.output
    for text in ("拨打号码", "12333", "66.67%", "2 / 3", "Δ +66.67", "较前一日: 2026-11-20", "合计", "未计入的呼入: 1"):
        assert text in shown.stdout, text
    english = _report(settings_file, "2026-11-21", "--by", "number", "--lang", "en").stdout
    assert "Connection rate" in english
    assert "answered by a person / all calls that arrived" in english


@pytest.mark.parametrize(("period", "calls", "rows"), [("2026-W47", 4, 7), ("2026-11", 4, 30), ("2026-11-21", 3, 48)])
def test_weeks_and_months_are_tables_by_day(settings_file: Path, period: str, calls: int, rows: int) -> None:
    by = ["--by", "half_hour"] if rows == 48 else []
    told = json.loads(_report(settings_file, period, "--json", *by).stdout)
    assert (told["period"], told["open"], len(told["rows"])) == (period, 1, rows)
    assert told["total"]["rates"]["connection_rate"]["denominator"] == calls


def test_a_table_as_csv_and_xlsx_with_the_lost_calls(settings_file: Path, tmp_path: Path) -> None:
    table, book = tmp_path / "r.csv", tmp_path / "r.xlsx"
    said = _report(settings_file, "2026-11-21", "--by", "queue", "--csv", str(table), "--xlsx", str(book))
    assert said.stdout == f"{table}: 2 rows\n{book}: 2 rows, 1 lost calls\n"
    with table.open(encoding="utf-8-sig", newline="") as file:
        names = [row[0] for row in csv.reader(file)]
    assert names == ["队列", "未进入队列", "综合", "合计"]
    with zipfile.ZipFile(book) as archive:
        losses = archive.read("xl/worksheets/sheet3.xml").decode()
    assert "139****9000" in losses
    assert "13900139000" not in losses


def test_a_day_by_agent_has_talks_and_time(settings_file: Path) -> None:
    told = json.loads(_report(settings_file, "2026-11-21", "--by", "agent", "--json").stdout)
    rates = {row["label"]: row["rates"] for row in told["rows"]}
    assert list(rates) == ["a1001", "a1002"]
    assert rates["a1001"]["non_response_rate"]["value"] == 1.0
    assert rates["a1002"]["talk_time"]["value"] == 60.0
    assert rates["a1002"]["handling_time"]["denominator"] == 2


def test_a_day_by_shift_has_the_names_of_the_schedule(settings_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "250")
    schedule = '[shift.night]\nname = "夜班"\nhours = "22:00-06:00"\n[week.sat]\nnight = ["a1001"]\n'
    (settings_file.parent / "schedule.toml").write_text(schedule)
    shown = _report(settings_file, "2026-11-21", "--by", "shift").stdout
    assert "夜班" in shown
    assert "无班次" in shown


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["2026-W60"], "no day, week or month"),
        (["2026-11", "--compare", "week"], "cannot be compared"),
        (["2026-11", "--agents"], "of one day"),
        (["2026-11", "--by", "agent", "--statistics", "12333"], "not kept by number"),
        (["2026-11", "--rank", "beauty"], "there are connection_rate"),
        (["2026-11", "--json", "--csv", "x.csv"], "stands without"),
    ],
)
def test_what_cannot_be_asked_of_a_table_is_refused(settings_file: Path, args: list[str], problem: str) -> None:
    result = _report(settings_file, *args)
    assert result.exit_code == 2
    assert problem in result.output


@pytest.mark.parametrize("kind", ["--csv", "--xlsx"])
def test_a_table_that_cannot_be_written_is_one_clear_line(settings_file: Path, tmp_path: Path, kind: str) -> None:
    result = _report(settings_file, "2026-11-21", kind, str(tmp_path / "no" / "file"))
    assert result.exit_code == 1
    assert "cannot be written" in result.output
    assert "Traceback" not in result.output
