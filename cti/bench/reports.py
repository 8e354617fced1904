"""How long a month's report takes with so many calls, from the sums kept by half hour and from the calls themselves.

The calls are generated straight into SQL: records folded from made-up timelines of some thousand shapes, each set to
its own time and number, with their arrivals and what they did at agents' desks as milestones. Each phase runs in a
process of its own, so that its peak of memory is its own.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import date
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from agents.schedule import Schedule
from cti.calls import AgentFact, CallFact, CallId, Milestone, Need, Value
from cti.metrics.groups import Period
from cti.metrics.half_hours import HALF_HOUR_S
from cti.metrics.record import CallRecord, fold
from cti.metrics.spans import Span
from cti.metrics.tables import Table
from cti.metrics.tally import By, Grouping
from cti.storage.agents_time import AgentsTime
from cti.storage.report_tables import read_tally
from cti.storage.sql import SqlStore
from cti.storage.store import DESK_FACTS

ZONE = ZoneInfo("Asia/Shanghai")
SPAN = Span("month", date(2026, 10, 1))
BYS: tuple[By, ...] = ("day", "queue", "agent")
_NOW = SPAN.period(ZONE).until + 7200.0
_SHAPES = 3000
_QUEUES = 12
_NUMBERS = ("12345", "12333", "12315", "12328", "12319")
_CALLS_OF_AN_AGENT = 1600
"""In a month."""
_AT_ONCE = 2000
_BY_HOUR = (1, 1, 1, 1, 1, 1, 2, 6, 14, 18, 17, 13, 9, 10, 15, 17, 16, 13, 8, 6, 5, 4, 3, 2)
"""Calls of each hour of a day, beside one another."""


@dataclass(frozen=True, slots=True)
class Phase:
    seconds: float
    cpu_s: float
    """Of its own processor time: other programs of the machine are not in it, nor is PostgreSQL."""
    peak_mb: float
    """Of memory of the process that did nothing else."""


@dataclass(frozen=True, slots=True)
class Result:
    calls: int
    database: str
    generated: Phase
    made_calls: Phase
    """All roll-ups of calls, by both keys, without the rests that the daemon takes."""
    made_agents: Phase
    from_sums: dict[str, Phase]
    from_calls: dict[str, Phase]
    same: bool
    """Whether every report says the same both ways."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def measure(calls: int, address: str | None, seed: int) -> Result:
    """`address`: of an empty PostgreSQL; None: SQLite in a folder that goes away again. StoreError."""
    with tempfile.TemporaryDirectory(prefix="yihu-bench-reports-") as folder:
        url = address or f"sqlite:///{Path(folder) / 'yihu.db'}"
        generated, _ = _alone(_generate, url, calls, seed)
        made_calls, _ = _alone(_make_calls, url)
        made_agents, _ = _alone(_make_agents, url)
        from_sums: dict[str, Phase] = {}
        from_calls: dict[str, Phase] = {}
        same = True
        for by in BYS:
            from_sums[by], kept = _alone(_report, url, by, False)
            from_calls[by], told = _alone(_report, url, by, True)
            same = same and kept == told
        database = "PostgreSQL" if address else "SQLite"
        return Result(calls, database, generated, made_calls, made_agents, from_sums, from_calls, same)


def _alone(job: Callable[..., Any], *args: Any) -> tuple[Phase, Any]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        seconds, cpu_s, peak_mb, given = process.submit(_measured, job, args).result()
    return Phase(round(seconds, 2), round(cpu_s, 2), round(peak_mb, 1)), given


def _measured(job: Callable[..., Any], args: tuple[Any, ...]) -> tuple[float, float, float, Any]:
    began, cpu = time.monotonic(), time.process_time()
    given = job(*args)
    seconds, cpu_s = time.monotonic() - began, time.process_time() - cpu
    status = Path("/proc/self/status").read_text()
    peak_kb = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
    return seconds, cpu_s, peak_kb / 1024, given


def _report(url: str, by: By, from_calls: bool) -> dict[str, Any]:
    """What `yihu report 2026-10 --by …` reads, and the table that it makes of it."""
    store = SqlStore.open(url)
    try:
        grouping = Grouping(by, SPAN.period(ZONE), ZONE, Schedule())
        table = Table.of(SPAN, read_tally(store, grouping, _NOW, from_calls=from_calls))
        store.open_calls(table.reach.since, table.reach.until)
        return table.as_json()
    finally:
        store.close()


def _make_calls(url: str) -> None:
    store = SqlStore.open(url)
    period = SPAN.period(ZONE)
    for half_hour in range(int(period.since), int(period.until), HALF_HOUR_S):
        store.kept.make_calls(half_hour, _NOW)
    store.close()


def _make_agents(url: str) -> None:
    store = SqlStore.open(url)
    agents = AgentsTime(store)
    while agents.step(SPAN.period(ZONE), _NOW) is not None:
        pass
    store.close()


def _generate(url: str, calls: int, seed: int) -> None:
    store, rng = SqlStore.open(url), random.Random(seed)
    agents = max(5, calls // _CALLS_OF_AN_AGENT)
    shapes = [_shape(rng, agents) for _ in range(_SHAPES)]
    for day in _days(SPAN.period(ZONE)):
        with store.transaction() as connection:
            store.put_milestones(connection, list(_agents_of(day, agents)))
    made = _calls(rng, shapes, calls)
    while batch := list(islice(made, _AT_ONCE)):
        with store.transaction() as connection:
            store.put_records(connection, [(record, ()) for record, _ in batch])
            store.put_milestones(connection, [m for _, milestones in batch for m in milestones])
    store.close()


def _days(period: Period) -> Iterator[float]:
    at = period.since
    while at < period.until:
        yield at
        at += 86_400.0


def _agents_of(midnight: float, agents: int) -> Iterator[Milestone]:
    """They work from eight to eight."""
    for n in range(agents):
        said: list[tuple[float, AgentFact, dict[str, Value]]] = [
            (8.0, AgentFact.LOGGED_IN, {}),
            (8.01, AgentFact.STATUS, {"status": "ready", "reason": ""}),
            (20.0, AgentFact.LOGGED_OUT, {"reason": "logout"}),
        ]
        for k, (hour, kind, data) in enumerate(said):
            seq = int(midnight) * 10 + k
            yield Milestone("agent", f"a{1000 + n}", seq, midnight + hour * 3600 + n / 100, kind, data)


def _calls(
    rng: random.Random, shapes: list[tuple[CallRecord, list[Milestone]]], calls: int
) -> Iterator[tuple[CallRecord, list[Milestone]]]:
    """By arrival within each day, the days one after the other."""
    period = SPAN.period(ZONE)
    days = list(_days(period))
    hours = range(24)
    for n, midnight in enumerate(days):
        count = calls * (n + 1) // len(days) - calls * n // len(days)
        times = sorted(h * 3600.0 + rng.random() * 3600.0 for h in rng.choices(hours, _BY_HOUR, k=count))
        for k, at in enumerate(times):
            record, milestones = rng.choice(shapes)
            yield _moved(record, milestones, f"b{n}-{k}", round(midnight + at, 3), rng)


def _moved(
    record: CallRecord, milestones: list[Milestone], call_id: str, at: float, rng: random.Random
) -> tuple[CallRecord, list[Milestone]]:
    """The same call at another time, of somebody else."""

    def later(moment: float | None) -> float | None:
        return None if moment is None else moment + at

    moved = replace(
        record,
        call_id=CallId(call_id),
        pii_caller=f"139{rng.randrange(10**8):08}",
        sip_call_id=f"{call_id}@bench",
        arrived_at=at,
        menu_entered_at=later(record.menu_entered_at),
        human_asked_at=later(record.human_asked_at),
        queued_at=later(record.queued_at),
        first_offered_at=later(record.first_offered_at),
        answered_at=later(record.answered_at),
        ended_at=later(record.ended_at),
        segments=tuple(replace(one, begins=one.begins + at, ends=later(one.ends)) for one in record.segments),
        recordings=(),
    )
    return moved, [Milestone("call", call_id, m.seq, m.at + at, m.kind, m.data) for m in milestones]


def _shape(rng: random.Random, agents: int) -> tuple[CallRecord, list[Milestone]]:
    """A call at time 0, and those of its milestones that reports read."""
    timeline = [
        Milestone("call", "shape", n, at, kind, data) for n, (at, kind, data) in enumerate(_told(rng, agents), 1)
    ]
    wanted = [m for m in timeline if m.kind == CallFact.ARRIVED or m.kind in DESK_FACTS]
    return fold(timeline), wanted


def _told(rng: random.Random, agents: int) -> Iterator[tuple[float, CallFact, dict[str, Value]]]:
    number = rng.choice(_NUMBERS)
    facts: dict[str, Value] = {"pii_caller": "x", "dialled": number, "original": "", "city": "dongguan"}
    facts |= {"mode": "dual", "statistics": number, "medium": "voice", "sip_call_id": "x", "flow": "city"}
    yield 0.0, CallFact.ARRIVED, {**facts, "flow_version": "4f1a", "direction": "in"}
    at = round(rng.uniform(1, 8), 3)
    yield at, CallFact.ENTERED, {"node": "menu", "type": "gather"}
    yield at, CallFact.MENU_ENTERED, {"node": "menu"}
    at += round(rng.expovariate(1 / 8), 3)
    if rng.random() < 0.12:
        yield at, CallFact.ENDED, {"side": "caller", "place": "menu", "lost_at": "menu", "estimated": False}
        return
    yield at, CallFact.HUMAN_ASKED, {"by": "key"}
    queue = f"queue{rng.randrange(_QUEUES)}"
    yield at + 1, CallFact.QUEUED, {"queue": queue, "need": Need(queue).to_text()}
    at += 1 + round(rng.expovariate(1 / 20), 3)
    if rng.random() < 0.15:
        lost: dict[str, Value] = {"side": "caller", "place": "queue", "lost_at": "queue", "estimated": False}
        yield at, CallFact.ENDED, lost
        return
    n = 1
    if rng.random() < 0.1:
        agent = f"a{1000 + rng.randrange(agents)}"
        yield at, CallFact.OFFERED, {"agent": agent, "n": n, "why": "{}"}
        at += 12
        yield at, CallFact.OFFER_FAILED, {"agent": agent, "n": n, "outcome": "no_answer"}
        n = 2
    agent = f"a{1000 + rng.randrange(agents)}"
    yield at, CallFact.OFFERED, {"agent": agent, "n": n, "why": "{}"}
    at += round(rng.uniform(1, 9), 3)
    yield at, CallFact.ANSWERED, {"agent": agent, "n": n}
    talk_s = round(rng.expovariate(1 / 180), 3)
    at += talk_s
    yield at, CallFact.TALK_ENDED, {"agent": agent, "n": n, "side": "agent", "talk_s": talk_s}
    yield at + 1, CallFact.SURVEY_OFFERED, {"scale": 3}
    if rng.random() < 0.5:
        yield at + 4, CallFact.RATED, {"score": 1, "satisfied": True}
    yield at + 6, CallFact.ENDED, {"side": "caller", "place": "survey", "lost_at": None, "estimated": False}
