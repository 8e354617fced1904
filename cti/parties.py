"""Others in a talk: they are called on channels whose ids are ours, what Asterisk shows of these becomes facts, and
nobody is left over when the talk is.

What is true is read from the channels themselves, each time anew: a daemon that begins in the middle of a three-way
call sees what the one before it saw. Whom somebody may call is not decided here (cti.moving).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Final

import structlog

from agents.status import Cause
from cti.asterisk import names
from cti.asterisk.ami import AmiError, AmiEvent
from cti.asterisk.channels import Channel
from cti.calls import AgentId, CallFact, CallId, Value
from cti.contact import Contact, Recordings
from cti.exchange import Exchange
from cti.leg import UP, Actions, Leg
from cti.live_call import Call, Party
from cti.metrics.record import CALLBACK
from cti.talk import past

log = structlog.get_logger()

_LOOK_S: Final = 0.3
_ASIDE_S: Final = 3.0
"""So long it may take until the citizen hears music and the agent is aside."""
_GONE_S: Final = 1.5
"""A leg that is gone without a word of why gets so long for it."""
_CUT_AGAIN_S: Final = 2.0
_BACK_S: Final = 0.1
_ORPHAN_S: Final = 0.5
"""An agent's leg of a citizen who is gone has so long to end by itself."""
_FAILED: Final = {"busy": "rejected", "no_answer": "no_answer", "withdrawn": "withdrawn", "interrupted": "interrupted"}
"""Outcome of a leg -> of the party; everything else: unreachable."""
_OURS = re.compile(r"(?P<call>.+)\.(?P<kind>[pm])(?P<p>\d{1,4})x?")


class Parties:
    """`run` it; `on_event` for each event that is observed, after the channels have it; `on_list` after each complete
    list. `channels`: by uniqueid, None while Asterisk is not observed."""

    def __init__(
        self,
        exchange: Exchange,
        act: Actions,
        channels: Callable[[], Mapping[str, Channel] | None],
        noted: Callable[[str], Awaitable[str]],
        recordings: Recordings,
        ring_s: float,
        reattach_s: Callable[[AgentId], float],
    ) -> None:
        """`noted`: CTI_ANSWERED_AT of the channel of this name. `reattach_s`: how long it is waited for this agent's
        telephone that was lost in a talk."""
        self._exchange = exchange
        self._act = act
        self._channels = channels
        self._noted = noted
        self._recordings = recordings
        self._ring_s = ring_s
        self._reattach_s = reattach_s
        self._legs: dict[str, Leg] = {}
        """By uniqueid; of parties whom we called ourselves and who have not answered."""
        self._missing_since: dict[str, float] = {}
        self._orphan_since: dict[str, float] = {}
        self._answered_at: dict[str, float] = {}
        """When legs answered whose answer we did not see."""
        self._causes: dict[str, tuple[CallId, str]] = {}
        """Why channels ended that were of a live call."""
        self._dropped: set[str] = set()
        """Legs that one of ours wanted dropped."""
        self._citizen_left: set[CallId] = set()
        self._preparing: set[CallId] = set()
        """Calls whose agent is being taken aside."""
        self._ending: set[CallId] = set()
        """Talks that everybody on our side is to leave: nobody is handed over."""
        self._finding: set[str] = set()
        """Segments whose end is looked for in their recordings."""
        self._cut_at: dict[str, float] = {}
        self._moved = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        try:
            while True:
                self.look()
                await asyncio.sleep(_LOOK_S)
        finally:
            for task in self._tasks:
                task.cancel()

    def on_event(self, event: AmiEvent) -> None:
        """Never blocks; an event of a call without others is none of our business."""
        uniqueid = event.fields.get("Uniqueid", "")
        if (leg := self._legs.get(uniqueid)) is not None:
            leg.on_event(event)
        call = self._call_of(uniqueid) or self._call_of(event.fields.get("Linkedid", ""))
        if call is None or not (call.parties or _OURS.fullmatch(uniqueid)):
            return
        if event.name == "HangupRequest" and (citizen := self.citizen(call)) and citizen.uniqueid == uniqueid:
            self._citizen_left.add(call.id)  # the others' lines may end before his does
        elif event.name == "Hangup":
            self._causes[uniqueid] = (call.id, event.fields.get("Cause", ""))
        elif event.name == "DialEnd" and uniqueid == call.id and event.fields.get("DialStatus") == "ANSWER":
            self._forwarded(call, self._exchange.wall())
        if event.name in ("Newstate", "BridgeEnter", "BridgeLeave", "Hangup", "OriginateResponse"):
            self._moved.set()
            self.look()

    # What is asked of us

    def call_in(self, call: Call, party: Party, channel: str, caller_id: str) -> None:
        """Has him called; what becomes of it is noted."""
        leg = self._legs[leg_id(call, party)] = Leg(leg_id(call, party))
        self._spawn(self._bring(call.id, party, leg, channel, caller_id))

    def join(self, call: Call, party: Party) -> None:
        """A whispering or consulted party comes to the citizen, and the agent with him."""
        if party.state == "whisper":
            self._redirect(leg_id(call, party), names.CONTEXT_PARTY, names.PARTY_JOIN)
        elif (agent := self.agent(call)) is not None:
            # The party follows by itself when the agent leaves it.
            self._redirect(agent.uniqueid, names.CONTEXT_ASIDE, names.ASIDE_BACK)

    def drop(self, call: Call, party: Party) -> None:
        uniqueid = leg_id(call, party)
        self._dropped.add(uniqueid)
        if (leg := self._legs.get(uniqueid)) is not None:
            leg.settle("withdrawn")
        self._hang_up(uniqueid)
        self.look()

    async def drop_leader(self, call: Call) -> bool:
        """Hangs up the line of the agent who leads the talk. False: it could not be done."""
        channel = self.agent(call)
        if channel is None:
            return False
        self._dropped.add(channel.uniqueid)
        return await self._acts("Hangup", ("Channel", channel.uniqueid), ("Cause", "16"))

    async def end(self, call: Call) -> bool:
        """Hangs up everybody on our side. False: it could not be done."""
        self._ending.add(call.id)
        for party in call.parties:
            if party.p != call.lead and party.mode != "blind":
                self.drop(call, party)
        if call.phase == "talk":
            if not (done := await self.drop_leader(call)):
                self._ending.discard(call.id)
            return done
        if (leader := call.party(call.lead)) is not None and leader.mode != "blind":
            self.drop(call, leader)
        return True

    # Who is where

    def citizen(self, call: Call) -> Channel | None:
        channels = self._channels() or {}
        if call.facts.get("direction") != CALLBACK:
            return channels.get(call.id)
        agent = _callback_leg(call)
        others = (c for c in channels.values() if c.linkedid == agent and c.uniqueid != agent)
        return next((c for c in others if not _OURS.fullmatch(c.uniqueid)), None)

    def agent(self, call: Call) -> Channel | None:
        """The line of the agent who leads the talk."""
        channels = self._channels() or {}
        if call.lead and (leader := call.party(call.lead)) is not None:
            return channels.get(leg_id(call, leader))
        if call.facts.get("direction") == CALLBACK:
            return channels.get(_callback_leg(call))
        name = f"PJSIP/{call.agent}-"
        own = [c for c in channels.values() if c.name.startswith(name) and c.linkedid == call.id]
        own = [c for c in own if not _OURS.fullmatch(c.uniqueid)]
        return max(own, key=lambda c: (c.state == UP, bool(c.bridge_id)), default=None)

    # What has become of it

    async def on_list(self, channels: Mapping[str, Channel]) -> None:
        """Asterisk's complete list. Answers that nobody saw, while no daemon ran, were when the dialplan noted them."""
        for call in [call for call in self._exchange.board.calls.values() if call.parties]:
            for party in [party for party in call.parties if party.state == "ringing"]:
                blind, now = party.mode == "blind", self._exchange.wall()
                channel = channels.get(call.id if blind else leg_id(call, party))
                if channel is None or channel.state != UP or (blind and not channel.bridge_id):
                    continue
                at = past(await self._noted(channel.name), now) or now
                if call.id not in self._exchange.board.calls:
                    break
                if blind:
                    self._forwarded(call, at if at >= party.since else now)
                else:
                    self._answered_at[channel.uniqueid] = at

    def look(self) -> None:
        """One round over all talks that others are in, and over all channels of ours."""
        channels = self._channels()
        if channels is None:
            return
        for call in [call for call in self._exchange.board.calls.values() if call.parties]:
            if self.citizen(call) is None or call.id in self._citizen_left:
                continue  # who is gone has his record completed elsewhere
            for party in call.parties:
                self._look_at(call, party, channels)
            self._look_at_leader(call)
        self._sweep(channels)

    def _look_at(self, call: Call, party: Party, channels: Mapping[str, Channel]) -> None:
        citizen, agent = self.citizen(call), self.agent(call)
        if call.party(party.p) is None or citizen is None:
            return  # it has left with another
        if party.mode == "blind":
            return  # his line is one of the citizen's own Dial(), whose end the journey sees
        leg = channels.get(leg_id(call, party))
        if leg is None:
            self._look_for_missing(call, party)
            return
        self._missing_since.pop(leg.uniqueid, None)
        if leg.state != UP:
            return
        with_citizen = bool(leg.bridge_id) and leg.bridge_id == citizen.bridge_id
        with_agent = agent is not None and bool(leg.bridge_id) and leg.bridge_id == agent.bridge_id
        if with_citizen and party.state != "joined":
            self._note(CallFact.PARTY_JOINED, call, {"p": party.p, "mode": "conference"})
        elif party.state == "ringing" and (party.mode == "whisper" or (party.mode == "consult" and with_agent)):
            self._note(CallFact.PARTY_JOINED, call, {"p": party.p, "mode": party.mode})

    def _look_for_missing(self, call: Call, party: Party) -> None:
        """No channel of his: it has ended, or there is none yet."""
        uniqueid, now = leg_id(call, party), self._exchange.wall()
        if call.id in self._preparing:
            return
        if party.answered_at is not None:
            if uniqueid in self._causes:
                self._left(call, party, now)
            else:
                self._unseen(call, f"p{party.p}", party.answered_at, lambda at: self._left(call, party, at))
            return
        leg = self._legs.get(uniqueid)
        if leg is not None and not leg.outcome.done():
            since = self._missing_since.setdefault(uniqueid, now)
            ended = uniqueid in self._causes and now - since >= _GONE_S
            if not ended and now - since < self._ring_s + _ASIDE_S + _GONE_S:
                return
        outcome = leg.outcome.result() if leg is not None and leg.outcome.done() else "failed"
        outcome = "interrupted" if leg is None else _FAILED.get(outcome, "unreachable")
        self._note(CallFact.PARTY_FAILED, call, {"p": party.p, "outcome": outcome})
        # Who was never taken aside is with the citizen: fetched back, he would leave him alone.
        if party.mode == "consult" and self._is_aside(call) and (agent := self.agent(call)) is not None:
            self._redirect(agent.uniqueid, names.CONTEXT_ASIDE, names.ASIDE_BACK)

    def _left(self, call: Call, party: Party, at: float) -> None:
        uniqueid = leg_id(call, party)
        lost = party.agent is not None and self._is_lost(call, uniqueid)
        side = "agent" if uniqueid in self._dropped else "agent_lost" if lost else "party"
        talk_s = round(max(0.0, at - (party.answered_at or at)), 3)
        self._note(CallFact.PARTY_LEFT, call, {"p": party.p, "side": side, "talk_s": talk_s}, at)
        Contact(self._exchange, call.id, self._recordings).measure()

    def _unseen(self, call: Call, segment: str, since: float, then: Callable[[float], None]) -> None:
        """Somebody has left while no daemon ran: his recording says when."""
        if (found := f"{call.id} {segment}") in self._finding:
            return
        self._finding.add(found)

        async def find() -> None:
            try:
                seconds = await Contact(self._exchange, call.id, self._recordings).sound_s(segment)
                now = self._exchange.wall()
                if call.id in self._exchange.board.calls:
                    then(min(now, since + seconds) if seconds > 0 else now)
            finally:
                self._finding.discard(found)

        self._spawn(find())

    def _look_at_leader(self, call: Call) -> None:
        """The agent of the offer has left and others are with the citizen."""
        heir = call.heir()
        if call.phase != "talk" or call.lead or call.agent is None or heir is None or self.agent(call) is not None:
            return
        if call.id in self._ending:
            return
        if heir.state != "joined":
            return  # he is on his way to the citizen
        own = [i for i, said in self._causes.items() if said[0] == call.id and i != call.id and not _OURS.fullmatch(i)]
        lost = any(self._is_lost(call, i) and i not in self._dropped for i in own)
        if own:
            self._handed_over(call, heir, self._exchange.wall(), "agent_lost" if lost else "agent")
            return
        since, n = call.answered_at or self._exchange.wall(), str(call.offers)
        self._unseen(call, n, since, lambda at: self._handed_over(call, heir, at, "agent"))

    def _handed_over(self, call: Call, heir: Party, at: float, side: str) -> None:
        data: dict[str, Value] = {
            "p": heir.p,
            "agent": heir.agent,
            "by": call.agent,
            "n": call.offers,
            "side": side,
            "talk_s": round(max(0.0, at - (call.answered_at or at)), 3),
        }
        agent = call.agent
        self._note(CallFact.HANDED_OVER, call, data, at)
        Contact(self._exchange, call.id, self._recordings).measure()
        if side == "agent_lost" and agent is not None:
            self._call_back_in(call, agent)

    def _call_back_in(self, call: Call, agent: AgentId) -> None:
        """His browser was lost in a talk that others went on with: when it is there again he is called to it."""
        if self._reattach_s(agent) <= 0:
            return
        p = call.party_count + 1
        asked: dict[str, Value] = {"p": p, "kind": "agent", "target": agent, "mode": "conference", "by": "system"}
        self._exchange.call(CallFact.PARTY_ASKED, call.id, {**asked, "agent": agent})
        if (party := call.party(p)) is not None:
            leg = self._legs[leg_id(call, party)] = Leg(leg_id(call, party))
            self._spawn(self._bring_back(call.id, party, leg))

    async def _bring_back(self, call_id: CallId, party: Party, leg: Leg) -> None:
        assert party.agent is not None
        until = self._exchange.wall() + self._reattach_s(party.agent)
        while (desk := self._exchange.board.desks.get(party.agent)) is None or Cause.PHONE_AWAY in desk.held_back:
            if self._exchange.wall() >= until:
                leg.settle("failed")
                return
            await asyncio.sleep(_BACK_S)
        call = self._exchange.board.calls.get(call_id)
        caller_id = "" if call is None else str(call.facts.get("pii_caller") or "")
        await self._bring(call_id, party, leg, f"PJSIP/{party.agent}", caller_id, "reattach")

    def _is_lost(self, call: Call, uniqueid: str) -> bool:
        """Whether this line of the call went dead."""
        return self._causes.get(uniqueid) == (call.id, str(names.LOST_CAUSE))

    def _forwarded(self, call: Call, at: float) -> None:
        """Whom the citizen was sent on to has answered."""
        leader = call.party(call.lead)
        if leader is not None and leader.mode == "blind" and leader.state == "ringing":
            self._note(CallFact.PARTY_JOINED, call, {"p": leader.p, "mode": "blind"}, at)

    def _note(self, kind: CallFact, call: Call, data: Mapping[str, Value], at: float | None = None) -> None:
        uniqueid = f"{call.id}.p{data['p']}"
        if at is None and kind is CallFact.PARTY_JOINED:
            at = self._answered_at.pop(uniqueid, None)
        self._exchange.call(kind, call.id, data, at)
        if kind is CallFact.PARTY_JOINED or call.party(data["p"]) is None:
            self._legs.pop(uniqueid, None)

    # Channels of ours that nobody needs any more

    def _sweep(self, channels: Mapping[str, Channel]) -> None:
        for channel in channels.values():
            found = _OURS.fullmatch(channel.uniqueid)
            if found is None:
                if self._is_orphan(channel, channels):
                    self._cut(channel)
                continue
            call = self._exchange.board.calls.get(CallId(found["call"]))
            citizen = None if call is None else self.citizen(call)
            if call is None or citizen is None:
                self._cut(channel)
                continue
            party = call.party(int(found["p"]))
            if found["kind"] == "p":
                if party is None:
                    self._cut(channel)
            elif channel.uniqueid.endswith("x") or call.id in self._preparing:
                continue  # the half that plays ends with the other
            elif call.phase == "talk" and party is None and self.agent(call) is None and call.heir() is None:
                # The agent who consulted has hung up, and whom he called is not there either.
                if call.id not in self._ending:
                    self._send_back(call)
                self._cut(channel)
            elif not self._needs_music(call, citizen, party):
                self._cut(channel)
                self._unmute(call)
        self._forget(channels)

    def _forget(self, channels: Mapping[str, Channel]) -> None:
        """What is remembered of calls that are over."""
        live = self._exchange.board.calls
        self._citizen_left &= live.keys()
        self._ending = {i for i in self._ending if i in live and live[i].phase in ("talk", "party")}
        self._causes = {i: said for i, said in self._causes.items() if said[0] in live}
        self._dropped = {i for i in self._dropped if i in channels or i in self._causes or i in self._legs}
        self._cut_at = {i: at for i, at in self._cut_at.items() if i in channels}
        self._missing_since = {i: at for i, at in self._missing_since.items() if i in self._legs}
        self._orphan_since = {i: at for i, at in self._orphan_since.items() if i in channels}
        for i in [i for i in self._legs if self._call_of(i) is None]:
            self._legs.pop(i).settle("interrupted")

    def _needs_music(self, call: Call, citizen: Channel, party: Party | None) -> bool:
        """Whether the citizen would be alone without it."""
        agent = self.agent(call)
        if agent is not None and agent.bridge_id == citizen.bridge_id:
            return False
        return not any(other.state == "joined" for other in call.parties) and (party is not None or agent is not None)

    def _send_back(self, call: Call) -> None:
        """Nobody has said goodbye to him: he goes back to the queue, for the same agent first."""
        if call.moved is None and call.need is not None and call.agent is not None:
            data: dict[str, Value] = {"to": call.agent, "kind": "agent", "by": "system", "agent": call.agent}
            self._exchange.call(CallFact.MOVED, call.id, data)

    def _is_orphan(self, channel: Channel, channels: Mapping[str, Channel]) -> bool:
        """An agent's line to a citizen who is gone: what is left of a three-way call would go on without him."""
        linked = channel.linkedid
        agent = channel.name.removeprefix("PJSIP/").rpartition("-")[0]
        if linked == channel.uniqueid or linked in channels or agent not in self._exchange.board.desks:
            self._orphan_since.pop(channel.uniqueid, None)
            return False
        since = self._orphan_since.setdefault(channel.uniqueid, self._exchange.wall())
        return self._exchange.wall() - since >= _ORPHAN_S

    def _cut(self, channel: Channel) -> None:
        now = self._exchange.wall()
        if now - self._cut_at.get(channel.uniqueid, 0.0) >= _CUT_AGAIN_S:
            self._cut_at[channel.uniqueid] = now
            log.info("party_channel_cut", channel=channel.name, call_id=channel.linkedid)
            self._hang_up(channel.uniqueid)

    # Acting

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
        citizen = None if call is None else self.citizen(call)
        agent = None if call is None else self.agent(call)
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
        if party.agent is not None:
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
        self._preparing.add(call.id)
        try:
            if not await self._acts(
                "Originate",
                ("Channel", f"Local/{names.PARTY_MUSIC}@{names.CONTEXT_PARTY}/n"),
                ("Context", names.CONTEXT_PARTY),
                ("Exten", names.PARTY_JOIN),
                ("Priority", "1"),
                ("Variable", f"{names.CTI_CITIZEN}={citizen.name}"),
                ("ChannelId", _music_id(call, party)),
                ("OtherChannelId", f"{_music_id(call, party)}x"),
                ("Async", "true"),
            ) or not await self._music_plays(call, party):
                return False
            await self._acts("MixMonitorMute", ("Channel", agent.name), ("Direction", "both"), ("State", "1"))
            citizen_is = (("Variable", names.CTI_CITIZEN), ("Value", citizen.name))
            if not await self._acts("Setvar", ("Channel", agent.name), *citizen_is):
                return False
            if not await self._acts("Redirect", *_to(agent.name, names.CONTEXT_ASIDE, "s")):
                return False
            return await self._becomes(lambda: self._is_aside(call))
        finally:
            self._preparing.discard(call.id)

    async def _music_plays(self, call: Call, party: Party) -> bool:
        def plays() -> bool:
            music, citizen = (self._channels() or {}).get(_music_id(call, party)), self.citizen(call)
            return music is not None and citizen is not None and music.bridge_id == citizen.bridge_id != ""

        return await self._becomes(plays)

    def _is_aside(self, call: Call) -> bool:
        agent, citizen = self.agent(call), self.citizen(call)
        return agent is not None and citizen is not None and agent.bridge_id != citizen.bridge_id

    async def _becomes(self, true: Callable[[], bool]) -> bool:
        try:
            async with asyncio.timeout(_ASIDE_S):
                while not true():
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            return False
        return True

    def _unmute(self, call: Call) -> None:
        if (agent := self.agent(call)) is not None:
            state = (("Direction", "both"), ("State", "0"))
            self._spawn(self._done("MixMonitorMute", ("Channel", agent.name), *state))

    def _redirect(self, channel: str, context: str, exten: str) -> None:
        self._spawn(self._done("Redirect", *_to(channel, context, exten)))

    def _hang_up(self, channel: str) -> None:
        self._spawn(self._done("Hangup", ("Channel", channel), ("Cause", "16")))

    async def _done(self, name: str, *headers: tuple[str, str]) -> None:
        await self._acts(name, *headers)

    async def _acts(self, name: str, *headers: tuple[str, str]) -> bool:
        try:
            await self._act.action(name, *headers)
        except AmiError as error:
            log.info("party_action_refused", action=name, problem=str(error))
            return False
        return True

    def _spawn(self, job: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _call_of(self, uniqueid: str) -> Call | None:
        found = _OURS.fullmatch(uniqueid)
        calls = self._exchange.board.calls
        return calls.get(CallId(found["call"] if found else uniqueid)) or calls.get(CallId(uniqueid.rpartition(".")[0]))


def leg_id(call: Call, party: Party) -> str:
    """The uniqueid of a party's channel."""
    return f"{call.id}.p{party.p}"


def _music_id(call: Call, party: Party) -> str:
    return f"{call.id}.m{party.p}"


def _callback_leg(call: Call) -> str:
    """The agent's channel of a callback (cti.callback_call)."""
    return f"{call.id}.{call.offers}"


def _to(channel: str, context: str, exten: str) -> tuple[tuple[str, str], ...]:
    return (("Channel", channel), ("Context", context), ("Exten", exten), ("Priority", "1"))
