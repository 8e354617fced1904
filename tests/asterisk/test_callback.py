"""Callbacks on a real Asterisk: an agent confirms, the citizen is called by the carrier, and nobody is forgotten."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from cti.asterisk import names
from cti.calls import CallFact
from cti.settings import Callback
from tests.asterisk.conftest import RunningAsterisk
from tests.support import sipp
from tests.support.callback_house import CallbackHouse, quick
from tests.support.hostile_numbers import hostile_numbers
from tests.support.ports import free_ports
from tests.support.provisioning import delete_agent, provision, put_agent
from tests.support.telephones import Manner, Telephones
from tests.support.waiting_async import eventually

Call = Callable[..., sipp.Party]
AGENTS, PASSWORD = ("a2001", "a2002"), "right-password"
CITIZEN = "13800138000"
CONFIRMS = Manner(keys="1")


@dataclass
class Scene:
    house: CallbackHouse
    agents: Telephones
    carrier: Telephones

    def dialled(self) -> list[str]:
        return [ring.user for ring in self.carrier.rings]


@pytest.fixture
def agents_port(asterisk: RunningAsterisk, call: Call) -> Iterator[int]:
    """Where the telephones of both agents are registered."""
    (port,) = free_ports(1)
    for agent in AGENTS:
        provision(asterisk, put_agent(agent, PASSWORD))
        signing_in = call(sipp.registration(agent, PASSWORD, port=port), local_ip="127.0.0.1")
        assert signing_in.wait(10) == 0, signing_in.heard()
    yield port
    for agent in AGENTS:
        provision(asterisk, delete_agent(agent))


@pytest.fixture
def scene(asterisk: RunningAsterisk, agents_port: int) -> Callable[..., object]:
    """`async with scene(agents={...}, citizens=Manner(...), **settings) as scene`."""

    @asynccontextmanager
    async def make(
        agents: dict[str, Manner] | None = None, citizens: Manner | None = None, **settings: object
    ) -> AsyncIterator[Scene]:
        (port,) = free_ports(1)
        callback = Callback(dial=f"PJSIP/trunk/sip:{{number}}@127.0.0.2:{port}", **settings)  # type: ignore[arg-type]
        house = CallbackHouse(asterisk, AGENTS, quick(callback))
        async with (
            Telephones("127.0.0.1", agents_port, agents, CONFIRMS) as softphones,
            Telephones("127.0.0.2", port, None, citizens) as carrier,
        ):
            await house.start()
            try:
                yield Scene(house, softphones, carrier)
            finally:
                for ring in softphones.talking + carrier.talking:
                    (softphones if ring in softphones.rings else carrier).hang_up(ring)
                await house.kill()

    return make


async def test_a_callback_keeps_the_place_and_reaches_the_citizen(scene: Callable[..., object]) -> None:
    async with scene(citizens=Manner(hangs_up_after_s=5.0)) as on:  # type: ignore[attr-defined]
        house: CallbackHouse = on.house
        asked_at = time.time()
        callback = house.asks(CITIZEN, waited_s=100.0)
        later = house.waits("13900139000", time.time() - 50.0)
        assert callback is not None
        assert [waiting.call_id for waiting in house.board.waiting()] == [callback, later.id]

        house.leaves(later)
        house.ready("a2001")
        record = await house.record(callback)

        assert on.dialled() == [CITIZEN]
        assert (record.outcome, record.answered, record.ended_side) == ("reached", True, "caller")
        assert (record.direction, record.attempt, record.agents) == ("callback", 1, ("a2001",))
        assert record.kept_s == pytest.approx(100.0, abs=1.0)
        assert record.confirmed_at is not None
        assert record.dialled_at is not None
        assert asked_at < record.confirmed_at <= record.dialled_at <= on.carrier.rings[0].at + 0.05
        assert record.talk_s == pytest.approx(5.0, abs=0.6)
        assert [r.complete for r in record.recordings] == [True]
        agent = on.agents.rings[0]
        assert (agent.user, agent.caller, agent.call) == ("a2001", CITIZEN, callback)
        assert on.carrier.rings[0].caller == "12345"
        assert [row["state"] for row in house.callbacks.rows() if row["task"] == "in-1"] == ["reached"]
        await eventually(lambda: agent.over_side == "there", 2, "the agent's telephone is let go")


async def test_an_agent_who_does_not_confirm_is_passed_over(scene: Callable[..., object]) -> None:
    silent = Manner(keys="5", hangs_up_after_s=2.0)
    async with scene(agents={"a2001": silent}, citizens=Manner(hangs_up_after_s=1.0)) as on:  # type: ignore[attr-defined]
        house: CallbackHouse = on.house
        house.ready("a2001", "a2002")
        callback = house.asks(CITIZEN)
        record = await house.record(callback)

        assert [ring.user for ring in on.agents.rings] == ["a2001", "a2002"]
        assert house.data(callback, CallFact.OFFER_FAILED)["outcome"] == "rejected"
        assert (record.outcome, record.agents) == ("reached", ("a2002",))
        assert on.dialled() == [CITIZEN]


@pytest.mark.parametrize(
    ("manner", "outcome"),
    [(Manner(answers_after_s=None), "no_answer"), (Manner(refuses_with=486), "rejected")],
)
async def test_an_agent_whose_telephone_is_not_answered_is_passed_over(
    scene: Callable[..., object], manner: Manner, outcome: str
) -> None:
    async with scene(agents={"a2001": manner}, citizens=Manner(hangs_up_after_s=1.0)) as on:  # type: ignore[attr-defined]
        house: CallbackHouse = on.house
        house.ready("a2001", "a2002")
        callback = house.asks(CITIZEN)
        record = await house.record(callback)

        assert house.data(callback, CallFact.OFFER_FAILED)["outcome"] == outcome
        assert (record.outcome, record.agents) == ("reached", ("a2002",))


@pytest.mark.parametrize(
    ("manner", "outcome"),
    [
        (Manner(refuses_with=486), "busy"),
        (Manner(refuses_with=404), "failed"),
        (Manner(answers_after_s=None), "no_answer"),
    ],
)
async def test_a_citizen_who_is_not_reached_is_called_again_and_then_reported(
    scene: Callable[..., object], manner: Manner, outcome: str
) -> None:
    async with scene(citizens=manner, attempts=2, ring_s=10) as on:  # type: ignore[attr-defined]
        house: CallbackHouse = on.house
        object.__setattr__(house.settings, "ring_s", 1.5)
        house.ready("a2001")
        first = house.asks(CITIZEN)
        await eventually(lambda: len(house.callback_calls()) == 2, 15, "a second try")
        records = [await house.record(call_id) for call_id in house.callback_calls()]

        assert [(r.attempt, r.outcome, r.answered) for r in records] == [(1, outcome, False), (2, outcome, False)]
        assert records[0].call_id == first
        assert records[1].dialled_at - records[0].ended_at >= house.settings.retry_s
        assert on.dialled() == [CITIZEN, CITIZEN]
        (row,) = house.callbacks.rows()
        assert (row["state"], row["attempts"], row["outcome"]) == ("not_reached", 2, outcome)
        assert row["number"] == "138****8000"
        await asyncio.sleep(2 * house.settings.retry_s + 1)
        assert len(on.carrier.rings) == 2


async def test_hostile_callers_make_no_call_go_out(scene: Callable[..., object]) -> None:
    async with scene(per_number_a_day=20, per_hour=10000) as on:  # type: ignore[attr-defined]
        house: CallbackHouse = on.house
        house.ready("a2001", "a2002")
        numbers = hostile_numbers()
        for number in numbers:
            # An agent may be offered the waiting call: he is nobody's business here.
            call = house.waits(number, time.time() - 60)
            assert house.callbacks.request(call) is None, number
            house.leaves(call)
        for row in house.callbacks.rows():
            with pytest.raises(Exception, match="rules of dialling"):
                house.callbacks.call_now(row["task"])
        await asyncio.sleep(2.5)

        assert len(numbers) >= 200
        assert house.callback_calls() == []
        assert on.carrier.rings == []


@pytest.mark.parametrize("phase", ["queue", "ringing", "confirming", "dialling", "talk"])
async def test_a_daemon_that_dies_forgets_nobody_and_calls_nobody_twice(
    scene: Callable[..., object], phase: str
) -> None:
    # A key that he presses while nobody is there to hear it is lost, and he would be called again.
    agents = {"a2001": Manner(answers_after_s=2.0, keys="1", keys_after_s=5.0 if phase == "confirming" else 2.5)}
    citizens = Manner(answers_after_s=1.5 if phase != "talk" else 0.1, hangs_up_after_s=5.0)
    async with scene(agents=agents, citizens=citizens) as on:  # type: ignore[attr-defined]
        house: CallbackHouse = on.house
        if phase == "queue":
            callback = house.asks(CITIZEN)
        else:
            house.ready("a2001")
            callback = house.asks(CITIZEN)
            reached = {
                "ringing": lambda: on.agents.rings,
                "confirming": lambda: on.agents.talking,
                "dialling": lambda: on.carrier.rings,
                "talk": lambda: on.carrier.talking and CallFact.ANSWERED in house.kinds(callback),
            }[phase]
            await eventually(reached, 10, phase)
        await house.kill()
        await asyncio.sleep(0.5)
        await house.start()
        if phase == "queue":
            house.ready("a2001")
        elif phase == "confirming":
            # A key that falls between two commands of AGI is lost; who hears the question again presses again.
            asyncio.get_running_loop().call_later(8.0, on.agents.press, on.agents.rings[0], "1")
        record = await house.record(callback, 20)

        assert (record.outcome, record.agents) == ("reached", ("a2001",))
        assert on.dialled() == [CITIZEN]
        assert [ring.user for ring in on.agents.rings] == ["a2001"]
        assert house.callback_calls() == [callback]
        assert house.board.desks["a2001"].call_id is None


async def test_who_was_lost_is_called_while_nobody_waits(scene: Callable[..., object]) -> None:
    async with scene(citizens=Manner(hangs_up_after_s=1.0)) as on:  # type: ignore[attr-defined]
        house: CallbackHouse = on.house
        house.leaves(house.waits(CITIZEN, time.time() - 300))
        ended = house.journal.pop()
        house.journal.append(type(ended)("call", ended.id, ended.seq, ended.at - 120, ended.kind, ended.data))
        await house.kill()
        await house.start()
        waiting = house.waits("13900139000")
        house.ready("a2001")
        await asyncio.sleep(1.5)
        assert house.callback_calls() == []

        house.leaves(waiting, None)
        await eventually(house.callback_calls, 5, "a call to who was lost")
        record = await house.record(house.callback_calls()[0])

        assert (record.outcome, record.attempt, record.of) == ("reached", 1, "in-1")
        assert on.dialled() == [CITIZEN]


async def test_a_citizen_who_calls_himself_meanwhile_is_not_called(scene: Callable[..., object]) -> None:
    async with scene() as on:  # type: ignore[attr-defined]
        house: CallbackHouse = on.house
        callback = house.asks(CITIZEN)
        house.waits("+86" + CITIZEN)
        house.ready("a2001")
        record = await house.record(callback)

        assert record.outcome == "withdrawn"
        assert on.dialled() == []
        assert on.agents.rings == []


async def test_a_person_closes_a_task_or_has_it_called(scene: Callable[..., object]) -> None:
    async with scene(citizens=Manner(hangs_up_after_s=1.0), missed=False) as on:  # type: ignore[attr-defined]
        house: CallbackHouse = on.house
        house.leaves(house.waits(CITIZEN, time.time() - 300))
        house.leaves(house.waits("13900139000", time.time() - 300))
        await eventually(
            lambda: [row["state"] for row in house.callbacks.rows()] == ["for_people", "for_people"], 5, "two tasks"
        )

        await house.callbacks.close("in-2")
        house.ready("a2001")
        house.callbacks.call_now("in-1")
        record = await house.record(house.callback_calls()[-1])

        assert record.outcome == "reached"
        assert on.dialled() == [CITIZEN]
        assert sorted(row["state"] for row in house.callbacks.rows()) == ["closed", "reached"]


async def test_a_talk_that_ends_because_the_agents_line_is_dead_is_repeated(scene: Callable[..., object]) -> None:
    async with scene() as on:  # type: ignore[attr-defined]
        house: CallbackHouse = on.house
        house.ready("a2001", "a2002")
        callback = house.asks(CITIZEN)
        await eventually(lambda: callback and CallFact.ANSWERED in house.kinds(callback), 10, "a talk")
        name = house.channels.channels[f"{callback}.1"].name
        await house.act.action("Hangup", ("Channel", name), ("Cause", str(names.LOST_CAUSE)))
        record = await house.record(callback)

        assert (record.outcome, record.ended_side) == ("failed", "agent")
        assert house.data(callback, CallFact.TALK_ENDED)["side"] == "agent_lost"
        assert house.board.desks["a2001"].call_id is None
        await eventually(lambda: len(on.dialled()) == 2, 10, "another try")
