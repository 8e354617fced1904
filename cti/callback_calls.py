"""The callbacks that are on the switchboard now: made, seen to until they have ended, and found again by number."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import structlog

from cti.asterisk import names
from cti.asterisk.ami import AmiEvent
from cti.asterisk.fault import fault
from cti.callback_call import AgentLine, CallbackCall, Outside, let_go
from cti.calls import CallFact, CallId, Milestone, Need, Value
from cti.live_call import Call
from cti.metrics.record import CALLBACK
from queues.dialling import Allowed, Dialling, Refused

log = structlog.get_logger()

_AGAIN_S: Final = 5.0
"""After a fault of ours."""


class CallbackCalls:
    """`key`: one for all ways to write a number. `on_ended` is told id, number, outcome and time, at once."""

    def __init__(
        self,
        outside: Outside,
        dialling: Dialling,
        local_time: Callable[[float], datetime],
        timeline: Callable[[CallId], Sequence[Milestone] | None],
        key: Callable[[str], str],
        on_ended: Callable[[CallId, str, str, float], None],
    ) -> None:
        self._outside = outside
        self._exchange = outside.exchange
        self._board = outside.exchange.board
        self._dialling = dialling
        self._local_time = local_time
        self._timeline = timeline
        self._key = key
        self._on_ended = on_ended
        self._live: dict[CallId, CallbackCall] = {}
        self._running: set[asyncio.Task[None]] = set()

    def adopt(self) -> None:
        """Those that another daemon left."""
        for call in self.all():
            self._keep(call.id, adopted=True)

    async def stop(self) -> None:
        """They go on in Asterisk's hands; the jobs end here."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def serve(self, line: AgentLine) -> None:
        """The AGI route `callback`."""
        arg = dict(zip(names.CALLBACK_ARGS, line.env.args, strict=False))
        callback = self._live.get(CallId(arg.get(names.CallbackArg.CALL, "")))
        if callback is None:
            await let_go(line)
            return
        await callback.serve(line, arg)

    def on_event(self, event: AmiEvent) -> None:
        """Never blocks; an event that is not of ours is none of our business."""
        leg = event.fields.get("Linkedid") or event.fields.get("Uniqueid", "")
        call_id, dot, _ = leg.rpartition(".")
        if dot and (callback := self._live.get(CallId(call_id))) is not None:
            callback.on_event(event)

    # Which there are

    def all(self) -> list[Call]:
        return [call for call in self._board.calls.values() if is_callback(call)]

    def of_number(self, number: str) -> Call | None:
        return next((call for call in self.all() if self._is_his(call, number)), None)

    def ongoing(self, but: CallId | None = None) -> int:
        """How many ring or are talked on."""
        return sum(call.phase in ("ringing", "talk") and call.id != but for call in self.all())

    # What becomes of them

    def arrive(self, task_id: str, of: CallId, attempt: int, facts: Mapping[str, Value]) -> CallId:
        """On the switchboard, and nobody sees to it yet."""
        call_id = CallId(f"cb-{secrets.token_hex(8)}")
        rest: dict[str, Value] = {"direction": CALLBACK, "task": task_id, "of": of, "attempt": attempt}
        self._exchange.call(CallFact.ARRIVED, call_id, {**_NO_CHANNEL, **facts, **rest})
        return call_id

    def create(
        self,
        task_id: str,
        of: CallId,
        attempt: int,
        facts: Mapping[str, Value],
        need: Need,
        since: float,
        steps_since: float,
    ) -> CallId:
        """It waits for an agent, with the place of who waits since then."""
        call_id = self.arrive(task_id, of, attempt, facts)
        data: dict[str, Value] = {
            "queue": need.queue,
            "need": need.to_text(),
            "since": since,
            "steps_since": steps_since,
            "kept_s": round(max(0.0, self._exchange.wall() - since), 3),
        }
        self._exchange.call(CallFact.QUEUED, call_id, data)
        self._keep(call_id)
        return call_id

    async def end(self, call_id: CallId, outcome: str) -> None:
        """Nothing happens if it has ended already, or is not seen to yet."""
        if (callback := self._live.get(call_id)) is not None:
            await callback.end(outcome)

    def spawn(self, job: Coroutine[Any, Any, None]) -> None:
        """A job of the desk's: `stop` ends it, and a fault of it is in the log."""
        task = asyncio.create_task(job)
        self._running.add(task)
        task.add_done_callback(self._done)

    # Inside

    def _is_his(self, call: Call, number: str) -> bool:
        caller = str(call.facts.get("pii_caller") or "")
        return caller[-7:] == number[-7:] and self._key(caller) == self._key(number)

    def _may_dial(self, call: Call) -> Allowed | Refused | None:
        """None: he is on the line himself, with another call than the one that asked for this."""
        number, now = str(call.facts["pii_caller"]), self._exchange.wall()
        for other in self._board.calls.values():
            if not is_callback(other) and other.id != call.facts.get("of") and self._is_his(other, number):
                return None
        return self._dialling.may(number, now, self._local_time(now), self.ongoing(but=call.id))

    def _keep(self, call_id: CallId, *, adopted: bool = False) -> None:
        """From now on somebody sees to this call, until it has ended."""
        self._live[call_id] = self._callback(call_id, adopted=adopted)
        self.spawn(self._follow(call_id))

    async def _follow(self, call_id: CallId) -> None:
        while call_id in self._live:
            try:
                await self._live[call_id].run()
                self._live.pop(call_id, None)
                return
            except Exception as error:  # noqa: BLE001 (the call is taken up again as after a crash)
                log.error("callback_failed", call_id=call_id, **fault(error))
            await asyncio.sleep(_AGAIN_S)
            if call_id in self._board.calls:
                self._live[call_id] = self._callback(call_id, adopted=True)

    def _callback(self, call_id: CallId, *, adopted: bool) -> CallbackCall:
        call, dialled = self._board.calls[call_id], False
        if adopted:
            timeline = self._timeline(call_id) or ()
            dialled = any(m.kind == CallFact.DIALLED and m.data.get("n") == call.offers for m in timeline)
            if dialled:
                number = self._key(str(call.facts["pii_caller"]))
                self._dialling.dialled(call_id, number, self._exchange.wall())

        def on_ended(ended: Call, outcome: str, at: float) -> None:
            self._live.pop(ended.id, None)
            self._on_ended(ended.id, str(ended.facts["pii_caller"]), outcome, at)

        return CallbackCall(
            call_id, self._outside, self._dialling, self._may_dial, on_ended, adopted=adopted, dialled=dialled
        )

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("callback_desk_failed", **fault(error))


_NO_CHANNEL: Final[Mapping[str, Value]] = {
    "original": "",
    "medium": "voice",
    "channel": "",
    "sip_call_id": "",
    "flow": "",
    "flow_version": "",
}


def is_callback(call: Call) -> bool:
    return call.facts.get("direction") == CALLBACK
