"""`yihu call` and `yihu demo` on a real stack: supervisor, Asterisk, daemon, citizens and agents, all real."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cti.demo.client import Stack
from cti.demo.plan import AgentManner, Outcome, Plan
from cti.programs import Program
from cti.settings import PROJECT
from tests.support.city import city
from tests.support.stack import NUMBER, RunningStack
from tests.support.waiting import until

pytestmark = pytest.mark.timeout(240)
NOBODY = 'var = "var"\nweb = {port = 1}\n'
"""Settings of a stack that cannot be running: nothing of ours ever listens there"""


def command(settings: Path, *args: str) -> list[str]:
    return [sys.executable, "-m", "cti.cli", "--settings", str(settings), *args]


def yihu(settings: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(settings, *args), cwd=PROJECT, capture_output=True, text=True, timeout=220, check=False
    )


@pytest.fixture(scope="module")
def stack(asterisk_program: Program, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    running = RunningStack(tmp_path_factory.mktemp("stack"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def nobody(tmp_path: Path) -> Path:
    settings = tmp_path / "yihu.toml"
    settings.write_text(NOBODY, encoding="utf-8")
    return settings


def test_every_call_of_a_demonstration_is_recorded_as_the_telephones_saw_it(
    asterisk_program: Program, nobody: Path
) -> None:
    done = yihu(nobody, "demo", "--calls", "14", "--agents", "3", "--rate", "2", "--seed", "5", "--json")

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


def test_a_demonstration_that_is_told_to_stop_leaves_nothing_behind(
    asterisk_program: Program, nobody: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("d")  # short: the path of a socket has 107 letters at most
    environment = {**os.environ, "TMPDIR": str(folder)}
    process = subprocess.Popen(
        command(nobody, "demo", "--calls", "30"), cwd=PROJECT, env=environment, stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: any(folder.glob("yihu-sipp-*/citizens-1/citizen.log")), 40, "the first call")
        process.send_signal(signal.SIGTERM)
        assert process.wait(25) == 128 + signal.SIGTERM
    finally:
        process.kill()
        process.wait()
    assert [*folder.glob("yihu-demo-*"), *folder.glob("yihu-sipp-*")] == []
    assert processes_with(str(folder)) == []


def processes_with(text: str) -> list[str]:
    found = []
    for process in Path("/proc").iterdir():
        try:
            line = (process / "cmdline").read_text() if process.name.isdigit() else ""
            here = (process / "cwd").readlink().as_posix() if line else ""
        except OSError:
            continue
        if text in line or text in here:
            found.append(line.replace("\0", " "))
    return found


def test_a_call_without_a_running_stack_says_how_to_start_one(nobody: Path) -> None:
    done = yihu(nobody, "call")

    assert done.returncode == 1
    assert "no running stack answers at http://127.0.0.1:1: start it with: make run" in done.stderr
    assert list(nobody.parent.iterdir()) == [nobody]


def test_with_nobody_at_work_a_test_agent_takes_the_call_and_goes(stack: RunningStack) -> None:
    done = yihu(stack.file, "call", "--to", NUMBER, "--from", "13812345678", "--hold", "1.5", "--rate-key", "2")

    assert done.returncode == 0, done.stderr
    told = " ".join(done.stdout.split())
    for words in (
        "138****5678 calls 19999",
        "waits in the queue general",
        "agent test1 answers",
        "the agent hangs up after 1.5 s of talk",
        "presses 2: satisfied",
        "the system hangs up",
        "rating │ 2 of 3",
    ):
        assert words in told, done.stdout
    assert "13812345678" not in done.stdout
    assert yihu_agents(stack) == []


async def test_an_agent_at_work_takes_the_call_and_no_other_comes(stack: RunningStack, tmp_path: Path) -> None:
    manner = AgentManner(random.Random(1), (1.5, 1.5), (0.2, 0.2))
    async with city(stack, tmp_path, manner) as here:
        [agent] = await here.hire(1)
        # The telephone of this agent belongs to somebody who knows nothing of the call that is coming.
        here.director.plans["13812345678"] = Plan("13812345678", NUMBER, Outcome.CHOOSES_NO_RATING)
        args = ("--to", NUMBER, "--from", "13812345678", "--rate-key", "1")
        done = await asyncio.to_thread(yihu, stack.file, "call", *args)

        assert done.returncode == 0, done.stderr
        assert f"agent {agent} answers" in done.stdout
        assert "the agent hangs up after 1.5 s of talk" in done.stdout
        assert "presses 1" in done.stdout
        assert "test1" not in done.stdout


async def test_a_demonstration_does_not_ring_agents_who_work(stack: RunningStack, tmp_path: Path) -> None:
    async with city(stack, tmp_path) as here:
        [agent] = await here.hire(1)
        done = await asyncio.to_thread(yihu, stack.file, "demo", "--calls", "2", "--agents", "1")

        assert done.returncode == 1
        assert f"agents are ready for real calls ({agent})" in done.stderr


def yihu_agents(stack: RunningStack) -> list[str]:
    async def ask() -> list[str]:
        async with Stack(stack.settings) as api:
            return [row["id"] for row in await api.agents()]

    return asyncio.run(ask())
