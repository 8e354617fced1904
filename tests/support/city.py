"""Citizens and agents with real telephones on a running stack, and the comparison of its records with their account."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cti.calls import CallFact
from cti.demo import audio
from cti.demo.account import AgentLeg
from cti.demo.client import StackAway, StackRefused
from cti.demo.director import Director
from cti.demo.plan import AgentManner, Outcome, Plan
from cti.demo.reconcile import Tolerance, reconcile
from cti.demo.sipp import Server
from cti.metrics.record import CallRecord, fold_with_faults
from tests.support.stack import NUMBER, Api, RunningStack

UNTIL_TOLD = (3600.0, 3600.0)
"""A talk that the test ends"""


@dataclass
class City:
    stack: RunningStack
    api: Api
    director: Director
    since: float
    _placing: list[asyncio.Task[None]] = field(default_factory=list)

    async def hire(self, count: int, *, ready: bool = True) -> list[str]:
        """Agents with registered telephones; to be called once. Ready in this order, so the first is idle longest."""
        made = await self.api.add_test_agents(count, {"general": 3}, "t", 0.0)
        await self.director.add_agents({agent.id: agent.sip_password for agent in made})
        if ready:
            for agent in made:
                await self.api.set_status(agent.id, "ready")
        return [agent.id for agent in made]

    def dial(self, plans: Sequence[Plan], rate: float) -> None:
        """These citizens call, `rate` a second; see `over`."""
        self._placing.append(asyncio.create_task(self.director.place(plans, rate)))

    async def over(self, limit_s: float) -> None:
        """Until every telephone is silent."""
        await asyncio.wait_for(asyncio.gather(*self._placing), limit_s)

    @property
    def talks(self) -> list[AgentLeg]:
        """Of this moment, as the agents' telephones have it."""
        legs = self.director.account.legs.values()
        return [leg for leg in legs if leg.confirmed_at is not None and leg.over_at is None]

    def end_talks(self) -> None:
        """Every agent who talks hangs up."""
        for leg in self.talks:
            self.director.order_agent(leg)

    async def records(self) -> list[CallRecord]:
        """The records of these citizens' calls, each checked by itself: ended, whole and without contradiction."""
        calls = self.director.account.calls

        async def ended() -> list[CallRecord]:
            found = await self.api.calls_since(self.since)
            done = {record.sip_call_id for record in found if record.ended_at is not None}
            return found if done >= calls.keys() and len(done) == len(found) else []

        records: list[CallRecord] = await eventually(ended, 20, "the end of every record")
        for record in records:
            again, faults = fold_with_faults(await self.api.milestones(record.call_id))
            assert faults == (), (record, faults)
            assert again == record, "live and stored record are the same"
            assert record.missing == 0, record
        return records

    async def check_records(self, moment_s: float = 0.5) -> list[CallRecord]:
        """`records`, one for each call and none besides, and all as the telephones saw it."""
        records = await self.records()
        tolerance = Tolerance(moment_s=moment_s)
        differences = reconcile(self.director.account, self.director.plans, records, 3, tolerance)
        assert not differences, "\n".join(str(difference) for difference in differences)
        return records

    async def leave(self) -> None:
        """Everybody hangs up and the system is empty again."""
        for placing in self._placing:
            placing.cancel()
        await asyncio.gather(*self._placing, return_exceptions=True)

        async def is_empty() -> bool:
            return not (await self.api.live())["calls"]

        await eventually(is_empty, 20, "an empty system")
        await eventually(self._dismiss, 5, "agents' leave", every_s=0.5)

    async def _dismiss(self) -> bool:
        await self.api.remove_test_agents()
        return not await self.api.agents()


@asynccontextmanager
async def city(stack: RunningStack, folder: Path, manner: AgentManner | None = None) -> AsyncIterator[City]:
    """Telephones on this stack for one test. Agents answer at once and talk until the test ends it."""
    asterisk = stack.settings.asterisk
    manner = manner or AgentManner(random.Random(1), UNTIL_TOLD, (0.1, 0.3))
    director = Director(Server(asterisk.host, asterisk.sip_port), folder, manner, [audio.load(audio.sample_names()[0])])
    async with Api(stack.settings) as api, director:
        place = City(stack, api, director, time.time() - 0.5)
        try:
            yield place
        finally:
            await place.leave()


def citizen(number: int, dialled: str = NUMBER, rating: str = "", **more: object) -> Plan:
    """A citizen who waits for a person, talks, and rates if told what; he leaves only if `more` of the plan says so."""
    outcome = Outcome.CHOOSES_AND_RATES if rating else Outcome.CHOOSES_NO_RATING
    plan = {"rating": rating, "rating_after_s": 0.5, "sample": 0, **more}
    return Plan(f"139{int(time.time()) % 1000:03d}{number:05d}", dialled, outcome, **plan)  # type: ignore[arg-type]


async def eventually(condition: Callable[[], Any], limit_s: float, what: str, every_s: float = 0.02) -> Any:
    """The first true answer; a daemon that is away has none. AssertionError naming `what` if there is none in time."""
    loop = asyncio.get_running_loop()
    end = loop.time() + limit_s
    while True:
        answer = None
        try:
            found = condition()
            answer = await found if isinstance(found, Awaitable) else found
        except (StackAway, StackRefused):
            pass
        if answer:
            return answer
        assert loop.time() < end, f"{what}: not within {limit_s:g} s"
        await asyncio.sleep(every_s)


async def on_disk(telephones: City, call_id: str, kind: CallFact) -> float:
    """When this last happened to the call, as soon as the journal has it."""

    async def happened() -> list[float]:
        return [m.at for m in await telephones.api.milestones(call_id) if m.kind == kind]

    times: list[float] = await eventually(happened, 2, f"{kind} on disk")
    return max(times)
