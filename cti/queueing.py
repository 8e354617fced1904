"""One caller's waiting: music, what he is told, the keys he may press, and every offer until an agent talks to him."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, Protocol

from cti import talk
from cti.asking import Asking
from cti.asterisk import names
from cti.calls import AgentId, CallFact, CallId, Milestone, Need, Value
from cti.contact import Contact
from cti.exchange import Exchange
from cti.live_call import Call
from cti.switchboard import Switchboard
from ivr_flows.words import Heard, Listen, Prompt, Route, RouteEnded
from queues import announcing
from queues.estimate import Estimate
from queues.returning import taken_back

if TYPE_CHECKING:
    from cti.journey import Line

_WAIT_SLICE_S = 1.0
"""A waiting caller looks at the switchboard at least this often, whatever becomes of a wake."""

_COMFORT_S = 90.0
"""After so long without a word a caller hears that he is not forgotten."""

Play = Callable[[tuple[Prompt, ...], str], Awaitable[str]]
"""Plays prompts to the end or to one of the keys, which is returned; "" without one."""


class Room(Protocol):
    """What all who wait share (cti.waiting_room)."""

    def admit(self, call: Call, need: Need, language: str) -> Mapping[str, Value]:
        """Data of the `queued` milestone: the need as it is for this caller, and the moment his place counts from."""

    def seated(self, need: Need) -> bool:
        """Whether anybody is logged in who could ever take such a call."""

    def estimate(self, call: Call) -> Estimate | None: ...

    def notices(self, queue: str) -> Mapping[str, str]:
        """Topic broadcasts for those who wait here: name -> prompt."""

    @property
    def callback_from_s(self) -> float | None:
        """A longer estimate than this offers a callback; None: nobody can be called back."""

    def call_back(self, call: Call) -> CallId | None:
        """Arranges a callback that keeps this caller's place; None: his number cannot be called."""


class Queueing:
    """`timeline`: the milestones of a call so far, for one whose waiting another process of ours began. `reattach_s`:
    how long a caller waits for this agent alone whose line went dead in the talk. `forward`: how somebody of the
    directory is dialled; None: he may not be. `agent_wait_s`: how long a citizen waits for the agent alone to whom he
    is sent on. `language`: of the call. `overheard`: what he has said who is an agent's by then, has pressed a key, or
    is gone.
    """

    def __init__(
        self,
        line: Line,
        contact: Contact,
        room: Room,
        play: Play,
        offer_timeout_s: float,
        reattach_s: Callable[[AgentId], float],
        forward: Callable[[Call, str], talk.Forward | None],
        agent_wait_s: float,
        timeline: Callable[[CallId], Sequence[Milestone] | None],
        asking: Asking,
        language: str,
        overheard: Callable[[Heard], object],
    ) -> None:
        self._line = line
        self._contact = contact
        self._room = room
        self._play = play
        self._offer_timeout_s = offer_timeout_s
        self._reattach_s = reattach_s
        self._forward = forward
        self._agent_wait_s = agent_wait_s
        self._timeline = timeline
        self._asking, self._language, self._overheard = asking, language, overheard
        self._music = False
        self._comforts = 0

    async def run(self, command: Route) -> RouteEnded:
        """Until he has talked to an agent, has said what he calls about, or leaves by a way that `command` allows."""
        call = self._contact.call
        if call.phase in ("queue", "ringing"):
            told = announcing.Told.recalled(self._timeline(call.id) or (), self._now)
        elif call.moved is not None:
            told = announcing.Told(self._now)
        else:
            if call.ever_answered:
                await self._line.set_variable(names.DIAL_STATUS, "")
            self._queue({**self._room.admit(call, command.need, command.language), **self._kept(call)})
            if command.no_seat and not self._room.seated(command.need):
                return self._leave("no_seat")
            told = announcing.Told(self._now)
        while True:
            if call.moved is not None and call.phase == "after_talk":
                if await self._send_on(*call.moved) == "talked":
                    return RouteEnded("talked")
                told = announcing.Told(self._now)
                continue
            if (agent := self._board.offer_of(call.id)) is not None:
                self._music = False
                outcome = await talk.offer(self._line, self._contact, agent, self._offer_timeout_s)
                if outcome == "talked":
                    return RouteEnded("talked")
                if outcome == "agent_lost":
                    await self._line.set_variable(names.DIAL_STATUS, "")
                    self._queue(place_of(call, agent, self._reattach_s(agent), self._now))
                told = replace(told, at=self._now)
                continue
            if command.max_wait_s is not None and self._now - call.queued_at >= command.max_wait_s:
                return self._leave("gave_up")
            if not self._music:
                await self._line.set_music(True)
                self._music = True
            can_call_back = command.callback_key if told.offered_s else ""
            keys = command.leave_keys + can_call_back
            news = self._news(command, told)
            if news is None and command.ask and self._asking.is_due(command, self._language, self._estimate):
                heard = await self._ask(command.ask)
                if heard.text and self._board.offer_of(call.id) is None:
                    return RouteEnded("said", heard=heard)
                if heard.text:
                    self._overheard(heard)
                key, told = heard.digit or "", replace(told, at=self._now)
            elif news is None:
                key = await self._sleep()
            else:
                told, prompts = news
                if command.callback_key and told.offered_s:
                    keys = command.leave_keys + command.callback_key
                key = await self._say(prompts, keys)
            if key and key in keys and self._board.offer_of(call.id) is None:
                if key == command.callback_key:
                    if await self._call_back():
                        return RouteEnded("callback")
                    continue
                await self._silence()
                return self._leave("left_by_key", key)

    async def _send_on(self, kind: str, to: str) -> talk.Outcome:
        """The agent has sent him on and is gone: he waits again, or talks to a number outside, to the end."""
        call = self._contact.call
        await self._line.set_variable(names.DIAL_STATUS, "")
        if kind == "queue":
            self._queue(sent_to_queue(call, to, self._now))
            return "moved"
        if kind == "agent":
            self._queue(sent_to_agent(call, AgentId(to), self._agent_wait_s, self._now))
            return "moved"
        self._music = False
        forward = self._forward(call, to)
        if forward is not None and await talk.forward(self._line, self._contact, kind, to, forward) == "talked":
            return "talked"
        await self._line.set_variable(names.DIAL_STATUS, "")
        self._queue(sent_back(call, self._agent_wait_s, self._now))
        return "not_reached"

    @property
    def _exchange(self) -> Exchange:
        return self._contact.exchange

    @property
    def _board(self) -> Switchboard:
        return self._contact.exchange.board

    @property
    def _now(self) -> float:
        return self._exchange.wall()

    def _note(self, kind: CallFact, data: Mapping[str, Value]) -> None:
        self._exchange.call(kind, self._contact.call_id, data)

    def _queue(self, data: Mapping[str, Value]) -> None:
        self._note(CallFact.QUEUED, data)
        if self._board.offer_of(self._contact.call_id) is None and (estimate := self._estimate()) is not None:
            position = self._board.position(self._contact.call_id)
            self._note_estimate(position, estimate, 0, 0)

    def _estimate(self) -> Estimate | None:
        return self._room.estimate(self._contact.call)

    def _news(self, command: Route, told: announcing.Told) -> tuple[announcing.Told, tuple[Prompt, ...]] | None:
        """What to say now, and what he has been told then; the milestones of it are written."""
        call = self._contact.call
        if call.phase != "queue":
            return None
        rules = announcing.Rules(
            every_s=command.news_every_s,
            comfort_s=_COMFORT_S if command.comfort else math.inf,
            callback_from_s=self._room.callback_from_s if command.callback_key else None,
        )
        notices = self._room.notices(command.need.queue)
        if self._now < announcing.quiet_until(told, rules) and notices.keys() <= set(told.notices):
            return None
        position, estimate = self._board.position(call.id), self._estimate()
        news = announcing.next_words(told, self._now, position, estimate, tuple(notices), rules)
        if news is None:
            return None
        after, words = news
        prompts: list[Prompt] = []
        for word in words:
            prompts += self._spoken(word, command, notices)
        self._note_words(words, position, estimate)
        return after, tuple(prompts)

    def _spoken(self, word: announcing.Words, command: Route, notices: Mapping[str, str]) -> list[Prompt]:
        match word:
            case announcing.Position(place):
                return [Prompt(say="position", value=place)]
            case announcing.Minutes(minutes):
                return [Prompt(say="minutes", value=minutes)]
            case announcing.Longer(minutes):
                return [Prompt("wait_longer"), Prompt(say="minutes", value=minutes)]
            case announcing.Comfort():
                self._comforts += 1
                return [command.comfort[(self._comforts - 1) % len(command.comfort)]]
            case announcing.Notice(name):
                return [Prompt(notices[name])]
            case announcing.OfferCallback():
                return [Prompt("callback_offer")]

    def _note_words(self, words: Sequence[announcing.Words], position: int, estimate: Estimate | None) -> None:
        wait_s = None if estimate is None else round(estimate.wait_s, 1)
        minutes = place = 0
        for word in words:
            match word:
                case announcing.Position(value):
                    place = value
                case announcing.Minutes(value) | announcing.Longer(value):
                    minutes = value
                case announcing.Notice(name):
                    self._note(CallFact.NOTICE_HEARD, {"notice": name})
                case announcing.OfferCallback():
                    self._note(CallFact.CALLBACK_OFFERED, {"wait_s": wait_s})
                case _:
                    pass
        if minutes or place:
            self._note_estimate(position, estimate, minutes, place)

    def _note_estimate(self, position: int, estimate: Estimate | None, spoken_min: int, spoken_position: int) -> None:
        wait_s = None if estimate is None else round(estimate.wait_s, 1)
        spoken: dict[str, Value] = {"spoken_min": spoken_min, "spoken_position": spoken_position}
        self._note(CallFact.ESTIMATED, {"wait_s": wait_s, "position": position, **spoken})

    async def _sleep(self) -> str:
        """Waits until something may have happened: a wake, a key (returned), or the slice is over."""
        if self._board.offer_of(self._contact.call_id) is not None:
            return ""
        self._exchange.fall_asleep(self._contact.call_id, self._line.wake)
        try:
            return await self._line.wait_for_digit(_WAIT_SLICE_S)
        finally:
            self._exchange.awake(self._contact.call_id)

    async def _say(self, prompts: tuple[Prompt, ...], keys: str) -> str:
        """Plays news; an offer cuts it short, so that no agent waits for the end of a sentence."""
        self._music = False
        if self._board.offer_of(self._contact.call_id) is not None:
            return ""
        playing = asyncio.ensure_future(self._play(prompts, keys))
        self._exchange.fall_asleep(self._contact.call_id, playing.cancel)
        try:
            return await playing
        except asyncio.CancelledError:
            this = asyncio.current_task()
            if this is None or this.cancelling():
                playing.cancel()
                raise
            return ""
        finally:
            self._exchange.awake(self._contact.call_id)

    async def _ask(self, question: Listen) -> Heard:
        async def play(prompts: tuple[Prompt, ...], keys: str) -> str:
            await self._silence()
            return await self._play(prompts, keys)

        return await self._asking.put(question, self._language, play, self._overheard)

    def _kept(self, call: Call) -> Mapping[str, Value]:
        """Of one whom his words have brought here: the place that he had where he waited."""
        if not call.place_since:
            return {}
        return {
            "since": call.place_since,
            "steps_since": self._now,
            "kept_s": round(self._now - call.place_since, 3),
        }

    async def _call_back(self) -> bool:
        """He wants to be called back. False: his number cannot be called; he has been told, and waits on."""
        callback = self._room.call_back(self._contact.call)
        if callback is None:
            await self._say((Prompt("callback_refused"),), "")
            return False
        self._leave("callback")
        self._note(CallFact.CALLBACK_REQUESTED, {"callback": callback})
        await self._silence()
        return True

    async def _silence(self) -> None:
        if self._music:
            await self._line.set_music(False)
            self._music = False

    def _leave(
        self, reason: Literal["gave_up", "left_by_key", "callback", "no_seat"], key: str | None = None
    ) -> RouteEnded:
        self._note(CallFact.LEFT_QUEUE, {"reason": reason})
        return RouteEnded(reason, key)


def place_of(call: Call, agent: AgentId, reattach_s: float, now: float) -> dict[str, Value]:
    """Data of `queued` for a caller whose agent was lost in the talk: he goes back with the place he had, and waits
    for the same agent first, for `reattach_s`."""
    assert call.need is not None
    data: dict[str, Value] = {"queue": call.need.queue, "since": call.since, "kept_s": call.kept_s}
    if reattach_s <= 0:
        return {**data, "need": call.need.to_text(), "steps_since": call.steps_since}
    need = taken_back(call.need, agent, reattach_s, now - call.steps_since)
    return {**data, "need": need.to_text(), "steps_since": now, "reattach": agent}


def sent_to_queue(call: Call, queue: str, now: float) -> dict[str, Value]:
    """Data of `queued` for a caller whom an agent sends to another queue: what he had waited counts there too."""
    need = Need(queue, (), call.need.priority_s if call.need is not None else 0.0)
    return {"queue": queue, "need": need.to_text(), **_waited(call, now)}


def sent_to_agent(call: Call, agent: AgentId, wait_s: float, now: float) -> dict[str, Value]:
    """As `sent_to_queue`, for this agent first; after `wait_s` anybody who could have taken him will do."""
    assert call.need is not None
    need = taken_back(call.need, agent, wait_s, now - call.steps_since)
    return {"queue": need.queue, "need": need.to_text(), **_waited(call, now)}


def sent_back(call: Call, wait_s: float, now: float) -> dict[str, Value]:
    """Whom he was sent on to did not answer: he has the place that he had, and first the agent who knows of him."""
    assert call.need is not None
    need = call.need
    if call.sent_by is not None:
        need = taken_back(need, call.sent_by, wait_s, now - call.steps_since)
    return {
        "queue": need.queue,
        "need": need.to_text(),
        "since": call.since,
        "steps_since": now,
        "kept_s": call.kept_s,
    }


def _waited(call: Call, now: float) -> dict[str, Value]:
    return {"since": now - call.waited_s, "steps_since": now, "kept_s": call.waited_s}
