"""One call's life: what the flow asks for is done on the line, and what happens there goes back to the flow.

One AGI session is one `Journey`. After a crash of the daemon the same call comes back in a new session and goes on
where the journal says it was. The ways a journey can end are told apart in `run`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

import structlog

from cti import talk
from cti.asking import Asking
from cti.asterisk import names
from cti.asterisk.agi_codec import AgiEnv, CallerHungUp
from cti.calls import AgentId, CallFact, CallId, Milestone, Value
from cti.contact import Contact, Recordings
from cti.exchange import Exchange
from cti.live_call import Call, Phase
from cti.numbers import Did
from cti.question import Listener, MatterOf, Question, classified
from cti.queueing import Queueing, Room, place_of, sent_back
from ivr_flows.calendar import WorkCalendar
from ivr_flows.model import Flow
from ivr_flows.session import Session, begin, overheard, resume, session_from_text, step
from ivr_flows.words import (
    Command,
    Event,
    Gather,
    Gathered,
    HangUp,
    Heard,
    Listen,
    Mark,
    MessageTaken,
    Play,
    Played,
    Prompt,
    RecordMessage,
    Route,
    RouteEnded,
    SetLanguage,
    Started,
    Survey,
    Transfer,
    TransferEnded,
)

log = structlog.get_logger()

_KEYS = "0123456789*#"
_TONE = "!1000/350"
"""One kHz for as long as it takes to be heard, once; what Asterisk calls a tone list."""
_SILENCE_S = 5.0
"""Who is silent for so long has said his message."""


class Line(Protocol):
    """The caller's line: what a journey needs of an AGI session. Everything raises CallerHungUp when he is gone."""

    env: AgiEnv

    async def answer(self) -> None: ...
    async def stream_file(self, name: str, escape_digits: str = "") -> str: ...
    async def wait_for_digit(self, timeout_s: float) -> str: ...
    def wake(self) -> None: ...
    async def set_music(self, on: bool, music_class: str = "default") -> None: ...
    async def get_variable(self, name: str, *, dead_ok: bool = False) -> str | None: ...
    async def set_variable(self, name: str, value: str) -> None: ...
    async def record_file(self, name: str, escape_digits: str, max_s: float, silence_s: float) -> str: ...
    async def exec(self, application: str, *args: str) -> int: ...
    async def hangup(self) -> None: ...
    def close(self) -> None: ...


class Flows(Protocol):
    """The flow files (cti.flow_files)."""

    def current(self, name: str) -> Flow: ...
    def get(self, name: str, version: str) -> Flow: ...


class Sounds(Protocol):
    """The recorded prompts (cti.speech.prompt_files)."""

    def files(self, prompt: Prompt, language: str) -> tuple[str, ...]:
        """What to play for a prompt, in order: paths without ending, as Asterisk wants them."""


@dataclass(frozen=True, slots=True)
class House:
    """What all journeys share."""

    exchange: Exchange
    flows: Flows
    sounds: Sounds
    did_of: Callable[[str], Did]
    city: str
    local_time: Callable[[float], datetime]
    recordings: Recordings
    calendar: WorkCalendar
    offer_timeout_s: float
    survey_scale: int
    announcements: tuple[str, ...]
    transfers: dict[str, str]
    room: Room
    timeline: Callable[[CallId], Sequence[Milestone] | None]
    """The milestones of a call so far, as far as they are in memory."""
    reattach_s: Callable[[AgentId], float]
    """How long a citizen waits for this agent alone whose line went dead in the talk."""
    forward: Callable[[Call, str], talk.Forward | None]
    """How somebody of the directory is dialled whom an agent sends a citizen on to; None: he may not be."""
    agent_wait_s: float
    """How long a citizen who is sent on to an agent waits for him alone."""
    listener: Listener
    matter_of: MatterOf
    language: str = "zh-CN"


class Journey:
    """One AGI session of one call."""

    def __init__(self, line: Line, house: House) -> None:
        self._line = line
        self._house = house
        self._exchange = house.exchange
        self._call_id = CallId(line.env.uniqueid)
        self._language = house.language
        self._contact = Contact(house.exchange, self._call_id, house.recordings)
        self._asking = Asking(line, self._contact, house.listener, house.matter_of)

    async def run(self) -> None:
        """From the first ring (or the return after a crash) to the end. Raises only what is our own fault."""
        try:
            await self._live()
        except CallerHungUp as gone:
            # Asterisk keeps the channel, and the end of the recording in memory, for as long as we hold the line.
            self._line.close()
            if gone.how == "eof":
                # Asterisk did not say that the caller left: it may have died, or only this connection was cut.
                # Whether the call still lives is found out from Asterisk's own list (cti.reconciler).
                self._exchange.detach(self._call_id, self)
                return
            await self._contact.close("caller", self._exchange.wall())
        except BaseException:
            # Our stop or our fault must not cost the caller his call: the dialplan brings him back.
            self._exchange.detach(self._call_id, self)
            raise
        finally:
            self._asking.close()

    async def _live(self) -> None:
        call = self._exchange.board.calls.get(self._call_id)
        if call is None:
            flow, session, commands = await self._arrive()
        else:
            flow, session, commands = await self._come_back(call)
        while True:
            event = await self._carry_out(commands, flow, session)
            if event is None:
                return
            session, commands = step(flow, session, event)

    # Beginning

    async def _arrive(self) -> tuple[Flow, Session, list[Command]]:
        env, house = self._line.env, self._house
        arg = dict(zip(names.CITIZEN_ARGS, env.args, strict=False))
        dialled = arg.get(names.CitizenArg.DIALLED) or env.dialled
        did = house.did_of(dialled)
        flow = house.flows.current(did.flow)
        facts: dict[str, Value] = {
            "pii_caller": env.caller,
            "dialled": dialled,
            "original": arg.get(names.CitizenArg.ORIGINAL) or "",
            "city": did.city or house.city,
            "mode": did.mode,
            "statistics": did.statistics or did.number,
            "medium": arg.get(names.CitizenArg.MEDIUM) or "voice",
            "channel": env.channel,
            "sip_call_id": arg.get(names.CitizenArg.SIP_CALL_ID) or "",
            "flow": did.flow,
            "flow_version": flow.version,
            "direction": "in",
        }
        # We may hear of him later than he came: no daemon was there, or the last one died before it had noted him.
        arrived_at = self._moment(names.CitizenArg.ARRIVED_AT)
        lost_at = self._moment(names.CitizenArg.LOST_AT)
        if arrived_at is not None and lost_at is not None and lost_at > arrived_at:
            facts["again"] = True
        self._exchange.call(CallFact.ARRIVED, self._call_id, facts, arrived_at)
        self._exchange.attach(self._call_id, self)
        await self._line.set_variable(names.CTI_LOST_AT, "")
        await self._line.answer()
        session, commands = self._begin(flow, did)
        return flow, session, commands

    async def _come_back(self, call: Call) -> tuple[Flow, Session, list[Command]]:
        """The call was known to the daemon that died: it goes on where it was, with its place kept."""
        await self._line.set_variable(names.CTI_LOST_AT, "")
        phase = call.phase
        self._exchange.call(CallFact.RESUMED, self._call_id, {"phase": phase})
        talked: talk.Outcome = "failed"
        status = self._arg(names.CitizenArg.DIAL_STATUS)
        if phase == "queue" and status == "ANSWER":
            phase = await self._recall_offer(call)
        elif phase == "after_talk" and call.moved is not None and status:
            phase = await self._recall_forward(call, *call.moved)
        if phase in ("ringing", "talk", "party"):
            ended_at = self._moment(names.CitizenArg.LOST_AT)
            talked = await talk.finish(self._line, self._contact, status, ended_at or self._exchange.wall())
        elif call.talked and call.moved is None:
            talked = "talked"  # its end was noted before he came back
        self._contact.measure()
        self._exchange.attach(self._call_id, self)
        flow = self._house.flows.get(str(call.facts["flow"]), str(call.facts["flow_version"]))
        if not call.session:
            session, commands = self._begin(flow, self._house.did_of(str(call.facts["dialled"])))
            return flow, session, commands
        if talked == "agent_lost" and (agent := call.reattach) is not None:
            house = self._house
            place = place_of(call, agent, house.reattach_s(agent), self._exchange.wall())
            self._exchange.call(CallFact.QUEUED, self._call_id, place)
        elif talked == "not_reached":
            data = sent_back(call, self._house.agent_wait_s, self._exchange.wall())
            self._exchange.call(CallFact.QUEUED, self._call_id, data)
        session, commands = resume(flow, session_from_text(flow, call.session))
        if talked == "talked":
            session, commands = step(flow, session, RouteEnded("talked"))
        return flow, session, commands

    async def _recall_offer(self, call: Call) -> Phase:
        """He has talked, and the journal does not know: its last milliseconds died with the daemon."""
        agent = AgentId(await self._line.get_variable(names.DIALLED_AGENT) or "")
        if agent in self._exchange.board.desks:
            data: dict[str, Value] = {"agent": agent, "n": call.offers + 1, "why": "found after a crash"}
            self._exchange.call(CallFact.OFFERED, self._call_id, data)
        return call.phase

    async def _recall_forward(self, call: Call, kind: str, target: str) -> Phase:
        """As `_recall_offer`, for the number that the agent had sent him on to."""
        dialled = await self._line.get_variable(names.DIALLED_AGENT) or ""
        if kind not in ("queue", "agent") and dialled not in self._exchange.board.desks:
            data: dict[str, Value] = {"p": call.party_count + 1, "kind": kind, "target": target, "mode": "blind"}
            now = self._exchange.wall()
            noted = await self._line.get_variable(names.CTI_ANSWERED_AT) or ""
            self._exchange.call(
                CallFact.PARTY_ASKED, self._call_id, {**data, "by": call.sent_by}, talk.past(noted, now) or now
            )
        return call.phase

    def _begin(self, flow: Flow, did: Did) -> tuple[Session, list[Command]]:
        house = self._house
        return begin(
            flow,
            Started(
                did.number,
                did.mode,
                house.local_time(self._exchange.wall()),
                short="short_prompts" in self._exchange.board.rungs(),
            ),
            house.calendar,
            entry=did.entry,
            survey_scale=house.survey_scale,
            announcements=house.announcements,
        )

    def _arg(self, which: names.CitizenArg) -> str:
        index = names.CITIZEN_ARGS.index(which)
        return self._line.env.args[index] if index < len(self._line.env.args) else ""

    def _moment(self, which: names.CitizenArg) -> float | None:
        """A time that the dialplan noted, never later than now."""
        return talk.past(self._arg(which), self._exchange.wall())

    # Commands

    async def _carry_out(self, commands: list[Command], flow: Flow, session: Session) -> Event | None:
        """Does them in order; the outcome of the last is the next event, None after a hang-up."""
        for command in commands:
            match command:
                case Mark():
                    self._exchange.call(CallFact(command.kind), self._call_id, command.data)
                case SetLanguage():
                    self._language = command.language
                case Play():
                    return Played(await self._play(command.prompts, command.barge_in) or None)
                case Gather():
                    return await self._gather(command)
                case Listen():
                    return await self._listen(command, flow, session)
                case Route():
                    return await self._route(command, flow, session)
                case RecordMessage():
                    return await self._record_message(command)
                case Survey():
                    return await self._survey(command)
                case Transfer():
                    return await self._transfer(command)
                case HangUp():
                    await self._hang_up()
                    return None
        raise AssertionError("a flow's commands end with one that waits")

    async def _play(self, prompts: tuple[Prompt, ...], keys: str) -> str:
        """Plays to the end or to one of the keys, which is returned."""
        for prompt in prompts:
            for file in self._house.sounds.files(prompt, self._language):
                if key := await self._line.stream_file(file, keys):
                    return key
        return ""

    async def _gather(self, command: Gather) -> Gathered:
        digits = command.already
        if not digits:
            digits = await self._play(command.prompts, _KEYS) or await self._line.wait_for_digit(command.first_s)
            if not digits:
                return Gathered("", False)
        while True:
            if command.terminator and digits.endswith(command.terminator):
                return Gathered(digits[:-1], True)
            if len(digits) >= command.max_digits:
                return Gathered(digits, True)
            key = await self._line.wait_for_digit(command.between_s)
            if not key:
                return Gathered(digits, False)
            digits += key

    async def _listen(self, command: Listen, flow: Flow, session: Session) -> Heard:
        def asked() -> None:
            self._exchange.call(CallFact.ASKED, self._call_id, {"language": self._language})

        question = Question(self._line, self._house.listener, self._language, "menu", command, asked)
        try:
            heard = await question.put(self._play)
        except CallerHungUp:
            self._asking.keep_rest(question, command, self._overheard(flow, session))
            raise
        except BaseException:
            question.close()
            raise
        question.close()
        return await classified(heard, command, self._house.matter_of)

    def _overheard(self, flow: Flow, session: Session) -> Callable[[Heard], object]:
        def note(heard: Heard) -> None:
            if (mark := overheard(flow, session, heard)) is not None:
                self._exchange.call(CallFact(mark.kind), self._call_id, mark.data)

        return note

    async def _survey(self, command: Survey) -> Gathered:
        if not self._contact.call.survey_offered:
            self._exchange.call(CallFact.SURVEY_OFFERED, self._call_id, {"scale": command.scale})
        key = await self._play(command.prompts, _KEYS) or await self._line.wait_for_digit(command.first_s)
        if key.isdigit() and 1 <= int(key) <= command.scale:
            # Basically satisfied counts as satisfied: 满意 and 基本满意 of three, the first three of five.
            satisfied = int(key) <= (2 if command.scale == 3 else 3)
            self._exchange.call(CallFact.RATED, self._call_id, {"score": int(key), "satisfied": satisfied})
        return Gathered(key, True)

    async def _transfer(self, command: Transfer) -> TransferEnded:
        target = self._house.transfers.get(command.target)
        if target is None:
            return TransferEnded(False)
        self._contact.call.dialling = (command.target, self._exchange.wall())
        try:
            await self._line.exec("Dial", target, "30", "g")
        except CallerHungUp:
            # He may have left ringing or talking. Asterisk still says which, also of a channel that has ended, unless
            # there are two daemons: then what we saw of the answer has to do.
            if await self._line.get_variable(names.DIAL_STATUS, dead_ok=True) == "ANSWER":
                self._contact.transferred()
            raise
        connected = await self._line.get_variable(names.DIAL_STATUS) == "ANSWER"
        if connected:
            self._contact.transferred()
        self._contact.call.dialling = None
        return TransferEnded(connected)

    async def _route(self, command: Route, flow: Flow, session: Session) -> RouteEnded:
        house = self._house
        queueing = Queueing(
            self._line,
            self._contact,
            house.room,
            self._play,
            house.offer_timeout_s,
            house.reattach_s,
            house.forward,
            house.agent_wait_s,
            house.timeline,
            self._asking,
            self._language,
            self._overheard(flow, session),
        )
        return await queueing.run(command)

    async def _record_message(self, command: RecordMessage) -> MessageTaken:
        key = await self._play(command.prompts, command.leave_keys + "#")
        if key and key in command.leave_keys:
            return MessageTaken(0.0, key)

        async def record(path: Path) -> bool:
            nonlocal key
            await self._line.exec("Playtones", _TONE)
            await self._line.exec("Wait", "0.4")
            await self._line.exec("StopPlaytones")
            key = await self._line.record_file(str(path), command.leave_keys + "#", command.max_s, _SILENCE_S)
            return key not in command.leave_keys or not key

        seconds = await self._contact.message(command.min_s, record)
        return MessageTaken(seconds, key if key and key in command.leave_keys else None)

    # The end

    async def _hang_up(self) -> None:
        await self._line.set_variable(names.CTI_DONE, "1")
        await self._line.hangup()
        await self._contact.close("system", self._exchange.wall())
