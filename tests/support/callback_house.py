"""The part of a daemon that callbacks need, on a real Asterisk: it can be started, killed, and started again."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from agents.roster import Agent
from cti.asterisk import names
from cti.asterisk.agi import AgiServer
from cti.asterisk.ami import Ami, AmiEvent
from cti.asterisk.channels import Channels
from cti.asterisk.snapshot import snapshot, variable
from cti.callback_call import Outside
from cti.callback_calls import is_callback
from cti.callbacks import Books, Callbacks
from cti.calls import AgentFact, AgentId, CallFact, CallId, Milestone, Need, Value
from cti.contact import Recordings
from cti.exchange import Exchange
from cti.live_call import Call
from cti.metrics.record import CallRecord, fold, fold_with_faults
from cti.parties import Parties
from cti.reconciler import Reconciler
from cti.settings import PROJECT, Callback
from cti.switchboard import Switchboard
from ivr_flows.words import Prompt
from tests.support.waiting_async import eventually


class Prompts:
    def files(self, prompt: Prompt, language: str) -> tuple[str, ...]:
        return (str(PROJECT / "asterisk-config" / "sounds" / language / prompt.id),)


@dataclass
class _Pen:
    """The journal of one life: what is dead does not write, whatever of it is still on its way in this process."""

    write: Callable[[Milestone], None]
    dry: bool = False

    def append(self, milestone: Milestone) -> None:
        if not self.dry:
            self.write(milestone)


@dataclass
class CallbackHouse:
    """`asterisk` is the running one of tests/asterisk. The journal is a list, and all that outlives `kill`."""

    asterisk: Any
    agents: tuple[str, ...]
    settings: Callback
    journal: list[Milestone] = field(default_factory=list)
    ring_agent_s: float = 3.0
    _calls: int = 0
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def start(self) -> None:
        """As a daemon begins, with what the last one left in the journal."""
        self.board = Switchboard(0.0)
        self.board.set_roster({AgentId(a): Agent(AgentId(a), a, {"general": 3}) for a in self.agents})
        self.board.recover(list(self.journal), time.time())
        self._pen = _Pen(self.append)
        self.exchange = Exchange(self.board, self._pen, time.time)
        self.channels = Channels()
        recordings = Recordings(self.asterisk.settings.recordings_dir, lambda at: datetime.fromtimestamp(at, UTC))
        self._jobs: set[asyncio.Task[None]] = set()
        self.reconciler = Reconciler(
            self.exchange, self.channels, recordings, lambda: self.asterisk.server.nonce, self._spawn
        )
        self.observe, self.act = self._ami(names.AMI_RO), self._ami(names.AMI_CTL)
        outside = Outside(
            exchange=self.exchange,
            act=self.act,
            channels=lambda: self.channels.channels if self.observe.synced else None,
            noted=lambda channel: variable(self.observe, channel, names.CTI_ANSWERED_AT),
            recordings=recordings,
            sounds=Prompts(),
            settings=self.settings,
            ring_agent_s=self.ring_agent_s,
        )
        books = Books(
            local_time=lambda at: datetime.fromtimestamp(at, UTC).replace(hour=12),
            timeline=self.timeline,
            drained=self._drained,
            records=self._records,
            place_of=lambda dialled: {"city": "test", "mode": "merged", "statistics": dialled},
            need_of=lambda dialled: Need("general"),
        )
        channels, noted = outside.channels, outside.noted
        self.parties = Parties(self.exchange, self.act, channels, noted, recordings, 10.0, lambda _: 0.0)
        self.callbacks = Callbacks(outside, books)
        self.agi = AgiServer({names.AGI_CALLBACK: self.callbacks.serve})
        jobs = (self.callbacks.run(), self.observe.run(), self.act.run(), self.parties.run())
        self._tasks = [asyncio.create_task(job) for job in jobs]
        await asyncio.sleep(0)  # as in a daemon, calls are taken up before anybody can come for them
        await self.agi.start("127.0.0.1", self.asterisk.settings.agi.port)
        await eventually(lambda: self.observe.synced and self.act.synced, 5, "both AMI users")
        self.exchange.settle()

    async def kill(self) -> None:
        """Everything but the journal is gone, and nothing is said to anybody."""
        self._pen.dry = True
        for connection in list(self.agi._sessions.values()):
            connection.transport.abort()
        for task in (*self._tasks, *self._jobs):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._jobs, return_exceptions=True)
        self.exchange.stop()
        await self.agi.stop(1.0)

    def _ami(self, user: str) -> Ami:
        observes = user == names.AMI_RO
        return Ami(
            host="127.0.0.1",
            port=self.asterisk.settings.asterisk.ami_port,
            username=user,
            secret=self.asterisk.secret_ro if observes else self.asterisk.secret_ctl,
            nonce=lambda: self.asterisk.server.nonce,
            on_event=self._on_event if observes else lambda _: None,
            on_up=self._on_up if observes else None,
            rng=random.Random(1),
        )

    def _on_event(self, event: AmiEvent) -> None:
        self.reconciler.on_event(event)
        self.callbacks.on_event(event)
        self.parties.on_event(event)

    async def _on_up(self) -> None:
        self.reconciler.on_list(await snapshot(self.observe))
        await self.parties.on_list(self.channels.channels)

    def _spawn(self, job: Any) -> None:
        task = asyncio.create_task(job)
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)

    # The journal

    def append(self, milestone: Milestone) -> None:
        self.journal.append(milestone)
        if milestone.stream == "call" and milestone.kind == CallFact.ENDED:
            record = fold_with_faults(self.timeline(CallId(milestone.id)))[0]
            asyncio.get_running_loop().call_soon(self.callbacks.on_ended, record)

    def timeline(self, call_id: CallId) -> list[Milestone]:
        return [m for m in self.journal if m.stream == "call" and m.id == call_id]

    async def _drained(self) -> None:
        """The journal is where the records are."""

    async def _records(self, since: float, until: float) -> Iterable[CallRecord]:
        found = [fold(self.timeline(CallId(call_id))) for call_id in {m.id for m in self.journal if m.stream == "call"}]
        return [record for record in found if since <= record.arrived_at < until and record.ended_at is not None]

    # Citizens and agents

    def ready(self, *agents: str) -> None:
        for agent in agents:
            self.exchange.agent(AgentFact.LOGGED_IN, AgentId(agent))
            self.exchange.agent(AgentFact.STATUS, AgentId(agent), {"status": "ready"})

    def waits(self, number: str, since: float | None = None) -> Call:
        """A citizen in the queue, whose telephone nobody has: for what the switchboard knows of him."""
        self._calls += 1
        call_id = CallId(f"in-{self._calls}")
        self.exchange.call(
            CallFact.ARRIVED, call_id, {"pii_caller": number, "dialled": "12345", "direction": "in"}, since
        )
        data: dict[str, Value] = {"queue": "general", "need": Need("general").to_text()}
        self.exchange.call(CallFact.QUEUED, call_id, data | ({"since": since} if since else {}), since)
        return self.board.calls[call_id]

    def leaves(self, call: Call, lost_at: str | None = "queue", callback: str = "") -> None:
        if callback:
            self.exchange.call(CallFact.LEFT_QUEUE, call.id, {"reason": "callback"})
            self.exchange.call(CallFact.CALLBACK_REQUESTED, call.id, {"callback": callback})
        data: dict[str, Value] = {"side": "caller", "place": "queue", "lost_at": lost_at, "estimated": False}
        self.exchange.call(CallFact.ENDED, call.id, data)

    def asks(self, number: str, waited_s: float = 60.0) -> CallId | None:
        """He waits, asks to be called back and has hung up."""
        call = self.waits(number, time.time() - waited_s)
        callback = self.callbacks.request(call)
        self.leaves(call, "callback" if callback else "queue", callback or "")
        return callback

    # What became of it

    def callback_calls(self) -> list[CallId]:
        arrived = [m for m in self.journal if m.kind == CallFact.ARRIVED and m.data.get("direction") == "callback"]
        return [CallId(m.id) for m in arrived]

    def live_callbacks(self) -> list[Call]:
        return [call for call in self.board.calls.values() if is_callback(call)]

    def kinds(self, call_id: CallId) -> list[str]:
        return [m.kind for m in self.timeline(call_id)]

    async def record(self, call_id: CallId, limit_s: float = 15.0) -> CallRecord:
        """When it has ended; checked to be whole and without contradiction."""
        await eventually(lambda: CallFact.ENDED in self.kinds(call_id), limit_s, "the end of the callback")
        record = fold(self.timeline(call_id))
        assert record.missing == 0
        return record

    def data(self, call_id: CallId, kind: CallFact) -> Mapping[str, Value]:
        return next(m.data for m in self.timeline(call_id) if m.kind == kind)


def quick(settings: Callback) -> Callback:
    """The same with a retry after a moment, shorter than an operator may set it."""
    changed = replace(settings)
    object.__setattr__(changed, "retry_s", 0.5)
    return changed
