"""Calling in who stands by, on the whole running system: by REST, with a number that comes late, over a crash."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from agents.schedule import WEEKDAYS
from cti.cli import main
from cti.programs import ProgramMissing, find_asterisk, find_program
from cti.settings import load_settings
from tests.support.missing import missing
from tests.support.ports import free_ports
from tests.support.stack import Api, RunningStack
from tests.support.telephones import Manner, Telephones
from tests.support.waiting_async import eventually

pytestmark = pytest.mark.timeout(120)

PHONE = "13800138000"


@pytest.fixture(scope="module")
def carrier_port() -> int:
    return free_ports(1)[0]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, carrier_port: int) -> Iterator[RunningStack]:
    """Its one agent stands by every day, and has no number yet."""
    try:
        find_asterisk()
        find_program("redis-server")
    except ProgramMissing as error:
        missing(str(error))
    running = RunningStack(tmp_path_factory.mktemp("stack"))
    with running.file.open("a", encoding="utf-8") as file:
        file.write(f'\ncallback = {{dial = "PJSIP/trunk/sip:{{number}}@127.0.0.2:{carrier_port}"}}\n')
    running.settings = load_settings(running.file)
    yihu(running, "user", "add", "a1001", "--skill", "general=3")
    week = "".join(f'[week.{day}]\nstandby = ["a1001"]\n' for day in WEEKDAYS)
    running.settings.schedule.write_text(week, encoding="utf-8")
    try:
        running.start()
        yield running
    finally:
        running.stop()


def yihu(stack: RunningStack, *args: str) -> None:
    done = CliRunner().invoke(main, ["--settings", str(stack.file), *args])
    assert done.exit_code == 0, done.output


async def test_a_number_that_was_missing_is_called_as_soon_as_it_is_known_and_once(
    stack: RunningStack, carrier_port: int
) -> None:
    async with Telephones("127.0.0.2", carrier_port, {PHONE: Manner()}) as carrier, Api(stack.settings) as api:
        # Given a supervisor who puts the rung on, and no number
        await api._ask("POST", "/api/surge/standby", {"mode": "on"})
        await eventually(lambda: list(stack.log("standby_cannot_be_called")), 5, "the warning")
        (warning,) = stack.log("standby_cannot_be_called")
        assert (warning["agent"], warning["outcome"], warning["level"]) == ("a1001", "no_phone", "warning")

        # When it is put into the roster, he is called and told
        yihu(stack, "user", "set", "a1001", "--phone", PHONE)
        await eventually(lambda: list(stack.log("standby_told")), 20, "told")
        assert [ring.user for ring in carrier.rings] == [PHONE]

        # A daemon that comes after a crash knows it; only a rung that goes on anew has him called again
        dead, _ = stack.kill_daemon(signal.SIGKILL)
        await eventually(lambda: stack.ready[0] not in (0, dead), 15, "another daemon")
        assert "standby" in (await api.live())["rungs"]
        await api._ask("POST", "/api/surge/standby", {"mode": "off"})
        await eventually(lambda: _off(stack), 5, "the rung off")
        assert len(carrier.rings) == 1
        await api._ask("POST", "/api/surge/standby", {"mode": "on"})
        await eventually(lambda: len(carrier.rings) == 2, 5, "his telephone again")

        # Nobody reads his number anywhere but in the roster
        assert PHONE not in f"{await api.live()} {await api.agents()} {await api.channels()}"
        var = [path for path in stack.settings.var.rglob("*") if path.is_file() and path.suffix in (".log", ".jsonl")]
        assert any("standby_told" in text_of(path) for path in var)
        assert [path for path in var if PHONE in text_of(path)] == []


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _off(stack: RunningStack) -> bool:
    return any(row["rung"] == "standby" and not row["on"] for row in stack.log("surge_rung"))
