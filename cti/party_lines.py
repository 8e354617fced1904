"""How somebody is called to a talk, taken aside, fetched back and hung up: what is asked of Asterisk, step by step."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

import structlog

from agents.status import Cause
from cti.asterisk import names
from cti.asterisk.ami import AmiError
from cti.asterisk.channels import Channel
from cti.calls import CallId
from cti.contact import Contact, Recordings
from cti.exchange import Exchange
from cti.leg import Actions, Leg
from cti.live_call import Call, Party
from cti.supervisor_phones import is_browser
from cti.whereabouts import Whereabouts, leg_id, music_id

log = structlog.get_logger()

ASIDE_S: Final = 3.0
"""So long it may take until the citizen hears music and the agent is aside."""
_BACK_S: Final = 0.1


class PartyLines:
    """`moved` it whenever the picture of Asterisk's channels has changed; `stop` it in the end."""

    def __init__(
        self, exchange: Exchange, act: Actions, where: Whereabouts, recordings: Recordings, ring_s: float
    ) -> None:
        self._exchange = exchange
        self._act = act
        self._where = where
        self._recordings = recordings
        self._ring_s = ring_s
        self.legs: dict[str, Leg] = {}
        """By uniqueid; of parties whom we called ourselves and who have not answered."""
        self.preparing: set[CallId] = set()
        """Calls whose agent is being taken aside."""
        self._moved = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def moved(self) -> None:
        self._moved.set()

    def stop(self) -> None:
        for task in self._tasks:
            task.cancel()

    def call(self, call: Call, party: Party, channel: str, caller_id: str) -> None:
        """He is called; what becomes of it the channels say, or his leg's outcome."""
        leg = self._new_leg(call, party)
        self.spawn(self._bring(call.id, party, leg, channel, caller_id))

    def call_back(self, call: Call, party: Party, within_s: float) -> None:
        """An agent whose browser was lost is called as soon as it is there again."""
        self.spawn(self._bring_back(call.id, party, self._new_leg(call, party), within_s))

    def join(self, call: Call, party: Party) -> None:
        """A whispering or consulted party comes to the citizen, and the agent with him."""
        if party.state == "whisper":
            self._redirect(leg_id(call, party), names.CONTEXT_PARTY, names.PARTY_JOIN)
        elif (agent := self._where.agent(call)) is not None:
            # The party follows by itself when the agent leaves it.
            self._redirect(agent.uniqueid, names.CONTEXT_ASIDE, names.ASIDE_BACK)

    def fetch_back(self, call: Call) -> None:
        """The agent goes back to the citizen. Who was never taken aside is with him: fetched back, he would leave him
        alone."""
        if self._where.is_aside(call) and (agent := self._where.agent(call)) is not None:
            self._redirect(agent.uniqueid, names.CONTEXT_ASIDE, names.ASIDE_BACK)

    def unmute(self, call: Call) -> None:
        """The recording of the agent goes on."""
        if (agent := self._where.agent(call)) is not None:
            state = (("Direction", "both"), ("State", "0"))
            self.spawn(self._done("MixMonitorMute", ("Channel", agent.name), *state))

    def hang_up(self, uniqueid: str) -> None:
        self.spawn(self._done("Hangup", *_hang_up(uniqueid)))

    async def hangs_up(self, uniqueid: str) -> bool:
        """False: Asterisk did not do it."""
        return await self._acts("Hangup", *_hang_up(uniqueid))

    def spawn(self, job: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Inside

    def _new_leg(self, call: Call, party: Party) -> Leg:
        leg = self.legs[leg_id(call, party)] = Leg(leg_id(call, party))
        return leg

    async def _bring_back(self, call_id: CallId, party: Party, leg: Leg, within_s: float) -> None:
        assert party.agent is not None
        until = self._exchange.wall() + within_s
        while (desk := self._exchange.board.desks.get(party.agent)) is None or Cause.PHONE_AWAY in desk.held_back:
            if self._exchange.wall() >= until:
                leg.settle("failed")
                return
            await asyncio.sleep(_BACK_S)
        call = self._exchange.board.calls.get(call_id)
        caller_id = "" if call is None else str(call.facts.get("pii_caller") or "")
        await self._bring(call_id, party, leg, f"PJSIP/{party.agent}", caller_id, "reattach")

    async def _bring(
        self,
        call_id: CallId,
        party: Party,
        leg: Leg,
        channel: str,
        caller_id: str,
        rings_for: names.LegKind = "party",
    ) -> None:
        call = self._exchange.board.calls.get(call_id)
        citizen = None if call is None else self._where.citizen(call)
        agent = None if call is None else self._where.agent(call)
        if call is None or citizen is None or agent is None:
            leg.settle("interrupted")
            return
        if party.mode == "consult" and not await self._take_aside(call, party, citizen, agent):
            leg.settle("interrupted")
        if leg.outcome.done() or call_id not in self._exchange.board.calls:
            return  # nobody wants him any more
        recording = Contact(self._exchange, call_id, self._recordings).segment(f"p{party.p}")
        variables = [
            f"{names.CTI_CITIZEN}={citizen.name}",
            f"{names.CTI_AGENT}={agent.name}",
            f"{names.CTI_RECORDING}={recording}",
        ]
        if party.agent is not None or is_browser(channel):
            variables.append(f"PJSIP_HEADER(add,{names.HEADER_CALL})={call_id}")
            variables.append(f"PJSIP_HEADER(add,{names.HEADER_LEG})={rings_for}")
        try:
            await leg.ring(
                self._act, channel, names.CONTEXT_PARTY, caller_id, self._ring_s, *variables, exten=party.mode
            )
        except AmiError as error:
            # Not known whether it was done: a channel that nobody waits for any more is cut.
            log.warning("party_not_called", call_id=call_id, p=party.p, problem=str(error))
            leg.settle("interrupted")

    async def _take_aside(self, call: Call, party: Party, citizen: Channel, agent: Channel) -> bool:
        """The citizen hears music, and the agent is out of the talk. In this order: with the citizen alone in it the
        talk would be over."""
        self.preparing.add(call.id)
        try:
            if not await self._acts(
                "Originate",
                ("Channel", f"Local/{names.PARTY_MUSIC}@{names.CONTEXT_PARTY}/n"),
                ("Context", names.CONTEXT_PARTY),
                ("Exten", names.PARTY_JOIN),
                ("Priority", "1"),
                ("Variable", f"{names.CTI_CITIZEN}={citizen.name}"),
                ("ChannelId", music_id(call, party)),
                ("OtherChannelId", f"{music_id(call, party)}x"),
                ("Async", "true"),
            ) or not await self._becomes(lambda: self._where.music_plays(call, party)):
                return False
            await self._acts("MixMonitorMute", ("Channel", agent.name), ("Direction", "both"), ("State", "1"))
            citizen_is = (("Variable", names.CTI_CITIZEN), ("Value", citizen.name))
            if not await self._acts("Setvar", ("Channel", agent.name), *citizen_is):
                return False
            if not await self._acts("Redirect", *_to(agent.name, names.CONTEXT_ASIDE, "s")):
                return False
            return await self._becomes(lambda: self._where.is_aside(call))
        finally:
            self.preparing.discard(call.id)

    async def _becomes(self, true: Callable[[], bool]) -> bool:
        try:
            async with asyncio.timeout(ASIDE_S):
                while not true():
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            return False
        return True

    def _redirect(self, channel: str, context: str, exten: str) -> None:
        self.spawn(self._done("Redirect", *_to(channel, context, exten)))

    async def _done(self, name: str, *headers: tuple[str, str]) -> None:
        await self._acts(name, *headers)

    async def _acts(self, name: str, *headers: tuple[str, str]) -> bool:
        try:
            await self._act.action(name, *headers)
        except AmiError as error:
            log.info("party_action_refused", action=name, problem=str(error))
            return False
        return True


def _hang_up(uniqueid: str) -> tuple[tuple[str, str], ...]:
    return (("Channel", uniqueid), ("Cause", "16"))


def _to(channel: str, context: str, exten: str) -> tuple[tuple[str, str], ...]:
    return (("Channel", channel), ("Context", context), ("Exten", exten), ("Priority", "1"))
