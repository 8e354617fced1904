"""What Prometheus is told: read from the live picture when it asks, so that no call pays for it.

The picture is taken on the event loop in one go, which is short; what reads files, and the text, are made on a thread.
No label has personal data or a value without bound: phases, places, states, and the names of the city's own queues.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args, get_type_hints

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.core import HistogramMetricFamily, Metric

from agents.status import State
from cti.alerts.model import Kind, Severity
from cti.asterisk.agi import AgiServer
from cti.asterisk.ami import Ami
from cti.live_call import Call, Phase
from cti.live_figures import LiveFigures
from cti.loop_lag import LoopLag
from cti.metric_families import Row, buckets, counter, counters, gauge, histogram, written
from cti.metrics.figures import LOSS_PLACES
from cti.metrics.record import CALLBACK
from cti.offer_times import OfferTimes
from cti.rules import Rung
from cti.speech.pool import Pool
from cti.storage.live import RedisLive
from cti.storage.records import Records
from cti.switchboard import Switchboard
from cti.transcriber import EndReason, Purpose

PHASES: Final = tuple(phase for phase in get_args(Phase) if phase != "ended")
RUNGS: Final[tuple[str, ...]] = get_args(get_type_hints(Rung)["rung"])
DIRECTIONS: Final = ("in", CALLBACK)
AGI_COUNTS: Final = (
    "sessions",
    "failed",
    "unknown_route",
    "probes",
    "cut_off",
    "bad_environment",
    "slow_environment",
    "crowded_out",
)


@dataclass(frozen=True, slots=True)
class Parts:
    """What it reads."""

    version: str
    city: str
    board: Switchboard
    wall: Callable[[], float]
    queues: Callable[[], Collection[str]]
    """Those the city has, whether anybody waits or not."""
    tally: LiveFigures
    offers: OfferTimes
    owed: Callable[[], tuple[int, int] | None]
    """Callback tasks (`Callbacks.owed`)."""
    records: Records
    live: RedisLive
    observe: Ami
    act: Ami
    agi: AgiServer
    speech: Callable[[], Pool | None]
    """None: no model."""
    lag: LoopLag
    health: Callable[[], Mapping[str, Any]]
    alerts: Callable[[], Mapping[tuple[str, str, bool], int]]
    """Those that are up, by kind, severity, and whether somebody has acknowledged them."""
    monotonic: Callable[[], float]


class Exposition:
    """The figures of one daemon that decides."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._process = CollectorRegistry()
        ProcessCollector(registry=self._process)
        GCCollector(registry=self._process)

    async def text(self) -> bytes:
        """In Prometheus' text format."""
        return await asyncio.to_thread(self._written, list(self.live()))

    def live(self) -> Iterator[Metric]:
        """What is read from the live picture, on the event loop."""
        parts = self._parts
        yield gauge(
            "yihu_build_info", "1; the version that runs", ("version", "city"), [((parts.version, parts.city), 1)]
        )
        yield from self._calls()
        yield from self._ended_calls()
        yield from self._agents()
        yield from self._callbacks()
        yield from self._storage()
        yield from self._asterisk()
        yield from self._speech()
        told = parts.health()["parts"]
        rows: list[Row] = [((name,), float(bool(part["ok"]))) for name, part in told.items()]
        yield gauge("yihu_part_ok", "1 if this part is well: as /api/health says it", ("part",), rows)
        up = parts.alerts()
        yield gauge(
            "yihu_alerts",
            "Alerts that are up",
            ("kind", "severity", "acknowledged"),
            [
                ((kind, severity, str(seen).lower()), up.get((kind, severity, seen), 0))
                for kind in Kind
                for severity in Severity
                for seen in (False, True)
            ],
        )
        yield histogram(
            "yihu_event_loop_lag_seconds", "How late the event loop was, looked at four times a second", parts.lag.late
        )

    def _written(self, live: list[Metric]) -> bytes:
        backlog = gauge(
            "yihu_records_backlog_bytes",
            "Bytes of the journal that are not in the database yet",
            rows=[((), self._parts.records.drainer.lag_bytes)],
        )
        return written([*live, backlog, *self._process.collect()])

    def _calls(self) -> Iterator[Metric]:
        board, now = self._parts.board, self._parts.wall()
        phases: Counter[tuple[str, str]] = Counter()
        queues = dict.fromkeys(self._parts.queues(), 0)
        longest = dict.fromkeys(queues, 0.0)
        for call in board.calls.values():
            phases[call.phase, _direction(call)] += 1
            if call.phase == "queue" and call.need is not None and _direction(call) == "in":
                queue = call.need.queue
                queues[queue] = queues.get(queue, 0) + 1
                longest[queue] = max(longest.get(queue, 0.0), now - call.waits_since)
        yield gauge(
            "yihu_calls",
            "Live calls; direction callback: of ours to a citizen",
            ("phase", "direction"),
            [((phase, one), phases[phase, one]) for phase in PHASES for one in DIRECTIONS],
        )
        yield gauge(
            "yihu_queue_waiting_calls",
            "Callers on the line who wait for an agent and ring nowhere",
            ("queue",),
            _by(queues),
        )
        yield gauge(
            "yihu_queue_longest_wait_seconds",
            "Of those who wait now; 0 while nobody does. A place kept from an earlier call is not in it",
            ("queue",),
            _by(longest),
        )
        on = board.rungs()
        yield gauge(
            "yihu_surge_rung_on",
            "1 while this rung of the surge ladder is on",
            ("rung",),
            [((rung,), float(rung in on)) for rung in RUNGS],
        )

    def _ended_calls(self) -> Iterator[Metric]:
        tally = self._parts.tally
        yield counter("yihu_calls_arrived", "Citizens' calls; from 0 at each start of the daemon", tally.arrived)
        yield counter(
            "yihu_calls_answered",
            "Calls that a person answered, counted when they end; from 0 at each start of the daemon",
            tally.ended.answered,
        )
        yield counters(
            "yihu_calls_lost",
            "Calls that no person answered by where they ended, counted then (place none: self-service, nothing was "
            "lost); from 0 at each start of the daemon",
            ("place",),
            [((place,), tally.ended.lost[place]) for place in LOSS_PLACES],
        )
        today = tally.today()
        yield gauge(
            "yihu_today_calls",
            "Calls that arrived since midnight, local time, and are answered or over: the denominator of the "
            "connection rate. Missing until what was before the start is read from the records",
            rows=[] if today is None else [((), today.count)],
        )
        yield gauge(
            "yihu_today_answered_calls",
            "Those of yihu_today_calls that a person answered: the numerator of the connection rate",
            rows=[] if today is None else [((), today.answered)],
        )
        yield gauge(
            "yihu_today_lost_calls",
            "Those of yihu_today_calls that no person answered, by where they ended (place none: self-service)",
            ("place",),
            [] if today is None else [((place,), today.lost[place]) for place in LOSS_PLACES],
        )
        yield gauge(
            "yihu_today_connection_rate_ratio",
            "connection_rate of today: answered by a person / all calls that arrived. Missing while there is no call",
            rows=[((), today.answered / today.count)] if today is not None and today.count else [],
        )

    def _agents(self) -> Iterator[Metric]:
        now, queues = self._parts.wall(), list(self._parts.queues())
        states: Counter[State] = Counter()
        in_queue: Counter[tuple[str, State]] = Counter()
        for desk in self._parts.board.desks.values():
            state = desk.state(now)
            states[state] += 1
            for queue in queues:
                if queue in desk.agent.skills:
                    in_queue[queue, state] += 1
        yield gauge("yihu_agents", "Agents of the roster", ("state",), [((str(one),), states[one]) for one in State])
        yield gauge(
            "yihu_queue_agents",
            "Agents who have the skill of this queue; who has several counts in each",
            ("queue", "state"),
            [((queue, str(one)), in_queue[queue, one]) for queue in queues for one in State],
        )
        yield histogram(
            "yihu_offer_delay_seconds",
            "From the moment at which a caller and an agent whom his need allowed were both there to the offer",
            self._parts.offers.to_offer,
        )
        yield histogram(
            "yihu_ring_delay_seconds",
            "From the offer to Asterisk's word that it calls the agent's telephone",
            self._parts.offers.to_ring,
        )

    def _callbacks(self) -> Iterator[Metric]:
        owed = self._parts.owed()
        yield gauge(
            "yihu_callback_tasks",
            "Citizens whom we owe a call: requested, who asked for it; missed, who were lost. Missing until the tasks "
            "are read from the records",
            ("kind",),
            [] if owed is None else list(zip((("requested",), ("missed",)), owed, strict=True)),
        )

    def _storage(self) -> Iterator[Metric]:
        journal, drainer, live = self._parts.records.journal, self._parts.records.drainer, self._parts.live
        yield counter("yihu_journal_lines", "Milestones put on disk since the start", journal.written)
        yield counter("yihu_journal_bytes", "What the journal has put on disk since the start", journal.written_bytes)
        yield counter(
            "yihu_journal_lost_lines", "Milestones lost because the disk failed for too long", journal.dropped
        )
        yield gauge("yihu_journal_pending_lines", "Milestones that are not on disk yet", rows=[((), journal.pending)])
        yield gauge(
            "yihu_journal_oldest_pending_seconds",
            "Age of the oldest milestone that is not on disk yet",
            rows=[((), journal.lag_ms / 1000)],
        )
        yield gauge(
            "yihu_journal_free_bytes",
            "Free on the journal's disk, looked at every five seconds while there is something to write",
            rows=[] if journal.free_bytes is None else [((), journal.free_bytes)],
        )
        yield histogram("yihu_journal_fsync_seconds", "How long the disk took for each batch", journal.syncs)
        yield gauge("yihu_sql_up", "1 if the database takes what is brought to it", rows=[((), drainer.reachable)])
        yield gauge(
            "yihu_records_behind_seconds",
            "Since when the database has not had everything: no milestone that it lacks is older; 0 when it has",
            rows=[((), drainer.behind_s)],
        )
        yield counter("yihu_records_lines", "Milestones that were new to the database", drainer.drained_total)
        yield counter("yihu_records_refused_lines", "Milestones that the database refused", drainer.refused)
        yield gauge("yihu_redis_up", "1 if Redis takes the live picture", rows=[((), live.state.ok)])
        yield counter("yihu_redis_dropped_lines", "Milestones that watchers on Redis were not sent", live.dropped)

    def _asterisk(self) -> Iterator[Metric]:
        ami = {"observe": self._parts.observe, "act": self._parts.act}
        now, of = self._parts.monotonic(), ("connection",)

        def each(figure: Callable[[Ami], float]) -> list[Row]:
            return [((name,), figure(one)) for name, one in ami.items()]

        yield gauge("yihu_ami_connected", "1 while logged in at Asterisk", of, each(lambda one: one.connected))
        yield gauge(
            "yihu_ami_synced", "1 while the picture of Asterisk is whole and follows it", of, each(lambda o: o.synced)
        )
        yield gauge(
            "yihu_ami_silence_seconds",
            "Since Asterisk last sent anything; it answers a ping each second",
            of,
            each(lambda one: now - one.last_seen),
        )
        yield counters("yihu_ami_connections", "Log-ins at Asterisk", of, each(lambda one: one.connections))
        yield counters("yihu_ami_events", "Events believed", of, each(lambda one: one.events))
        yield counters("yihu_ami_refused_events", "Messages not believed", of, each(lambda o: o.refused_events))
        yield counters("yihu_ami_timeouts", "Actions not answered in time", of, each(lambda one: one.timeouts))
        replies = HistogramMetricFamily(
            "yihu_ami_reply_seconds", "How long Asterisk took to answer", labels=("connection", "kind")
        )
        for name, one in ami.items():
            for asked, spread in one.replies.items():
                replies.add_metric((name, asked), *buckets(spread))
        yield replies
        agi = self._parts.agi
        yield gauge("yihu_agi_sessions", "Calls and errands that FastAGI serves now", rows=[((), agi.sessions)])
        yield counters(
            "yihu_agi_events",
            "What came to FastAGI: sessions, those of them that failed, and connections that were none",
            ("event",),
            [((name,), agi.counts[name]) for name in AGI_COUNTS],
        )

    def _speech(self) -> Iterator[Metric]:
        pool = self._parts.speech()
        usable = pool.usable if pool is not None else []
        yield gauge("yihu_speech_workers", "Speech workers that are ready", rows=[((), len(usable))])
        yield gauge(
            "yihu_speech_streams",
            "Speakers who can be listened to at one moment",
            rows=[((), pool.streams if pool is not None else 0)],
        )
        yield gauge(
            "yihu_speech_live_streams",
            "Speakers who are listened to now",
            rows=[((), len(pool.live) if pool is not None else 0)],
        )
        yield gauge(
            "yihu_speech_behind_seconds",
            "Sound that no worker has understood yet, of the stream that is worst off",
            rows=[((), pool.behind_s if pool is not None else 0.0)],
        )
        speeds = [worker.ready.real_time for worker in usable if worker.ready.real_time is not None]
        yield gauge(
            "yihu_speech_real_time_ratio",
            "Processor seconds for a second of speech, of the slowest worker when it was started",
            rows=[((), max(speeds))] if speeds else [],
        )
        yield counter(
            "yihu_speech_worker_restarts",
            "Workers started in the place of another one",
            pool.restarts if pool is not None else 0,
        )
        yield counters(
            "yihu_speech_streams_ended",
            "Live streams that are over; put_off: others needed the streams more",
            ("purpose", "reason"),
            [
                ((purpose, reason), pool.ended[purpose, reason] if pool is not None else 0)
                for purpose in get_args(Purpose)
                for reason in get_args(EndReason)
            ],
        )


def _direction(call: Call) -> str:
    return CALLBACK if call.facts.get("direction") == CALLBACK else "in"


def _by(figures: Mapping[str, float]) -> list[Row]:
    return [((name,), figure) for name, figure in figures.items()]
