"""Others in a callback: there the agent's line is the one that called the citizen, and he may leave all the same."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import pytest_asyncio

from cti.calls import CallFact, CallId, Value
from cti.settings import Callback
from tests.asterisk.conftest import RunningAsterisk
from tests.support import sipp
from tests.support.callback_house import CallbackHouse, quick
from tests.support.ports import free_ports
from tests.support.provisioning import delete_agent, provision, put_agent
from tests.support.telephones import Manner, Ring, Telephones
from tests.support.tones import Ears, note
from tests.support.waiting_async import eventually

CITIZEN, WATER = "13800138000", "10001"


@pytest.fixture
def agents_port(asterisk: RunningAsterisk, call: Callable[..., sipp.Party]) -> Iterator[int]:
    """Where the agent's telephone is registered."""
    (port,) = free_ports(1)
    provision(asterisk, put_agent("a2001", "right-password"))
    signing_in = call(sipp.registration("a2001", "right-password", port=port), local_ip="127.0.0.1")
    assert signing_in.wait(10) == 0, signing_in.heard()
    yield port
    provision(asterisk, delete_agent("a2001"))


class Scene:
    """Agent, citizen and a department in one talk; who hears whom in `ears`."""

    def __init__(self, house: CallbackHouse, agents: Telephones, carrier: Telephones) -> None:
        self.house, self.agents, self.carrier = house, agents, carrier
        self.ears: dict[str, Ears] = {}
        self.call_id = CallId("")

    def ring(self, user: str) -> Ring | None:
        rings = (*self.agents.talking, *self.carrier.talking)
        return next((ring for ring in rings if ring.user == user), None)

    async def sings(self, user: str, name: str) -> Ring:
        await eventually(lambda: self.ring(user), 10, f"{user} answers")
        ring = self.ring(user)
        assert ring is not None
        ring.line.say(note(name))
        self.ears[name] = Ears(ring.line)
        return ring

    async def hears(self, **expected: set[str]) -> None:
        await eventually(
            lambda: all(self.ears[name].notes() == heard for name, heard in expected.items()), 8, f"{expected}"
        )

    async def begin(self) -> tuple[Ring, Ring, Ring]:
        self.house.ready("a2001")
        found = self.house.asks(CITIZEN)
        assert found is not None
        self.call_id = found
        agent = await self.sings("a2001", "agent")
        citizen = await self.sings(CITIZEN, "citizen")
        await self.hears(agent={"citizen"}, citizen={"agent"})
        call = self.house.board.calls[found]
        asked: dict[str, Value] = {"p": 1, "kind": "department", "target": "water", "mode": "conference", "by": "a2001"}
        self.house.exchange.call(CallFact.PARTY_ASKED, found, asked)
        self.house.parties.call_in(call, call.parties[0], self.house.settings.dial.replace("{number}", WATER), "12345")
        expert = await self.sings(WATER, "expert")
        await self.hears(agent={"citizen", "expert"}, citizen={"agent", "expert"}, expert={"citizen", "agent"})
        await eventually(lambda: CallFact.PARTY_JOINED in self.house.kinds(found), 5, "the department has joined")
        return agent, citizen, expert


@pytest_asyncio.fixture
async def on(asterisk: RunningAsterisk, agents_port: int) -> AsyncIterator[Scene]:
    (port,) = free_ports(1)
    dial = f"PJSIP/trunk/sip:{{number}}@127.0.0.2:{port}"
    house = CallbackHouse(asterisk, ("a2001",), quick(Callback(dial=dial)))
    async with (
        Telephones("127.0.0.1", agents_port, None, Manner(keys="1")) as softphones,
        Telephones("127.0.0.2", port) as carrier,
    ):
        await house.start()
        try:
            yield Scene(house, softphones, carrier)
        finally:
            for telephones in (softphones, carrier):
                for ring in telephones.talking:
                    telephones.hang_up(ring)
            await eventually(lambda: not house.channels.channels, 10, "no channel left over")
            await house.kill()


@pytest.mark.parametrize("last", ["expert", "citizen"])
async def test_the_agent_leaves_and_the_department_stays_with_the_citizen(on: Scene, last: str) -> None:
    agent, citizen, expert = await on.begin()
    on.agents.hang_up(agent)
    await on.hears(citizen={"expert"}, expert={"citizen"})
    await eventually(lambda: CallFact.HANDED_OVER in on.house.kinds(on.call_id), 5, "handed over")
    assert on.house.board.desks["a2001"].call_id is None  # type: ignore[index]
    on.carrier.hang_up(expert if last == "expert" else citizen)
    record = await on.house.record(on.call_id)
    assert (record.outcome, record.moves, record.ended_side) == (
        "reached",
        1,
        "agent" if last == "expert" else "caller",
    )
    assert [s.name for s in record.segments] == ["1", "p1"]
    assert [r.complete for r in record.recordings] == [True, True]


async def test_the_department_leaves_and_the_agent_stays(on: Scene) -> None:
    _, citizen, expert = await on.begin()
    on.carrier.hang_up(expert)
    await on.hears(citizen={"agent"}, agent={"citizen"})
    on.carrier.hang_up(citizen)
    record = await on.house.record(on.call_id)
    assert (record.outcome, record.moves, record.ended_side) == ("reached", 0, "caller")


async def test_the_citizen_hangs_up_on_both(on: Scene) -> None:
    agent, citizen, expert = await on.begin()
    on.carrier.hang_up(citizen)
    record = await on.house.record(on.call_id)
    assert (record.outcome, record.ended_side) == ("reached", "caller")
    await eventually(lambda: agent.over_at and expert.over_at, 5, "nobody goes on without him")


async def test_everybody_of_ours_hangs_up(on: Scene) -> None:
    _, citizen, _ = await on.begin()
    assert await on.house.parties.end(on.house.board.calls[on.call_id])
    record = await on.house.record(on.call_id)
    assert (record.outcome, record.moves) == ("reached", 0)
    await eventually(lambda: citizen.over_at, 5, "the citizen's line is free")
