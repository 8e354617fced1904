"""What `yihu simulate` and `yihu staff` read and print."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cti.commands import simulate, staff
from cti.simulation.load_file import read_load
from cti.simulation.scenario import ScenarioError, load, read, shipped
from cti.simulation.staffing import of_load, of_scenario
from cti.simulation.statistics import Interval, student_t
from queues.erlang import erlang_a
from queues.staffing import Target, Work

LIAOYUAN = (Path(simulate.__file__).parent.parent / "simulation/scenarios/liaoyuan.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["day50000", "dongguan", "guangxi", "liaoyuan", "surge87000"])
def test_shipped_scenarios_load_and_say_what_they_assume(name: str) -> None:
    assert name in shipped()
    for variant in load(name).values():
        assert len(variant.assumptions) > 3
        assert variant.title


def test_a_variant_changes_only_what_it_names() -> None:
    before, after = load("dongguan")["before"], load("dongguan")["after"]
    assert next(iter(load("dongguan"))) == "after"
    assert (before.seats.chairs, after.seats.chairs) == (120, 300)
    assert before.callers.talk_s == after.callers.talk_s
    assert before.callers.first_calls < after.callers.first_calls


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("first_calls = 200", "first_calls = 0", "callers.first_calls"),
        ("patience_s = 90", "patience = 90", "callers.patience"),
        ("general|hotline>=1@5|+0", "hotline", "desk.1.need: Value error, not a need"),
        ('name = "forwarded"', 'name = "hotline"', "a name of its own"),
        ("by_hour = [2, 2,", "by_hour = [1, 2,", "1 agents at 0:00"),
        ("chairs = 26", "chairs = 5", "at most 5 chairs"),
        ("[callers]", "[callers", "not valid TOML"),
        ("by_hour = [0.7,", "by_hour = [", "callers.by_hour"),
    ],
)
def test_a_bad_scenario_is_refused_with_the_place(old: str, new: str, said: str) -> None:
    assert old in LIAOYUAN
    with pytest.raises(ScenarioError, match=r"my\.toml: ") as error:
        read(LIAOYUAN.replace(old, new), "my.toml")
    assert said in str(error.value)


def test_an_unknown_scenario_is_told_the_known_ones() -> None:
    with pytest.raises(ScenarioError, match="dongguan"):
        load("dongguang")


def test_a_load_file_is_read_in_the_order_of_arrival(tmp_path: Path) -> None:
    file = tmp_path / "load.csv"
    file.write_text("arrived_at,queue,handling_s\n2026-11-21 08:30:00.5,general,200\n2026-11-21T08:00:00,special,\n")
    first, second = read_load(file, {"general", "special"})
    assert (first.at, first.desk, first.handling_s) == (28_800, "special", None)
    assert (second.at, second.handling_s) == (30_600.5, 200)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("25:00:00,general,1", "arrived_at '25:00:00'"),
        ("08:00:00,other,1", "no queue 'other'"),
        ("08:00:00,general,-1", "handling_s '-1'"),
        ("08:00:00,general", "2 columns instead of 3"),
        ("2026-11-22 08:00:00,general,1", "another day"),
    ],
)
def test_a_bad_load_file_is_refused_with_file_and_line(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "load.csv"
    file.write_text(f"arrived_at,queue,handling_s\n2026-11-21 07:00:00,general,60\n{line}\n")
    with pytest.raises(ScenarioError, match=r"load\.csv:3: ") as error:
        read_load(file, {"general"})
    assert said in str(error.value)


def test_a_load_file_without_its_first_line_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "load.csv"
    file.write_text("08:00:00,general,60\n")
    with pytest.raises(ScenarioError, match=r"load\.csv:1: the first line must be arrived_at,queue,handling_s"):
        read_load(file)


@pytest.mark.parametrize(("degrees", "point"), [(1, 12.7062), (4, 2.77645), (19, 2.09302), (1000, 1.96234)])
def test_students_t(degrees: int, point: float) -> None:
    assert student_t(degrees) == pytest.approx(point, abs=1e-4)


def test_an_interval_of_a_known_sample_and_of_one_value() -> None:
    interval = Interval.of([1.0, 2.0, 3.0, 4.0, 5.0])
    assert (interval.low, interval.high) == (pytest.approx(3 - 1.96324, abs=1e-4), pytest.approx(3 + 1.96324, abs=1e-4))
    assert Interval.of([0.5]) == Interval(0.5, None, None)


def test_staffing_reaches_its_target_in_every_half_hour() -> None:
    day = load("day50000")["day"]
    for works in of_scenario(day).values():
        for work in works[::5]:
            agents = Target(0.95, 15).agents(work, 90)
            rate = work.calls / 1800
            assert erlang_a(agents, rate, work.handling_s, 90, 15).in_time >= 0.95
            assert erlang_a(agents - 1, rate, work.handling_s, 90, 15).in_time < 0.95


def test_staffing_of_a_load_file_counts_its_calls(tmp_path: Path) -> None:
    file = tmp_path / "load.csv"
    file.write_text("arrived_at,queue,handling_s\n08:29:59,a,100\n08:30:00,a,300\n08:59:00,a,\n")
    works = of_load(read_load(file), 200.0)["a"]
    assert works[16] == Work(1, 100)
    assert works[17] == Work(2, 250)
    assert works[18].calls == 0


def test_simulate_says_synthetic_and_gives_every_policy_with_its_interval() -> None:
    ran = CliRunner().invoke(simulate.command, ["liaoyuan", "--seeds", "2", "--json"])
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)
    assert told["synthetic"] is True
    assert told["seeds"] == 2
    assert told["assumptions"]
    for name in ("silo", "penalties", "ours", "one_pool"):
        rate = told["policies"][name]["connection_rate"]
        assert rate["low"] <= rate["mean"] <= rate["high"]


def test_simulate_in_words_says_synthetic() -> None:
    ran = CliRunner().invoke(simulate.command, ["liaoyuan", "--seeds", "1"])
    assert ran.exit_code == 0, ran.output
    assert "SYNTHETIC" in ran.output
    assert "ours - silo" in ran.output
    assert "patience 90 s" in ran.output


def test_simulate_takes_the_calls_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "load.csv"
    file.write_text("arrived_at,queue,handling_s\n" + "".join(f"09:{m:02}:00,hotline,100\n" for m in range(60)))
    ran = CliRunner().invoke(simulate.command, ["liaoyuan", "--seeds", "1", "--load", str(file), "--json"])
    told = json.loads(ran.stdout)
    assert told["load"] == "load.csv"
    assert told["policies"]["ours"]["calls"]["mean"] == 60


def test_staff_prints_a_row_for_each_half_hour_and_desk() -> None:
    ran = CliRunner().invoke(staff.command, ["liaoyuan", "--target", "0.95", "--within", "15", "--json"])
    assert ran.exit_code == 0, ran.output
    rows = json.loads(ran.stdout)["rows"]
    assert len(rows) == 48 * 3
    assert rows[20 * 3]["from"] == "10:00"
    assert rows[20 * 3]["desk"] == "hotline"
    assert rows[20 * 3]["agents"] >= 1
    assert "SYNTHETIC" in CliRunner().invoke(staff.command, ["liaoyuan"]).output
    assert CliRunner().invoke(staff.command, []).exit_code == 2
