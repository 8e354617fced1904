"""`yihu report`: the day in the city's own time, from SQL, as tables and as JSON."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from cti.cli import main
from cti.storage.sql import SqlStore
from tests.support.calls import answered_call, lost_call


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
