"""Lets citizens and agents act: what their telephones log decides what each of them does next.

It knows the SIP side alone, so that its account of a run owes nothing to the system it is compared with.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from cti.demo.account import Account, AgentLeg, CitizenCall, LogLine
from cti.demo.media import Line, Sound
from cti.demo.plan import AgentManner, Plan
from cti.demo.sipp import AGENT_HOST, CITIZEN_HOST, Server, Sipp, csv, free_udp_port, register


@dataclass(slots=True)
class Director:
    """`async with Director(...)`: then `add_agents`, then `place` calls. `account` is complete when `place` returns."""

    server: Server
    folder: Path
    """Must exist and be empty; SIPp's files go there."""
    manner: AgentManner
    samples: Sequence[bytes]
    """Spoken requests, A-law"""
    on_no_answer: Callable[[str], None] = lambda agent: None
    """Called with the agent who let it ring, when the ringing has ended"""
    account: Account = field(default_factory=Account)
    plans: dict[str, Plan] = field(default_factory=dict)
    """By caller's number"""
    heard_s: dict[str, float] = field(default_factory=dict)
    """Seconds of sound that reached the citizen, by SIP Call-ID"""
    complaints: list[str] = field(default_factory=list)
    _sound: Sound = field(default_factory=Sound)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _citizen_lines: dict[str, Line] = field(default_factory=dict)
    _agent_lines: dict[str, Line] = field(default_factory=dict)
    _phones: dict[str, Sipp] = field(default_factory=dict)
    """By caller's number"""
    _agents: Sipp | None = None
    _timers: dict[str, list[asyncio.TimerHandle]] = field(default_factory=dict)
    _talks: dict[str, float] = field(default_factory=dict)
    _talking: set[str] = field(default_factory=set)
    """Callers in a talk"""
    _batches: int = 0
    _fault: BaseException | None = None

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._sound)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        for timers in self._timers.values():
            for timer in timers:
                timer.cancel()
        await self._stack.aclose()

    @property
    def agents(self) -> Collection[str]:
        """Ids of the agents whose telephones are ours"""
        return self._agent_lines.keys()

    async def add_agents(self, agents: Mapping[str, str]) -> None:
        """Starts one telephone for all these agents (id -> SIP password) and registers each. To be called once."""
        for agent in agents:
            self._agent_lines[agent] = await self._sound.open(AGENT_HOST)
        lookup = csv((agent, str(line.port)) for agent, line in self._agent_lines.items())
        (self.folder / "lookup.csv").write_text(lookup, encoding="ascii")
        # One SIPp registers, then the other takes its port: where an Asterisk calls back to the address a registration
        # came from, that is the right one too.
        port = free_udp_port(AGENT_HOST)
        await register(list(agents.items()), port, self.server, self.folder)
        options = ("-inf", "lookup.csv", "-infindex", "lookup.csv", "0", "-default_behaviors", "all,-bye")
        self._agents = await Sipp.start(
            "agent", self.server, AGENT_HOST, self.folder, self._on_agent_line, (), options, 86400, port
        )
        self._stack.push_async_callback(self._stop, self._agents)

    async def place(self, plans: Sequence[Plan], rate: float, limit_s: float = 600.0) -> None:
        """Places these calls, `rate` a second, and returns when all are over and every agent's leg has ended too."""
        self._batches += 1
        folder = self.folder / f"citizens-{self._batches}"
        folder.mkdir()
        rows = []
        for plan in plans:
            self.plans[plan.number] = plan
            line = self._citizen_lines[plan.number] = await self._sound.open(CITIZEN_HOST)
            rows.append((plan.number, plan.dialled, str(line.port)))
        options = ("-m", str(len(rows)), "-r", str(max(1, round(rate * 10))), "-rp", "10000", "-l", "1000")
        timeout_s = len(rows) / rate + limit_s
        sipp = await Sipp.start(
            "citizen", self.server, CITIZEN_HOST, folder, self._on_citizen_line, rows, options, timeout_s
        )
        self._phones |= {plan.number: sipp for plan in plans}
        try:
            await sipp.wait()
            await self._settle()
        finally:
            await self._hang_up_all(sipp)
            await self._stop(sipp)
            for plan in plans:
                self._citizen_lines.pop(plan.number).close()

    async def _hang_up_all(self, sipp: Sipp) -> None:
        """After an interruption: a telephone that falls silent would leave its call standing in the system."""
        if sipp.process.returncode is None:
            for call in list(self.account.open_calls()):
                if self._phones[call.caller] is sipp:
                    sipp.order(call.sip_call_id, "INFO", CITIZEN_HOST)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(sipp.process.wait(), 1.5)

    async def _settle(self, limit_s: float = 5.0) -> None:
        """The agents' side of the last calls may be a few milliseconds behind."""
        ends = asyncio.get_running_loop().time() + limit_s
        while any(leg.over_side is None for leg in self.account.legs.values()):
            if asyncio.get_running_loop().time() > ends or self._fault is not None:
                break
            await asyncio.sleep(0.02)
        if self._fault is not None:
            raise self._fault

    async def _stop(self, sipp: Sipp) -> None:
        await sipp.stop()
        self.complaints += [f"{sipp.name}: {line}" for line in sipp.complaints()]

    def _on_citizen_line(self, line: LogLine) -> None:
        call = self.account.apply_citizen(line)
        plan, sound = self.plans[call.caller], self._citizen_lines.get(call.caller)
        if sound is None:
            return
        if line.kind == "answered" and call.media_port is not None:
            sound.connect(self.server.host, call.media_port)
            for after_s, key in plan.keys:
                self._later(after_s, call.caller, self._press, call, key)
            if plan.leaves_after_s is not None:
                self._later(plan.leaves_after_s, call.caller, self._leave, call, True)
        elif call.left_at is not None:
            call.keys = [(pressed.at, pressed.key) for pressed in sound.pressed]
            self.heard_s[call.sip_call_id] = sound.heard_s
            sound.silence()
            self._forget(call.caller)

    def talk_began(self, call: CitizenCall, leaves_after_s: float | None = None) -> None:
        """The citizen tells his request, and leaves in the middle of the talk if that is his plan (or yours). The
        telephones of our own agents cause this; for a call that another agent took, whoever knows of it has to."""
        plan = self.plans[call.caller]
        self._talking.add(call.caller)
        self._citizen_lines[call.caller].say(self.samples[plan.sample % len(self.samples)])
        leaves = plan.leaves_talk_after_s if leaves_after_s is None else leaves_after_s
        if leaves is not None:
            self._later(leaves, call.caller, self._leave, call, False)

    def talk_ended(self, call: CitizenCall) -> None:
        """The agent has hung up: the citizen listens, and rates if that is his plan. As `talk_began`."""
        plan = self.plans[call.caller]
        self._talking.discard(call.caller)
        self._citizen_lines[call.caller].say(b"")
        if plan.rating:
            self._later(plan.rating_after_s, call.caller, self._press, call, plan.rating)

    def _press(self, call: CitizenCall, key: str) -> None:
        self._citizen_lines[call.caller].press(key)

    def _leave(self, call: CitizenCall, unless_talking: bool) -> None:
        if unless_talking and call.caller in self._talking:
            return
        self.hang_up(call)

    def line_of(self, caller: str) -> Line | None:
        """The sound of this citizen's telephone; None: he has none now."""
        return self._citizen_lines.get(caller)

    def hang_up(self, call: CitizenCall) -> None:
        """The citizen leaves now, whatever his plan was."""
        if call.left_at is None:
            self._phones[call.caller].order(call.sip_call_id, "INFO", CITIZEN_HOST)

    def _on_agent_line(self, line: LogLine) -> None:
        try:
            self._agent_acts(line)
        except BaseException as fault:  # kept for `place`, which raises it
            self._fault = fault
            raise

    def _agent_acts(self, line: LogLine) -> None:
        leg = self.account.apply_agent(line)
        plan = self.plans.get(leg.caller)
        sound = self._agent_lines[leg.agent]
        if line.kind == "offered" and plan is None:
            # Somebody else's call: he is no part of this, and after a refusal he keeps his place for a real agent.
            if self._agents is not None:
                self._agents.order(leg.leg_id, "MESSAGE", AGENT_HOST)
        elif line.kind == "offered":
            answer_s, talk_s = self.manner.next_offer()
            self._talks[leg.leg_id] = talk_s
            if answer_s is not None:
                self._later(answer_s, leg.leg_id, self.order_agent, leg)
        elif line.kind == "confirmed":
            self._forget(leg.leg_id)
            sound.connect(self.server.host, leg.media_port)
            sound.say(self.samples[0])
            call = self._call_of(leg)
            if call is not None:
                self.talk_began(call)
            if plan is None or plan.leaves_talk_after_s is None:
                self._later(self._talks[leg.leg_id], leg.leg_id, self.order_agent, leg)
        elif line.kind in ("over", "cancelled", "refused"):
            sound.silence()
            self._forget(leg.leg_id)
            call = self._call_of(leg)
            if leg.over_side == "agent" and call is not None:
                self.talk_ended(call)
            if leg.over_side == "cancelled" and (call is None or call.left_at is None):
                self.on_no_answer(leg.agent)

    def order_agent(self, leg: AgentLeg) -> None:
        """The agent answers if it rings, and hangs up if he talks."""
        if self._agents is not None and leg.over_side is None:
            self._agents.order(leg.leg_id, "INFO", AGENT_HOST)

    def _call_of(self, leg: AgentLeg) -> CitizenCall | None:
        """The citizen's call that is still up: a caller's number is used once in a run."""
        found = (call for call in self.account.calls.values() if call.caller == leg.caller and call.left_at is None)
        return next(found, None)

    def _later(self, after_s: float, whose: str, deed: Callable[..., None], *args: object) -> None:
        timer = asyncio.get_running_loop().call_later(after_s, deed, *args)
        self._timers.setdefault(whose, []).append(timer)

    def _forget(self, whose: str) -> None:
        for timer in self._timers.pop(whose, []):
            timer.cancel()
