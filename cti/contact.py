"""The record of one call beside its flow: answer, end of talk, recording, and the one `ended`.

A journey uses it for a call it holds; the reconciler uses it for calls that ended while nobody held them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from cti.calls import AgentId, CallFact, CallId, Value
from cti.exchange import Exchange
from cti.live_call import Call
from cti.sound_files import finished, look
from recordings.naming import is_complete, segment_path
from recordings.spoken import MESSAGE


@dataclass(frozen=True, slots=True)
class Recordings:
    folder: Path
    local_time: Callable[[float], datetime]
    """UTC seconds -> time of the city, for the folder of the day."""
    pictures_settled: Callable[[CallId], Awaitable[object]] | None = None
    """Until the pictures of a call that ends are whole."""


class Contact:
    """One live call's record. `call` raises KeyError once it has ended."""

    def __init__(self, exchange: Exchange, call_id: CallId, recordings: Recordings) -> None:
        self.exchange = exchange
        self.call_id = call_id
        self._recordings = recordings
        self._measuring: dict[str, asyncio.Task[None]] = {}
        self._before_end: set[asyncio.Task[None]] = set()

    @property
    def call(self) -> Call:
        return self.exchange.board.calls[self.call_id]

    def segment(self, name: str = "") -> PurePosixPath:
        """Recording of a segment ("p1": the first party's) or of the present offer, in the folder of recordings: the
        same before and after a crash, as it follows from the record alone. There is a file only if somebody answered.
        """
        call = self.call
        return segment_path(call.id, name or str(call.offers), self._recordings.local_time(call.arrived_at))

    async def sound_s(self, name: str) -> float:
        """Seconds of a segment's recording."""
        return (await asyncio.to_thread(look, self._recordings.folder, self.segment(name))).seconds

    async def message(self, min_s: float, record: Callable[[Path], Awaitable[bool]]) -> float:
        """`record` writes the caller's words to a path (without ending) and says whether they are to be kept.

        Returns how many seconds there are; less than `min_s` is none, and nothing is left of it. Whatever was spoken
        before a hang-up counts too.
        """
        segment = segment_path(self.call_id, MESSAGE, self._recordings.local_time(self.call.arrived_at))
        path = self._recordings.folder / segment
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
        wanted, seconds = True, 0.0
        try:
            wanted = await record(path.with_suffix(""))
        finally:
            seconds = round((await asyncio.to_thread(look, self._recordings.folder, segment)).seconds, 1)
            if not wanted or seconds < min_s:
                await asyncio.to_thread(path.unlink, missing_ok=True)
                seconds = 0.0
            elif self.call_id in self.exchange.board.calls:
                data: dict[str, Value] = {"file": str(segment), "seconds": seconds}
                self.exchange.call(CallFact.MESSAGE_LEFT, self.call_id, data)
        return seconds

    def answered(self, agent: AgentId, at: float) -> bool:
        """The agent took the call at `at`; False if that is no news (known, or the call is elsewhere by now)."""
        call = self.call
        if call.phase != "ringing" or call.agent != agent:
            return False
        data: dict[str, Value] = {"agent": agent, "n": call.offers, "wait_s": round(at - call.waits_since, 3)}
        self.exchange.call(CallFact.ANSWERED, self.call_id, data, at)
        return True

    def end_talk(self, side: Literal["agent", "caller", "interrupted", "agent_lost"], at: float) -> None:
        """The talk is over since `at`; its recording is measured in the background (see `settled`).

        Asterisk closes its files when the agent's channel ends.
        """
        call = self.call
        talk_s = round(at - (call.answered_at or at), 3)
        data: dict[str, Value] = {"agent": call.agent, "n": call.offers, "side": side, "talk_s": talk_s}
        self.exchange.call(CallFact.TALK_ENDED, self.call_id, data, at)
        self.measure()

    def end_parties(self, side: str, at: float) -> None:
        """The talk is over since `at` for those who were called to it; `side` as in `party_left`."""
        call = self.call
        for party in sorted(call.parties, key=lambda party: party.p == call.lead):
            if party.answered_at is None:
                outcome = {"caller": "caller_left", "interrupted": "interrupted"}.get(side, "withdrawn")
                self.exchange.call(CallFact.PARTY_FAILED, self.call_id, {"p": party.p, "outcome": outcome}, at)
            else:
                talk_s = round(max(0.0, at - party.answered_at), 3)
                data: dict[str, Value] = {"p": party.p, "side": side, "talk_s": talk_s}
                self.exchange.call(CallFact.PARTY_LEFT, self.call_id, data, at)
        self.measure()

    def transferred(self) -> None:
        """The target that is being dialled has answered; seen by us or told by Asterisk, whichever comes first."""
        call = self.exchange.board.calls.get(self.call_id)
        if call is not None and call.dialling is not None:
            (target, at), call.dialling = call.dialling, None
            self.exchange.call(CallFact.TRANSFERRED, self.call_id, {"target": target}, at)

    def measure(self) -> None:
        """Measures what has not been, in the background: a daemon may have died between a talk's end and that."""
        for name, talk_s in self.call.unmeasured.items():
            if name not in self._measuring:
                self._measuring[name] = asyncio.create_task(self._measure(name, talk_s))

    def before_end(self, job: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Something about the call that takes a moment, and no longer: its end is noted after that. Nobody else waits
        for it: agent and queue are free of the call by then."""
        task = asyncio.create_task(job)
        self._before_end.add(task)
        task.add_done_callback(self._before_end.discard)
        return task

    async def settled(self) -> None:
        """Until every recording is measured, and all is told that is to be told before the end."""
        if waiting := [*self._measuring.values(), *self._before_end]:
            await asyncio.wait(waiting)
        if self._recordings.pictures_settled is not None:
            await self._recordings.pictures_settled(self.call_id)

    async def close(
        self, side: Literal["caller", "system", "interrupted"], at: float, *, estimated: bool = False
    ) -> None:
        """Whatever the call was doing is over since `at`; its record is completed with exactly one `ended`."""
        call = self.exchange.board.calls.get(self.call_id)
        if call is None:
            return
        place = call.phase
        if place == "queue":
            self.exchange.detach(self.call_id, call.holder)  # nobody is offered who is gone, while we measure
        if call.phase == "ringing" and call.agent is not None:
            # An answer that we were not told of (observation was cut) has left its sound in the file.
            talk_s = await self.sound_s("")
            if not (talk_s > 0.2 and self.answered(call.agent, at - talk_s)):
                outcome = "cut_off" if side == "interrupted" else "caller_left"
                data: dict[str, Value] = {"agent": call.agent, "n": call.offers, "outcome": outcome}
                self.exchange.call(CallFact.OFFER_FAILED, self.call_id, data, at)
        ended_by: Literal["interrupted", "caller"] = "interrupted" if side == "interrupted" else "caller"
        self.end_parties(ended_by, at)
        if call.phase == "talk":
            self.end_talk(ended_by, at)
        self.measure()
        await self.settled()
        if self.call_id in self.exchange.board.calls:
            facts: dict[str, Value] = {
                "side": side,
                "place": place,
                "lost_at": self._lost_at(call, place),
                "estimated": estimated,
            }
            self.exchange.call(CallFact.ENDED, self.call_id, facts, at)

    def _lost_at(self, call: Call, place: str) -> str | None:
        """Where the call was lost, None if a person ever answered it, here or where it was transferred (呼损位置)."""
        if call.ever_answered or call.transferred:
            return None
        if call.gave_way:
            return call.gave_way
        if place == "ringing":
            return "ringing"
        if place == "queue":
            queue = call.need.queue if call.need is not None else ""
            seats = any(desk.agent.skills.get(queue) for desk in self.exchange.board.logged_in())
            return "queue" if seats else "no_seat"
        return "overflow" if call.queued_at else "menu"

    async def _measure(self, name: str, talk_s: float) -> None:
        """Makes the recording of a segment, and notes how long it really is."""
        segment = self.segment(name)
        sound = await finished(self._recordings.folder, segment)
        complete = sound.whole and is_complete(sound.seconds, talk_s)
        data: dict[str, Value] = {"segment": name, "n": int(name.removeprefix("p")), "file": str(segment)}
        call = self.exchange.board.calls.get(self.call_id)
        if call is not None and name in call.unmeasured:  # else another session of the same call has seen to it
            data |= {"bytes": sound.bytes, "talk_s": talk_s, "complete": complete}
            self.exchange.call(CallFact.RECORDED, self.call_id, data)
