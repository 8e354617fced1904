"""While an agent and a citizen talk, each of them is listened to apart, as long as model and flow allow it.

Who is to be listened to is read from calls and channels each time anew: a daemon that begins in the middle of a talk
goes on with it, a hand-over or a return from hold is a new tap, and a tap that was lost is tried again. What is said to
nobody, on hold or aside with a colleague, is not heard.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, Protocol

from cti.asterisk import names
from cti.asterisk.ami import AmiEvent
from cti.asterisk.channels import Channel
from cti.calls import CallId
from cti.exchange import Exchange
from cti.leg import UP
from cti.live_call import Call
from cti.metrics.record import CALLBACK
from cti.tap import Tap
from cti.transcriber import Final as Sentence
from cti.transcriber import Heard, Purpose
from cti.whereabouts import Whereabouts, callback_leg, leg_id
from ivr_flows.errors import FlowsError
from ivr_flows.model import Flow
from ivr_flows.session import session_from_text

Side = Literal["citizen", "agent"]

_LOOK_S: Final = 0.3
_AFTER_S: Final = 0.1
_AGAIN_S: Final = 5.0
"""After a tap that ended by itself."""
_LAST_WORDS_S: Final = 3.0
"""After the end of a talk; what is not understood by then is left to the recording."""
_STRAY_S: Final = 4.0
"""A channel that brings sound to nobody: of a daemon that stood still, or asked for when nobody wanted it any more."""


class TalkWords(Protocol):
    """Who wants to know what is said. None of these may block or fail."""

    def begin(self, call_id: CallId, language: str) -> object:
        """The talk is listened to from now on, or would be if anybody understood the language; again when that
        changes."""

    def forbidden(self, call_id: CallId) -> object:
        """The talk is not listened to: the flow that the citizen came through does not allow it."""

    def heard(self, call_id: CallId, side: Side, event: Heard, at: float) -> object:
        """`at`: now, in UTC seconds. The times of words count from the moment the agent answered. `Ended` says that
        this side is not listened to any more, or for the moment."""

    def end(self, call_id: CallId) -> object:
        """The talk is over, and everything that was heard of it has been told."""


class Listener(Protocol):
    """cti.tap.Taps"""

    @property
    def live(self) -> Mapping[str, Tap]: ...

    def hears(self, language: str) -> bool: ...

    def tap(
        self, channel: str, purpose: Purpose, on_heard: Callable[[Heard], object], expected_ticket_s: float = 0.0
    ) -> Tap: ...

    def hang_up(self, uniqueid: str) -> None: ...


class Flows(Protocol):
    def get(self, name: str, version: str) -> Flow: ...


@dataclass(slots=True)
class _Talk:
    answered_at: float
    language: str
    understood: bool | None = None
    """Whether anybody listens who understands the language; None: nobody has looked."""
    sides: dict[Side, tuple[str, Tap]] = field(default_factory=dict)
    """The name of the channel, and its tap."""
    ending: list[Tap] = field(default_factory=list)
    over_at: float | None = None
    again_at: dict[Side, float] = field(default_factory=dict)


class TalkTaps:
    """`run` it; `on_event` for each event that is observed, after the channels have it. `channels`: by uniqueid, None
    while Asterisk is not observed. `language`: of calls that came through no flow. `expected_ticket_s`: how long typing
    the ticket of a call may take; when streams run short, the citizens with the longest are listened to first."""

    def __init__(
        self,
        exchange: Exchange,
        listener: Listener,
        channels: Callable[[], Mapping[str, Channel] | None],
        flows: Flows,
        words: TalkWords,
        language: str = "zh-CN",
        expected_ticket_s: Callable[[Call], float] = lambda _: 0.0,
    ) -> None:
        self._exchange, self._listener, self._channels, self._flows = exchange, listener, channels, flows
        self._words, self._language = words, language
        self._expected_ticket_s = expected_ticket_s
        self._talks: dict[CallId, _Talk] = {}
        self._forbidden: set[CallId] = set()
        """Of which that has been told."""
        self._news = asyncio.Event()
        self._stray_since: dict[str, float] = {}

    async def run(self) -> None:
        while True:
            self.look()
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self._news.wait()

    def on_event(self, event: AmiEvent) -> None:
        if event.name == "BridgeEnter":
            self._news.set()
        elif event.name == "BridgeLeave":
            # The agent may be free now: the next citizen comes first.
            asyncio.get_running_loop().call_later(_AFTER_S, self._news.set)

    def look(self) -> None:
        """One round over all talks, and over all channels that bring sound."""
        channels = self._channels()
        if channels is None:
            return
        calls = self._exchange.board.calls
        self._forbidden &= calls.keys()
        linked: dict[str, list[Channel]] = {}
        for channel in channels.values():
            linked.setdefault(channel.linkedid, []).append(channel)
        for call in list(calls.values()):
            if call.phase == "talk" and call.answered_at is not None:
                self._look_at(call, channels, linked)
        for call_id, talk in list(self._talks.items()):
            call_or_none = calls.get(call_id)
            if call_or_none is None or call_or_none.phase != "talk" or talk.over_at is not None:
                self._end(call_id, talk)
        self._cut_strays(channels)

    def _look_at(self, call: Call, channels: Mapping[str, Channel], linked: Mapping[str, list[Channel]]) -> None:
        talk = self._talks.get(call.id)
        if talk is None:
            language = self._language_of(call)
            if language is None:
                return
            talk = self._talks[call.id] = _Talk(call.answered_at or self._exchange.wall(), language)
        if talk.over_at is not None:
            return  # the next talk of the same call, while the last words of the one before are awaited
        understood = self._listener.hears(talk.language)
        if understood is not talk.understood:
            talk.understood = understood
            self._words.begin(call.id, talk.language)
        wanted = self._wanted(call, channels, linked) if understood else {}
        for side, (channel, tap) in list(talk.sides.items()):
            if tap.over.is_set():
                del talk.sides[side]
                talk.again_at[side] = self._exchange.wall() + _AGAIN_S
            elif wanted.get(side) != channel:
                del talk.sides[side]
                tap.finish()
                talk.ending.append(tap)
        for side, channel in wanted.items():
            if side not in talk.sides and self._exchange.wall() >= talk.again_at.get(side, 0.0):
                self._tap(call, talk, side, channel)

    def _wanted(
        self, call: Call, channels: Mapping[str, Channel], linked: Mapping[str, list[Channel]]
    ) -> dict[Side, str]:
        """The channels of those who speak with each other now."""
        near = [*linked.get(call.id, ()), *linked.get(callback_leg(call), ())]
        near += [channels[i] for i in (call.id, *(leg_id(call, party) for party in call.parties)) if i in channels]
        where = Whereabouts(lambda: {channel.uniqueid: channel for channel in near})
        citizen, agent = where.citizen(call), where.agent(call)
        desk = self._exchange.board.desks.get(call.agent) if call.agent is not None else None
        if citizen is None or agent is None or (desk is not None and desk.on_hold):
            return {}
        if agent.state != UP or not agent.bridge_id or agent.bridge_id != citizen.bridge_id:
            return {}
        return {"citizen": citizen.name, "agent": agent.name}

    def _tap(self, call: Call, talk: _Talk, side: Side, channel: str) -> None:
        def on_heard(event: Heard) -> None:
            now = self._exchange.wall()
            if isinstance(event, Sentence):
                begun_s = now - tap.age_s - talk.answered_at
                words = (replace(w, start_s=w.start_s + begun_s, end_s=w.end_s + begun_s) for w in event.words)
                event = Sentence(tuple(words))
            self._words.heard(call.id, side, event, now)

        # What the agent says fills no ticket: any citizen comes before any agent.
        expected_s = self._expected_ticket_s(call) if side == "citizen" else 0.0
        tap = self._listener.tap(channel, "talk", on_heard, expected_s)
        talk.sides[side] = (channel, tap)

    def _end(self, call_id: CallId, talk: _Talk) -> None:
        """Its last words are awaited for a moment."""
        now = self._exchange.wall()
        if talk.over_at is None:
            talk.over_at = now
            for _, tap in talk.sides.values():
                tap.finish()
                talk.ending.append(tap)
            talk.sides.clear()
        if now - talk.over_at > _LAST_WORDS_S:
            for tap in talk.ending:
                tap.close()
        if not all(tap.over.is_set() for tap in talk.ending):
            return
        del self._talks[call_id]
        self._words.end(call_id)

    def _language_of(self, call: Call) -> str | None:
        """The one they speak; None: nobody knows, or the flow that he came through does not allow to listen."""
        if call.facts.get("direction") == CALLBACK:
            return self._language
        try:
            flow = self._flows.get(str(call.facts["flow"]), str(call.facts["flow_version"]))
            spoken = session_from_text(flow, call.session).language if call.session else flow.languages[0]
        except (FlowsError, KeyError):
            return None
        if flow.transcribe_talks:
            return spoken
        if call.id not in self._forbidden:
            self._forbidden.add(call.id)
            self._words.forbidden(call.id)
        return None

    def _cut_strays(self, channels: Mapping[str, Channel]) -> None:
        now = self._exchange.wall()
        strays = {i for i in channels if i.startswith(names.LISTEN_ID) and i not in self._listener.live}
        self._stray_since = {i: self._stray_since.get(i, now) for i in strays}
        for uniqueid, since in self._stray_since.items():
            if now - since >= _STRAY_S:
                self._stray_since[uniqueid] = now
                self._listener.hang_up(uniqueid)
