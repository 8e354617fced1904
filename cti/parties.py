"""Others in a talk: they are called on channels whose ids are ours, what Asterisk shows of these becomes facts, and
nobody is left over when the talk is.

What is true is read from the channels themselves, each time anew: a daemon that begins in the middle of a three-way
call sees what the one before it saw. Whom somebody may call is not decided here (cti.moving).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from cti.asterisk import names
from cti.asterisk.ami import AmiEvent
from cti.asterisk.channels import Channel
from cti.calls import AgentId, CallFact, CallId, Value
from cti.contact import Contact, Recordings
from cti.exchange import Exchange
from cti.leftovers import Leftovers
from cti.leg import UP, Actions
from cti.live_call import Call, Party
from cti.party_lines import ASIDE_S, PartyLines
from cti.talk import past
from cti.whereabouts import OURS, Whereabouts, leg_id

_LOOK_S: Final = 0.3
_GONE_S: Final = 1.5
"""A leg that is gone without a word of why gets so long for it."""
_FAILED: Final = {"busy": "rejected", "no_answer": "no_answer", "withdrawn": "withdrawn", "interrupted": "interrupted"}
"""Outcome of a leg -> of the party; everything else: unreachable."""


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
        self._where = Whereabouts(channels)
        self._lines = PartyLines(exchange, act, self._where, recordings, ring_s)
        self._leftovers = Leftovers(exchange, self._where, self._lines)
        self._noted = noted
        self._recordings = recordings
        self._ring_s = ring_s
        self._reattach_s = reattach_s
        self._missing_since: dict[str, float] = {}
        self._answered_at: dict[str, float] = {}
        """When legs answered whose answer we did not see."""
        self._causes: dict[str, tuple[CallId, str]] = {}
        """Why channels ended that were of a live call."""
        self._dropped: set[str] = set()
        """Legs that one of ours wanted dropped."""
        self._citizen_left: set[CallId] = set()
        self._ending: set[CallId] = set()
        """Talks that everybody on our side is to leave: nobody is handed over."""
        self._finding: set[str] = set()
        """Segments whose end is looked for in their recordings."""

    async def run(self) -> None:
        try:
            while True:
                self.look()
                await asyncio.sleep(_LOOK_S)
        finally:
            self._lines.stop()

    def on_event(self, event: AmiEvent) -> None:
        """Never blocks; an event of a call without others is none of our business."""
        uniqueid = event.fields.get("Uniqueid", "")
        if (leg := self._lines.legs.get(uniqueid)) is not None:
            leg.on_event(event)
        call = self._call_of(uniqueid) or self._call_of(event.fields.get("Linkedid", ""))
        if call is None or not (call.parties or OURS.fullmatch(uniqueid)):
            return
        if event.name == "HangupRequest" and (citizen := self._where.citizen(call)) and citizen.uniqueid == uniqueid:
            self._citizen_left.add(call.id)  # the others' lines may end before his does
        elif event.name == "Hangup":
            self._causes[uniqueid] = (call.id, event.fields.get("Cause", ""))
        elif event.name == "DialEnd" and uniqueid == call.id and event.fields.get("DialStatus") == "ANSWER":
            self._forwarded(call, self._exchange.wall())
        if event.name in ("Newstate", "BridgeEnter", "BridgeLeave", "Hangup", "OriginateResponse"):
            self._lines.moved()
            self.look()

    # What is asked of us

    def call_in(self, call: Call, party: Party, channel: str, caller_id: str) -> None:
        """Has him called; what becomes of it is noted."""
        self._lines.call(call, party, channel, caller_id)

    def join(self, call: Call, party: Party) -> None:
        """A whispering or consulted party comes to the citizen, and the agent with him."""
        self._lines.join(call, party)

    def drop(self, call: Call, party: Party) -> None:
        uniqueid = leg_id(call, party)
        self._dropped.add(uniqueid)
        if (leg := self._lines.legs.get(uniqueid)) is not None:
            leg.settle("withdrawn")
        self._lines.hang_up(uniqueid)
        self.look()

    async def drop_leader(self, call: Call) -> bool:
        """Hangs up the line of the agent who leads the talk. False: it could not be done."""
        channel = self._where.agent(call)
        if channel is None:
            return False
        self._dropped.add(channel.uniqueid)
        return await self._lines.hangs_up(channel.uniqueid)

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
        channels = self._where.channels()
        if channels is None:
            return
        for call in [call for call in self._exchange.board.calls.values() if call.parties]:
            if self._where.citizen(call) is None or call.id in self._citizen_left:
                continue  # who is gone has his record completed elsewhere
            for party in call.parties:
                self._look_at(call, party, channels)
            self._look_at_leader(call)
        self._leftovers.sweep(channels, self._ending)
        self._forget(channels)

    def _look_at(self, call: Call, party: Party, channels: Mapping[str, Channel]) -> None:
        citizen, agent = self._where.citizen(call), self._where.agent(call)
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
        if call.id in self._lines.preparing:
            return
        if party.answered_at is not None:
            if uniqueid in self._causes:
                self._left(call, party, now)
            else:
                self._unseen(call, f"p{party.p}", party.answered_at, lambda at: self._left(call, party, at))
            return
        leg = self._lines.legs.get(uniqueid)
        if leg is not None and not leg.outcome.done():
            since = self._missing_since.setdefault(uniqueid, now)
            ended = uniqueid in self._causes and now - since >= _GONE_S
            if not ended and now - since < self._ring_s + ASIDE_S + _GONE_S:
                return
        outcome = leg.outcome.result() if leg is not None and leg.outcome.done() else "failed"
        outcome = "interrupted" if leg is None else _FAILED.get(outcome, "unreachable")
        self._note(CallFact.PARTY_FAILED, call, {"p": party.p, "outcome": outcome})
        if party.mode == "consult":
            self._lines.fetch_back(call)

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

        self._lines.spawn(find())

    def _look_at_leader(self, call: Call) -> None:
        """The agent of the offer has left and others are with the citizen."""
        heir = call.heir()
        if (
            call.phase != "talk"
            or call.lead
            or call.agent is None
            or heir is None
            or self._where.agent(call) is not None
        ):
            return
        if call.id in self._ending:
            return
        if heir.state != "joined":
            return  # he is on his way to the citizen
        own = [i for i, said in self._causes.items() if said[0] == call.id and i != call.id and not OURS.fullmatch(i)]
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
            self._lines.call_back(call, party, self._reattach_s(agent))

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
            self._lines.legs.pop(uniqueid, None)

    def _forget(self, channels: Mapping[str, Channel]) -> None:
        """What is remembered of calls that are over."""
        live = self._exchange.board.calls
        self._citizen_left &= live.keys()
        self._ending = {i for i in self._ending if i in live and live[i].phase in ("talk", "party")}
        self._causes = {i: said for i, said in self._causes.items() if said[0] in live}
        self._dropped = {i for i in self._dropped if i in channels or i in self._causes or i in self._lines.legs}
        self._missing_since = {i: at for i, at in self._missing_since.items() if i in self._lines.legs}
        for i in [i for i in self._lines.legs if self._call_of(i) is None]:
            self._lines.legs.pop(i).settle("interrupted")

    def _call_of(self, uniqueid: str) -> Call | None:
        found = OURS.fullmatch(uniqueid)
        calls = self._exchange.board.calls
        return calls.get(CallId(found["call"] if found else uniqueid)) or calls.get(CallId(uniqueid.rpartition(".")[0]))
