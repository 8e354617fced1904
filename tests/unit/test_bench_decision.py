"""The measurement of decisions: what it counts, and that the same seed measures the same decisions."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from cti.bench.decision import MOMENTS, Growth, Size, Taken, measure_growth
from cti.commands.bench import command


def test_each_size_is_twice_the_one_before_and_gets_as_many_decisions() -> None:
    growth = measure_growth(agents=64, waiting=32, skills=4, decisions=20, seed=1)
    assert [(size.agents, size.waiting) for size in growth.sizes] == [(8, 4), (16, 8), (32, 16), (64, 32)]
    for size in growth.sizes:
        for moment in MOMENTS:
            taken = size.moments[moment]
            assert len(taken.cpu) == len(taken.wall) == 20
            assert min(taken.cpu) > 0


def test_growth_is_told_beside_half_the_size() -> None:
    one, two = (Taken([ms] * 3, [ms] * 3) for ms in (0.1, 0.15))
    growth = Growth(4, 1, [Size(1, 1, dict.fromkeys(MOMENTS, one)), Size(2, 2, dict.fromkeys(MOMENTS, two))])
    assert [growth.ratio("caller_comes", n, "p99") for n in (0, 1)] == [None, 1.5]
    assert growth.as_json()["p99_ms_met"] is True


def test_without_live_the_command_measures_decisions() -> None:
    arguments = ["routing", "--agents", "16", "--waiting", "16", "--skills", "3", "--decisions", "5"]
    result = CliRunner().invoke(command, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    read = json.loads(result.output)
    assert (read["agents"], read["waiting"], read["skills"]) == (16, 16, 3)
    for moment in MOMENTS:
        assert {"n", "p50", "p95", "p99", "max", "wall_p99"} <= read[f"{moment}_ms"].keys()
        assert [row[f"{moment}_ms"]["n"] for row in read["growth"]] == [5, 5, 5, 5]
    table = CliRunner().invoke(command, arguments)
    assert table.exit_code == 0, table.output
    assert "p99" in table.output


@pytest.mark.parametrize("live", [["--live", "--agents", "500"], ["--agents", "0"]])
def test_numbers_out_of_range_are_refused(live: list[str]) -> None:
    assert CliRunner().invoke(command, ["routing", *live]).exit_code == 2
