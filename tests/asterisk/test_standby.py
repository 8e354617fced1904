"""Who stands by is called in through the trunk, on a real Asterisk: he hears the request, and the record says so."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from agents.roster import Agent
from agents.schedule import WEEKDAYS, Day, Schedule
from cti import standby_call
from cti.asterisk import names
from cti.asterisk.ami import Ami
from cti.calls import AgentFact, AgentId, Milestone
from cti.demo import audio
from cti.exchange import Exchange
from cti.rules import Surge
from cti.settings import PROJECT, Callback
from cti.standby_call import StandbyCalls
from cti.surge_watch import SurgeWatch
from cti.switchboard import Switchboard
from queues.dialling import Dialling, Rules
from queues.handling import Habit
from tests.asterisk.conftest import RunningAsterisk
from tests.support.ports import free_ports
from tests.support.telephones import Manner, Ring, Telephones
from tests.support.waiting_async import eventually

PHONE = "13800138000"
A1 = AgentId("a1")
PROMPT = audio.load(str(PROJECT / "asterisk-config" / "sounds" / "zh-CN" / f"{names.PROMPT_STANDBY_CALL}.wav"))
PROMPT_S = len(PROMPT) / 8000


@dataclass
class Desk:
    """The part of a daemon that calls in who stands by; its journal is a list."""

    asterisk: RunningAsterisk
    carrier: Telephones
    ring_s: float
    journal: list[Milestone] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.board = Switchboard(0.0)
        self.board.set_roster({A1: Agent(A1, "a1", {"general": 3}, phone=PHONE)})
        self.exchange = Exchange(self.board, self, time.time)
        self.observe, self.act = self._ami(names.AMI_RO), self._ami(names.AMI_CTL)
        settings = Callback(dial=f"PJSIP/trunk/sip:{{number}}@{self.carrier.host}:{self.carrier.port}")
        object.__setattr__(settings, "ring_s", self.ring_s)  # shorter than an operator may set it
        self.standby = StandbyCalls(
            self.exchange,
            self.act,
            lambda: Schedule(week={day: Day(standby=(A1,)) for day in WEEKDAYS}),
            lambda at: datetime.fromtimestamp(at, UTC),
            settings,
            Dialling(Rules(on=True)),
            lambda: 0,
            lambda: "12345",
        )
        self.surge = SurgeWatch(self.exchange, Surge(), self, lambda at: datetime.now(UTC), self.standby.rung_on)

    def append(self, milestone: Milestone) -> None:
        self.journal.append(milestone)

    def habits(self, queues: Iterable[str], at: datetime) -> Mapping[str, Habit]:
        return {}

    def at_work(self) -> list[Mapping[str, int]]:
        return []

    def _ami(self, user: str) -> Ami:
        observes = user == names.AMI_RO
        return Ami(
            host="127.0.0.1",
            port=self.asterisk.settings.asterisk.ami_port,
            username=user,
            secret=self.asterisk.secret_ro if observes else self.asterisk.secret_ctl,
            nonce=lambda: self.asterisk.server.nonce,
            on_event=lambda event: self.standby.on_event(event) if observes else None,
            rng=random.Random(1),
        )

    async def outcomes(self, count: int, limit_s: float) -> list[object]:
        await eventually(lambda: len(self._outcomes()) >= count, limit_s, f"{count} tries")
        return self._outcomes()

    def _outcomes(self) -> list[object]:
        return [m.data["outcome"] for m in self.journal if m.kind == AgentFact.STANDBY_CALLED]


@pytest.fixture
def desk(asterisk: RunningAsterisk, monkeypatch: pytest.MonkeyPatch) -> Callable[..., object]:
    """`async with desk(Manner(...)) as desk`: his telephone has this manner."""
    monkeypatch.setattr(standby_call, "_AGAIN_S", 0.5)

    @asynccontextmanager
    async def make(manner: Manner, ring_s: float = 20.0) -> AsyncIterator[Desk]:
        (port,) = free_ports(1)
        async with Telephones("127.0.0.2", port, {PHONE: manner}) as carrier:
            desk = Desk(asterisk, carrier, ring_s)
            jobs = [asyncio.create_task(job) for job in (desk.observe.run(), desk.act.run(), desk.standby.run())]
            await eventually(lambda: desk.observe.synced and desk.act.synced, 5, "both AMI users")
            try:
                yield desk
            finally:
                for job in jobs:
                    job.cancel()
                await asyncio.gather(*jobs, return_exceptions=True)
                desk.exchange.stop()

    return make


def loud_s(sound: bytes) -> float:
    """Seconds of it that are not silence, as a `Line` counts what it hears."""
    frames = [sound[at : at + 160] for at in range(0, len(sound) - 159, 160)]
    return sum(len(set(frame)) > 1 for frame in frames) * 0.02


async def test_the_supervisor_puts_the_rung_on_and_he_hears_the_request_twice(desk: Callable[..., object]) -> None:
    async with desk(Manner()) as on:  # type: ignore[attr-defined]
        on.surge.set_mode("standby", "on", "admin")
        assert await on.outcomes(1, 15) == ["told"]
        (ring,) = on.carrier.rings
        heard: Ring = ring
        assert (heard.user, heard.caller, heard.over_side) == (PHONE, "12345", "there")
        assert heard.line.heard_s == pytest.approx(2 * loud_s(PROMPT), abs=0.3)


async def test_who_hangs_up_in_the_second_time_has_been_told(desk: Callable[..., object]) -> None:
    async with desk(Manner(hangs_up_after_s=0.5 + PROMPT_S + 1.5)) as on:  # type: ignore[attr-defined]
        on.surge.set_mode("standby", "on", "admin")
        assert await on.outcomes(1, 15) == ["told"]
        assert on.carrier.rings[0].over_side == "here"


@pytest.mark.parametrize(
    ("manner", "ring_s", "outcome"),
    [
        (Manner(refuses_with=486), 20.0, "busy"),
        (Manner(refuses_with=603), 20.0, "busy"),
        (Manner(refuses_with=480), 20.0, "no_answer"),
        (Manner(refuses_with=404), 20.0, "failed"),
        (Manner(answers_after_s=None), 1.0, "no_answer"),
        (Manner(hangs_up_after_s=1.0), 20.0, "failed"),
    ],
)
async def test_who_is_not_reached_is_called_again_until_it_is_enough(
    desk: Callable[..., object], manner: Manner, ring_s: float, outcome: str
) -> None:
    async with desk(manner, ring_s) as on:  # type: ignore[attr-defined]
        on.surge.set_mode("standby", "on", "admin")
        assert await on.outcomes(3, 25) == [outcome] * 3
        on.surge.set_mode("standby", "off", "admin")
        assert [ring.user for ring in on.carrier.rings] == [PHONE] * 3


async def test_busy_first_and_told_in_the_second_try(desk: Callable[..., object]) -> None:
    async with desk(Manner(refuses_with=486)) as on:  # type: ignore[attr-defined]
        on.surge.set_mode("standby", "on", "admin")
        assert await on.outcomes(1, 5) == ["busy"]
        on.carrier.manners[PHONE] = Manner()
        assert await on.outcomes(2, 15) == ["busy", "told"]
