"""A small demonstration on a stack of its own: supervisor, Asterisk, daemon, citizens and agents, all real."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cti.programs import Program
from cti.settings import PROJECT

pytestmark = pytest.mark.timeout(240)


def yihu(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    settings = folder / "yihu.toml"
    settings.write_text('var = "var"\nweb = {port = 1}\n', encoding="utf-8")  # nothing of ours ever listens there
    argv = [sys.executable, "-m", "cti.cli", "--settings", str(settings), *args]
    return subprocess.run(argv, cwd=PROJECT, capture_output=True, text=True, timeout=220, check=False)


def test_every_call_of_a_demonstration_is_recorded_as_the_telephones_saw_it(
    asterisk_program: Program, tmp_path: Path
) -> None:
    done = yihu(tmp_path, "demo", "--calls", "14", "--agents", "3", "--rate", "2", "--seed", "5", "--json")

    assert done.returncode == 0, done.stderr + done.stdout
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["differences"] == []
    assert report["reconciled"] is True
    assert report["demonstration"] is True
    assert report["calls"] == 14
    assert report["answered"] + sum(report["lost_at"].values()) == 14
    assert report["rates"]["connection_rate"]["denominator"] == 14
    assert sum(report["outcomes_planned"].values()) == 14
    assert all(planned >= 1 for planned in report["outcomes_planned"].values())
    for outcome in ("chooses_and_rates", "says_nothing", "leaves_in_menu", "leaves_talking"):
        assert report["outcomes"][outcome] >= 1, report
    assert report["sound_heard_s"] > 14
    assert report["sipp_complaints"] == []


def test_a_call_without_a_running_stack_says_how_to_start_one(tmp_path: Path) -> None:
    done = yihu(tmp_path, "call")

    assert done.returncode == 1
    assert "no running stack answers at http://127.0.0.1:1: start it with: make run" in done.stderr
    assert not (tmp_path / "var").exists()
