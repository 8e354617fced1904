"""From a key pressed in the queue to the talk, on the whole real system: the citizen who would not wait is called."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from cti.calls import CallFact
from cti.programs import ProgramMissing, find_asterisk, find_program
from cti.settings import load_settings
from tests.support import sipp
from tests.support.city import City, citizen, city, eventually
from tests.support.missing import missing
from tests.support.ports import free_ports
from tests.support.stack import RunningStack
from tests.support.telephones import Manner, Telephones

FLOW = """\
flow: quick
person: general
start: general
nodes:
  general: {type: route, queue: general, called_back: later, after: goodbye}
  later: {type: hangup, prompts: goodbye, reason: callback}
  goodbye: {type: hangup, prompts: goodbye}
"""
OFFERED_S = 17.0
"""Who waits without an agent in sight is offered a callback after fifteen seconds."""


@pytest.fixture(scope="module")
def carrier_port() -> int:
    return free_ports(1)[0]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, carrier_port: int) -> Iterator[RunningStack]:
    try:
        find_asterisk()
        find_program("redis-server")
        find_program("sipp")
    except ProgramMissing as error:
        missing(str(error))
    running = RunningStack(tmp_path_factory.mktemp("stack"))
    (running.flows / "quick.yaml").write_text(FLOW, encoding="utf-8")
    dial = f"PJSIP/trunk/sip:{{number}}@127.0.0.2:{carrier_port}"
    with running.file.open("a", encoding="utf-8") as file:
        file.write(f'\ncallback = {{dial = "{dial}", hours = "00:00-24:00", missed = false}}\n')
    running.settings = load_settings(running.file)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest_asyncio.fixture
async def telephones(stack: RunningStack, tmp_path: Path) -> AsyncIterator[City]:
    folder = tmp_path / "sipp"
    folder.mkdir()
    async with city(stack, folder) as place:
        yield place


async def rows(telephones: City) -> list[dict[str, object]]:
    found: list[dict[str, object]] = await telephones.api._ask("GET", "/api/callbacks")
    return found


async def test_who_presses_the_key_is_called_back_even_if_the_daemon_dies_meanwhile(
    telephones: City, tmp_path: Path, carrier_port: int
) -> None:
    asks = citizen(1, keys=((OFFERED_S + 4, "5"),))
    hostile = [citizen(n, keys=((OFFERED_S + 4, "5"),), leaves_after_s=OFFERED_S + 8) for n in range(2, 5)]
    for plan, number in zip(hostile, ("0085223456789", "16812345678", "19005551234567"), strict=True):
        object.__setattr__(plan, "number", number)
    telephones.dial([asks, *hostile], rate=4.0)
    await telephones.over(60)

    (asked,) = [r for r in await telephones.records() if r.lost_at == "callback"]
    callback = asked.callback_requested
    assert callback is not None
    (waiting,) = [call for call in (await telephones.api.live())["calls"] if call["call_id"] == callback]
    assert waiting["phase"] == "queue"

    telephones.stack.kill_daemon(signal.SIGKILL)
    await eventually(lambda: telephones.api.live(), 10, "a new daemon")
    (agent,) = await telephones.api.add_test_agents(1, {"general": 3}, "c", 0.0)
    (port,) = free_ports(1)
    signing_in = sipp.start(
        sipp.registration(agent.id, agent.sip_password, port=port),
        tmp_path,
        f"127.0.0.1:{telephones.stack.settings.asterisk.sip_port}",
        "127.0.0.1",
    )
    try:
        assert await asyncio.to_thread(signing_in.wait, 10) == 0, signing_in.heard()
    finally:
        signing_in.stop()
    async with (
        Telephones("127.0.0.1", port, {agent.id: Manner(keys="1", keys_after_s=1.0)}) as softphone,
        Telephones("127.0.0.2", carrier_port, None, Manner(hangs_up_after_s=4.0)) as carrier,
    ):
        ready_at = time.time()
        await telephones.api.set_status(agent.id, "ready")

        async def ended() -> object:
            return [m for m in await telephones.api.milestones(callback) if m.kind == CallFact.ENDED]

        await eventually(ended, 30, "the end of the callback")

        record = (await telephones.api._ask("GET", f"/api/calls/{callback}"))["record"]
        assert (record["outcome"], record["direction"], record["of"]) == ("reached", "callback", asked.call_id)
        assert record["kept_s"] == pytest.approx(asked.wait_queue_s or 0.0, abs=15)
        assert [r["complete"] for r in record["recordings"]] == [True]
        assert softphone.rings[0].at - ready_at < 2.0
        assert [ring.user for ring in carrier.rings] == [asks.number]
        states = {str(row["last_call"]): row["state"] for row in await rows(telephones)}
        assert states.pop(asked.call_id) == "reached"
        assert set(states.values()) == {"for_people"}
        assert len(states) == 3
