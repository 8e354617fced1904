"""One callback: an agent is offered it as any other call, says on his telephone that he is ready, and from there the
citizen is called. Nothing is dialled before an agent has confirmed, and no citizen twice in one attempt.

After a crash of the daemon the agent's channel is in Asterisk's hands; the next daemon finds it there by its id.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

from cti.asterisk import names
from cti.asterisk.agi_codec import AgiEnv, AgiFailed, CallerHungUp
from cti.asterisk.ami import AmiError, AmiEvent
from cti.asterisk.channels import Channel
from cti.calls import AgentId, CallFact, CallId, Value
from cti.contact import Contact, Recordings
from cti.exchange import Exchange
from cti.leg import UP, Actions, Leg
from cti.live_call import Call
from cti.settings import Callback
from cti.talk import past
from ivr_flows.words import Prompt
from queues.dialling import Allowed, Dialling, Refused

log = structlog.get_logger()

_CONFIRM_S = 15.0
"""An agent who has taken the telephone off the hook has so long to say that he is ready."""
_KEY = "1"
_LOST_S = 2.0
"""A leg that is not in Asterisk's list, and of which we heard nothing, for so long is gone."""
_LOOK_S = 0.3
_CITIZEN_GONE_S = 0.6
"""Others are with the citizen, and he is not in Asterisk's list for so long: he has hung up."""
_HANDS_OVER_S = 0.5
"""An agent has hung up while others were in the talk: after so long it is clear who stays."""
_SESSIONS = 5
"""A leg comes back to us after a crash; one that comes back more often meets a fault of ours each time."""
_LANGUAGE = "zh-CN"
"""Of what an agent hears."""
_OUTCOMES = {"BUSY": "busy", "NOANSWER": "no_answer"}
"""DIALSTATUS of the Dial() to the citizen -> outcome; everything else but ANSWER: failed."""
_OFFERS = {"busy": "rejected", "no_answer": "no_answer"}
"""Why the agent's telephone was not answered -> outcome of the offer; everything else: unreachable."""


class AgentLine(Protocol):
    """The agent's telephone: what a callback needs of an AGI session."""

    env: AgiEnv

    async def stream_file(self, name: str, escape_digits: str = "") -> str: ...
    async def wait_for_digit(self, timeout_s: float) -> str: ...
    async def get_variable(self, name: str, *, dead_ok: bool = False) -> str | None: ...
    async def set_variable(self, name: str, value: str) -> None: ...
    async def exec(self, application: str, *args: str) -> int: ...
    async def hangup(self) -> None: ...
    def close(self) -> None: ...


class Sounds(Protocol):
    def files(self, prompt: Prompt, language: str) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Outside:
    """What all callbacks share."""

    exchange: Exchange
    act: Actions
    channels: Callable[[], Mapping[str, Channel] | None]
    """Asterisk's channels by uniqueid; None while we do not see them."""
    noted: Callable[[str], Awaitable[str]]
    """CTI_ANSWERED_AT of the channel of this name."""
    recordings: Recordings
    sounds: Sounds
    settings: Callback
    ring_agent_s: float


class CallbackCall:
    """`run` it until it has ended; `serve` is given the agent's telephone, `on_event` what Asterisk tells of it."""

    def __init__(
        self,
        call_id: CallId,
        outside: Outside,
        dialling: Dialling,
        may_dial: Callable[[Call], Allowed | Refused | None],
        on_ended: Callable[[Call, str, float], None],
        *,
        adopted: bool = False,
        dialled: bool = False,
    ) -> None:
        """`may_dial`: None if the citizen is on the line himself. `on_ended` is told call, outcome and time, at once.

        `adopted`: another daemon began it; `dialled`: and its present agent had the citizen called.
        """
        self.call_id = call_id
        self._outside = outside
        self._exchange = outside.exchange
        self._dialling = dialling
        self._contact = Contact(outside.exchange, call_id, outside.recordings)
        self._may_dial = may_dial
        self._on_ended = on_ended
        self._moved = asyncio.Event()
        self._line: AgentLine | None = None
        self._blameless = adopted
        """If nothing more is heard of the present leg, it is not the agent's fault."""
        call = outside.exchange.board.calls[call_id]
        self._rung = call.offers if adopted else 0
        """The last offer whose agent was rung."""
        self._dialled = call.offers if dialled else 0
        """The last offer whose agent had the citizen called."""
        self._sessions = 0
        self._hung_up = ""
        """Whose line asked to be hung up last."""
        self._seen_at = outside.exchange.wall()
        self._leg = self._leg_of(call)

    async def run(self) -> None:
        """Until the call has ended. Our stop or our fault leaves it to be adopted."""
        self._exchange.attach(self.call_id, self)
        try:
            await self._live()
        except BaseException:
            self._exchange.detach(self.call_id, self)
            raise

    async def _live(self) -> None:
        while (call := self._exchange.board.calls.get(self.call_id)) is not None:
            self._moved.clear()
            if self._line is not None:
                await self._moved.wait()
            elif call.phase == "queue":
                self._exchange.fall_asleep(self.call_id, self._moved.set)
                try:
                    await self._moved.wait()
                finally:
                    self._exchange.awake(self.call_id)
            elif call.phase == "ringing" and call.agent is not None and self._rung != call.offers:
                await self._ring(call, call.agent)
            elif call.lead:
                await self._watch_others(call)
            elif call.phase in ("ringing", "talk"):
                await self._watch(call)
            else:
                # The others have left after the agent; or a daemon died between two lines of the journal: after the
                # talk, or before the queue.
                outcome = "reached" if call.ever_answered else "failed"
                await self.end(outcome, "agent" if call.party_count else "system", estimated=not call.party_count)

    def wake(self) -> None:
        """Something about it may have changed."""
        self._moved.set()

    async def end(
        self, outcome: str, side: str = "system", at: float | None = None, *, estimated: bool = False
    ) -> None:
        """The call is over; how, its record says from now on. Nothing happens if it has ended already."""
        call = self._exchange.board.calls.get(self.call_id)
        if call is None:
            return
        at, place = self._exchange.wall() if at is None else at, call.phase
        self._contact.measure()
        await self._contact.settled()
        if self.call_id in self._exchange.board.calls:
            data: dict[str, Value] = {"side": side, "place": place, "lost_at": None, "estimated": estimated}
            self._exchange.call(CallFact.ENDED, self.call_id, data | {"outcome": outcome}, at)
            self._on_ended(call, outcome, at)
            self._moved.set()

    # The agent's telephone, from outside

    def _leg_of(self, call: Call) -> Leg:
        """The telephone of the agent of its present offer."""
        leg = Leg(self._uniqueid(call))
        leg.outcome.add_done_callback(lambda _: self._moved.set())
        return leg

    def _uniqueid(self, call: Call) -> str:
        return f"{self.call_id}.{call.offers}"

    async def _ring(self, call: Call, agent: AgentId) -> None:
        if not self._exchange.board.may_decide():
            await asyncio.sleep(_LOOK_S)
            return
        self._rung, self._sessions, self._blameless = call.offers, 0, False
        self._seen_at, self._leg = self._exchange.wall(), self._leg_of(call)
        allowed = self._may_dial(call)
        if not isinstance(allowed, Allowed):
            await self._refused(allowed)
            return
        if agent not in self._exchange.board.desks:
            self._offer_failed("unreachable")
            return
        variables = (
            f"{names.CTI_CALLBACK}={self.call_id}",
            f"PJSIP_HEADER(add,{names.HEADER_LEG})=callback",
            f"PJSIP_HEADER(add,{names.HEADER_CALL})={self.call_id}",
        )
        act, ring_s = self._outside.act, self._outside.ring_agent_s
        try:
            await self._leg.ring(act, f"PJSIP/{agent}", names.CONTEXT_CALLBACK, allowed.number, ring_s, *variables)
        except AmiError as error:
            # Not known whether it was done: if it was, the channel shows up, or its session is told to go.
            self._blameless = True
            log.warning("callback_agent_not_rung", call_id=self.call_id, agent=agent, problem=str(error))

    async def _watch(self, call: Call) -> None:
        """The leg is in Asterisk's hands: it rings, or talks after the daemon that began it has died."""
        now, leg = self._exchange.wall(), self._leg.uniqueid
        channels = self._outside.channels()
        if channels is None:
            self._seen_at = now
        elif (channel := channels.get(leg)) is not None:
            self._seen_at = now
            up = (c for c in channels.values() if c.linkedid == leg and c.uniqueid != leg and c.state == UP)
            if call.phase == "ringing" and call.agent is not None and any(up):
                self._contact.answered(call.agent, past(await self._outside.noted(channel.name), now) or now)
        elif (self._leg.outcome.done() or now - self._seen_at >= _LOST_S) and not _others_stay(call):
            await self._leg_gone(call)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_S):
                await self._moved.wait()

    async def _watch_others(self, call: Call) -> None:
        """The agent has left, and others go on with the citizen: cti.parties notes when they leave."""
        now, leg = self._exchange.wall(), self._leg.uniqueid
        channels = self._outside.channels()
        lines = () if channels is None else [c.uniqueid for c in channels.values() if c.linkedid == leg]
        if channels is None or any(not i.startswith((leg, f"{self.call_id}.p")) for i in lines):
            self._seen_at = now
        elif now - self._seen_at >= _CITIZEN_GONE_S:
            # Whoever of the last two hangs up, Asterisk ends both, and tells of the ends in either order.
            is_ours = self._hung_up.startswith(f"{self.call_id}.p")
            self._contact.end_parties("party" if is_ours else "caller", self._seen_at)
            await self.end("reached", "agent" if is_ours else "caller", self._seen_at)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_S):
                await self._moved.wait()

    async def _leg_gone(self, call: Call) -> None:
        if call.phase == "talk":
            self._contact.end_talk("interrupted", self._seen_at)
            await self.end("reached", "interrupted", self._seen_at, estimated=True)
        elif self._dialled == call.offers:
            await self.end("failed", "interrupted", self._seen_at, estimated=True)
        else:
            self._offer_failed(self._why_unanswered())

    def _why_unanswered(self) -> str:
        if self._leg.outcome.done():
            return _OFFERS.get(self._leg.outcome.result(), "unreachable")
        return "interrupted" if self._blameless else "unreachable"

    def on_event(self, event: AmiEvent) -> None:
        """An event of the agent's channel, or of the citizen's that was made from it."""
        call, fields = self._exchange.board.calls.get(self.call_id), event.fields
        if call is None:
            return
        leg, uniqueid = self._leg.uniqueid, fields.get("Uniqueid", "")
        if event.name == "HangupRequest":
            self._hung_up = uniqueid
        if uniqueid == leg:
            self._leg.on_event(event)
            return
        is_up = event.name == "Newstate" and fields.get("Linkedid") == leg and fields.get("ChannelState") == str(UP)
        # (The event DialEnd comes only after the citizen has been told who calls.)
        if is_up and call.agent is not None and self._dialled == call.offers:
            self._contact.answered(call.agent, self._exchange.wall())

    # The agent's telephone, from inside

    async def serve(self, line: AgentLine, arg: Mapping[names.CallbackArg, str]) -> None:
        """The agent has answered his telephone, or its session comes back after a crash."""
        call = self._exchange.board.calls.get(self.call_id)
        self._sessions += 1
        if (
            call is None
            or line.env.uniqueid != self._uniqueid(call)
            or call.phase not in ("ringing", "talk")
            or self._line is not None
            or self._sessions > _SESSIONS
        ):
            await let_go(line)
            return
        self._line, self._seen_at = line, self._exchange.wall()
        self._moved.set()
        try:
            await line.set_variable(names.CTI_LOST_AT, "")
            await self._connect(line, call, arg)
        except CallerHungUp as gone:
            if gone.how == "eof":
                return  # the leg may live on in the dialplan, and comes back
            await self._agent_left(line, call)
        finally:
            self._line, self._seen_at = None, self._exchange.wall()
            self._moved.set()

    async def _connect(self, line: AgentLine, call: Call, arg: Mapping[names.CallbackArg, str]) -> None:
        now = self._exchange.wall()
        status = arg.get(names.CallbackArg.DIAL_STATUS, "")
        noted, ended_at = arg.get(names.CallbackArg.ANSWERED_AT, ""), now
        if status or call.phase == "talk" or self._dialled == call.offers:
            # The citizen was called before this session began: it is over, and nobody is called again.
            ended_at = past(arg.get(names.CallbackArg.LOST_AT, ""), now) or now
        else:
            if not await self._confirms(line):
                self._offer_failed("no_answer")
                await let_go(line)
                return
            if not self._exchange.board.may_decide():
                line.close()  # another daemon has the city by now; the dialplan finds it
                return
            self._note(CallFact.CONFIRMED, call)
            allowed = self._may_dial(call)
            if not isinstance(allowed, Allowed):
                await let_go(line)
                await self._refused(allowed)
                return
            status = await self._dial(line, call, allowed)
            noted, ended_at = await line.get_variable(names.CTI_ANSWERED_AT) or "", self._exchange.wall()
        if call.phase == "ringing" and status == "ANSWER" and call.agent is not None:
            self._contact.answered(call.agent, past(noted, ended_at) or ended_at)
        if call.phase == "talk":
            ended_at = max(ended_at, call.answered_at or ended_at)
            self._contact.end_talk("caller", ended_at)
        await let_go(line)
        answered = call.ever_answered
        outcome = "reached" if answered else _OUTCOMES.get(status, "failed")
        await self.end(outcome, "caller" if answered else "system", ended_at)

    async def _confirms(self, line: AgentLine) -> bool:
        """Whether he presses the key; the prompt is repeated meanwhile."""
        until = self._exchange.wall() + _CONFIRM_S
        while self._exchange.wall() < until:
            key = ""
            for file in self._outside.sounds.files(Prompt("callback_agent_confirm"), _LANGUAGE):
                try:
                    key = key or await line.stream_file(file, _KEY)
                except AgiFailed as problem:
                    log.error("callback_prompt_not_played", problem=str(problem))
            if (key or await line.wait_for_digit(4.0)) == _KEY:
                return True
        return False

    async def _dial(self, line: AgentLine, call: Call, allowed: Allowed) -> str:
        """Calls the citizen; returns DIALSTATUS when it is over, the talk included."""
        settings = self._outside.settings
        self._dialled = call.offers
        self._dialling.dialled(self.call_id, allowed.number, self._exchange.wall())
        self._note(CallFact.DIALLED, call)
        # The channel's own number is the citizen's, which the agent's telephone shows; he shall see ours.
        await line.set_variable("CALLERID(num)", settings.caller_id or str(call.facts["dialled"]))
        answered = f"{names.CALLBACK_ANSWERED}^{self._contact.segment()}"
        number = settings.dial.replace("{number}", allowed.number)
        await line.exec("Dial", number, f"{settings.ring_s:g}", f"gU({answered})")
        return await line.get_variable(names.DIAL_STATUS) or ""

    async def _agent_left(self, line: AgentLine, call: Call) -> None:
        """He hung up: instead of confirming, while the citizen's telephone rang, or at the end of the talk."""
        at = self._exchange.wall()
        noted, cause = "", ""
        # Asterisk still answers for a channel that has ended, and the citizen's answer may not have been seen.
        with contextlib.suppress(CallerHungUp):
            cause = await line.get_variable(names.HANGUP_CAUSE, dead_ok=True) or ""
            if await line.get_variable(names.DIAL_STATUS, dead_ok=True) == "ANSWER":
                noted = await line.get_variable(names.CTI_ANSWERED_AT, dead_ok=True) or ""
        line.close()
        if noted and call.agent is not None:
            self._contact.answered(call.agent, past(noted, at) or at)
        if _others_stay(call) and not call.lead:
            await asyncio.sleep(_HANDS_OVER_S)
        if call.lead or call.phase == "after_talk" or self.call_id not in self._exchange.board.calls:
            return  # others go on with the citizen, or have done so meanwhile
        if call.phase == "talk":
            # Whose line went dead has not hung up: the citizen is owed another call.
            lost = cause == str(names.LOST_CAUSE)
            self._contact.end_talk("agent_lost" if lost else "agent", max(at, call.answered_at or at))
            await self.end("failed" if lost else "reached", "agent", at)
        elif self._dialled == call.offers:
            await self.end("failed", "agent", at)
        elif call.phase == "ringing":
            self._offer_failed("rejected")

    # Milestones

    def _note(self, kind: CallFact, call: Call) -> None:
        self._exchange.call(kind, self.call_id, {"agent": call.agent, "n": call.offers})

    def _offer_failed(self, outcome: str) -> None:
        """He keeps his place; another agent may be offered the call in this very step."""
        call = self._contact.call
        data: dict[str, Value] = {"agent": call.agent, "n": call.offers, "outcome": outcome}
        self._exchange.call(CallFact.OFFER_FAILED, self.call_id, data)

    async def _refused(self, why: Refused | None) -> None:
        if why is not None:
            log.info("callback_refused", call_id=self.call_id, code=why.code)
        await self.end("withdrawn" if why is None else "refused")


def _others_stay(call: Call) -> bool:
    heir = call.heir()
    return heir is not None and heir.state == "joined"


async def let_go(line: AgentLine) -> None:
    """Hangs the agent's telephone up, and the dialplan does not come back."""
    with contextlib.suppress(CallerHungUp):
        await line.set_variable(names.CTI_DONE, "1")
        await line.hangup()
