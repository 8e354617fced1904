"""A daemon's inside without Asterisk: journeys on scripted lines, on a switchboard whose journal is a list."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from agents.roster import Agent
from cti.calls import AgentFact, AgentId, CallFact, CallId, Milestone
from cti.contact import Contact, Recordings
from cti.exchange import Exchange
from cti.journey import House, Journey
from cti.live_call import Call
from cti.metrics.record import fold
from cti.numbers import Did
from cti.rules import Surge, Waiting
from cti.switchboard import Switchboard
from cti.talk import Forward
from cti.waiting_room import WaitingRoom
from ivr_flows.calendar import WorkCalendar
from ivr_flows.loader import load
from ivr_flows.model import Flow
from ivr_flows.words import Prompt
from queues.returning import KeptPlace
from tests.support.fake_taps import FakeTaps
from tests.support.recorded import leave, silence
from tests.support.scripted_line import ScriptedLine

FLOW = """
flow: city
languages: [zh-CN]
person: general
start:
  - {to: menu}
nodes:
  menu:
    type: menu
    prompts: menu_main
    options: {"1": general, "2": enterprise}
    person: general
  general: {type: route, queue: general, news_every_s: 30, after: survey}
  enterprise: {type: route, queue: enterprise, after: survey}
  survey: {type: survey, ask: {3: survey_ask_3}, next: bye}
  bye: {type: hangup, prompts: thanks_goodbye}
"""


class Sounds:
    def files(self, prompt: Prompt, language: str) -> tuple[str, ...]:
        return (prompt.id or f"{prompt.say}={prompt.value}",)


class OneFlow:
    """Every call gets the newest; those under way keep theirs."""

    def __init__(self, flow: Flow) -> None:
        self.versions = [flow]

    def publish(self, flow: Flow) -> None:
        self.versions.append(flow)

    def current(self, name: str) -> Flow:
        return self.versions[-1]

    def get(self, name: str, version: str) -> Flow:
        return next(flow for flow in self.versions if flow.version == version)


def roster_of(
    *names: str, skills: Mapping[str, int] = MappingProxyType({"general": 3, "enterprise": 3})
) -> dict[AgentId, Agent]:
    return {AgentId(name): Agent(AgentId(name), name, skills) for name in names}


def local_time(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC) + timedelta(hours=8)


class Town:
    """A daemon's inside without Asterisk: switchboard, flow, recordings folder, and the journal as a list."""

    def __init__(
        self,
        folder: Path,
        *agents: str,
        wrap_up_s: float = 0.0,
        skills: Mapping[str, int] = MappingProxyType({"general": 3, "enterprise": 3}),
        did_skill: str = "",
        journal: list[Milestone] | None = None,
        flow: str = FLOW,
    ) -> None:
        loop = asyncio.get_running_loop()
        began = datetime(2026, 11, 23, 9, tzinfo=UTC).timestamp()
        did = Did(number="12345", flow="city", skill=did_skill)
        self.callbacks: list[CallId] = []
        self.callbacks_possible = False
        self.reattach_s = 8.0
        self.matters: dict[str, tuple[str, float]] = {}
        """What the classifier takes a sentence for."""
        self.forwards: dict[str, Forward] = {}
        """Who of the directory can be dialled without announcement."""
        self.journal: list[Milestone] = journal if journal is not None else []
        self.board = Switchboard(wrap_up_s)
        self.board.set_roster(roster_of(*(agents or ("a1",)), skills=skills))
        self.exchange = Exchange(self.board, self, lambda: began + loop.time())
        self.room = WaitingRoom(self.exchange, Waiting(), Surge(), lambda dialled: did, self, local_time, wrap_up_s)
        self.listener = FakeTaps()
        self.house = House(
            exchange=self.exchange,
            flows=OneFlow(load(flow, "city", None, ("110",))),
            sounds=Sounds(),
            did_of=lambda dialled: did,
            city="dongguan",
            local_time=local_time,
            recordings=Recordings(folder, lambda at: datetime.fromtimestamp(at, UTC)),
            calendar=WorkCalendar(),
            offer_timeout_s=15.0,
            survey_scale=3,
            announcements=(),
            transfers={"110": "PJSIP/110@trunk"},
            room=self.room,
            timeline=lambda call_id: [m for m in self.journal if m.id == call_id],
            reattach_s=lambda agent_id: self.reattach_s if self.board.desks[agent_id].softphone else 0.0,
            forward=lambda call, target: self.forwards.get(target),
            agent_wait_s=30.0,
            listener=self.listener,
            matter_of=self._matter_of,
        )

    def possible(self) -> bool:
        return self.callbacks_possible

    def request(self, call: Call) -> CallId | None:
        if not call.facts["pii_caller"]:
            return None
        self.callbacks.append(call.id)
        return CallId(f"cb-{call.id}")

    def give_back(self, call: Call, queue: str) -> KeptPlace | None:
        return None

    async def _matter_of(self, text: str) -> tuple[str, float]:
        return self.matters.get(text, ("", 0.0))

    def append(self, milestone: Milestone) -> None:
        self.journal.append(milestone)
        self.room.heard([milestone])

    def record(self, line: ScriptedLine, seconds: float, *, closed: bool = True) -> None:
        """So much sound Asterisk has left of the last Dial(); not `closed`: up to now."""
        leave(self.house.recordings.folder, line.recording, silence(seconds), silence(seconds), closed=closed)

    def come_to_work(self, *agents: str) -> None:
        """Logged in and not ready."""
        for agent in agents:
            self.exchange.agent(AgentFact.LOGGED_IN, AgentId(agent))

    def change_flow(self, flow: str) -> None:
        self.house.flows.publish(load(flow, "city", None, ("110",)))  # type: ignore[attr-defined]

    def ready(self, *agents: str) -> None:
        for agent in agents:
            self.exchange.agent(AgentFact.LOGGED_IN, AgentId(agent))
            self.exchange.agent(AgentFact.STATUS, AgentId(agent), {"status": "ready"})

    async def run(self, line: ScriptedLine) -> ScriptedLine:
        """One call to its end; who called is remembered, as the daemon does when a call is over."""
        await Journey(line, self.house).run()
        mine = [m for m in self.journal if m.id == line.env.uniqueid]
        if mine and mine[-1].kind == CallFact.ENDED:
            self.room.remember(fold(mine))
        return line

    def kinds(self, call: str = "n1-1.1") -> list[str]:
        return [m.kind for m in self.journal if m.id == call and m.kind != CallFact.ENTERED]

    def journal_of(self, call: str) -> list[Milestone]:
        return [m for m in self.journal if m.id == call]

    def last(self, kind: CallFact, call: str = "n1-1.1") -> Milestone:
        return [m for m in self.journal if m.kind == kind and m.id == call][-1]


def talks(town: Town, seconds: float) -> Callable:
    """A Dial() that an agent answers after two seconds, talks, and hangs up."""

    async def dial(line: ScriptedLine, args: tuple[str, ...]) -> str:
        await asyncio.sleep(2.0)
        call = town.board.calls[CallId(line.env.uniqueid)]
        assert args[0] == f"PJSIP/{call.agent}"
        Contact(town.exchange, call.id, town.house.recordings).answered(call.agent, town.exchange.wall())
        await asyncio.sleep(seconds)
        await asyncio.to_thread(town.record, line, seconds)
        return "ANSWER"

    return dial


async def no_answer(_line: ScriptedLine, args: tuple[str, ...]) -> str:
    await asyncio.sleep(float(args[1]))
    return "NOANSWER"
