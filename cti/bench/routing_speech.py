"""What listening to every talk costs routing: from an agent who becomes free to the INVITE at him, the same load with
speech and without, in turns.

With it each side of each talk is a stream that somebody speaks on without a pause, more of them than the workers bear:
so their whole budget is used all the time. A third turn tells what of that is the machine's: nobody listens, and a
worker of the same kind works without a pause on something that has nothing to do with calls. Where two processors are
the threads of one core, or a virtual machine shares them, any work on the other one makes calls slower.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from cti.bench.errors import BenchError
from cti.bench.own_worker import own_worker, transcribe
from cti.bench.request_set import spoken
from cti.bench.routing import loads
from cti.bench.timing import Samples, figures
from cti.bench.timing import measure as measured
from cti.demo import audio
from cti.demo.client import Stack
from cti.demo.director import Director
from cti.demo.plan import AgentManner, Outcome, Plan
from cti.demo.sipp import Server
from cti.demo.stack import own_stack
from cti.metrics.report import Waits
from cti.numbers import Did
from cti.settings import Settings, Speech
from cti.speech.models import choose
from cti.tickets.form import load_form

NUMBER: Final = "19999"
LIMIT: Final = 1.2
"""What is asked for: p99 with speech beside p99 without."""
_OFF: Final = 'speech = {model = "off"}'
_READY_S: Final = 60.0
_LOOK_S: Final = 0.5
_DRAWS: Final = 2000


@dataclass(slots=True)
class Side:
    """One of the three."""

    to_invite_ms: list[float] = field(default_factory=list)
    not_taken: int = 0
    streams: int = 0
    """That there are."""
    live: list[int] = field(default_factory=list)
    """How many were used, looked at now and then while the load was on."""

    def as_json(self) -> dict[str, Any]:
        live = sorted(self.live)
        return {
            "agent_free_to_invite_ms": figures(self.to_invite_ms),
            "calls_not_taken": self.not_taken,
            "streams": self.streams,
            "streams_used_p50": live[len(live) // 2] if live else 0,
            "streams_used_max": max(live, default=0),
        }


Setting = Literal["without", "with_speech", "busy_beside"]


@dataclass(frozen=True, slots=True)
class Result:
    sides: dict[Setting, Side]
    calls: int
    agents: int
    rate: float
    rounds: int
    seconds: float

    def ratio(self, one: Setting, other: Setting, seed: int = 1) -> dict[str, Any]:
        """one / other, and for p99 where it is with 95 % certainty, by drawing samples anew."""
        ours, theirs = self.sides[one].to_invite_ms, self.sides[other].to_invite_ms
        now, then = figures(ours), figures(theirs)
        names = ("p50", "p95", "p99", "max")
        found: dict[str, Any] = {n: round(now[n] / then[n], 3) if now[n] and then[n] else None for n in names}  # type: ignore[operator]
        return found | {"p99_interval": _interval(ours, theirs, random.Random(seed)) if ours and theirs else None}

    def as_json(self) -> dict[str, Any]:
        return {
            **{name: side.as_json() for name, side in self.sides.items()},
            "ratio_with_to_without": self.ratio("with_speech", "without"),
            "ratio_busy_beside_to_without": self.ratio("busy_beside", "without"),
            "ratio_with_to_busy_beside": self.ratio("with_speech", "busy_beside"),
            "asked_ratio_p99": LIMIT,
            "calls_each": self.calls,
            "agents": self.agents,
            "rate": self.rate,
            "rounds": self.rounds,
            "seconds": round(self.seconds, 1),
        }


def _interval(ours: Sequence[float], theirs: Sequence[float], rng: random.Random) -> list[float]:
    """Percentile bootstrap of the ratio of p99 (Efron, 1979)."""

    def p99(samples: Sequence[float]) -> float:
        return Waits.of(rng.choices(samples, k=len(samples))).p99 or 0.0

    ratios = sorted(p99(ours) / p99(theirs) for _ in range(_DRAWS))
    return [round(ratios[int(_DRAWS * part)], 3) for part in (0.025, 0.975)]


async def compare(calls: int, agents: int, rate: float, rounds: int, seed: int) -> Result:
    """`calls` of each of the three, in `rounds` turns of each, every turn on a new stack of its own.

    What bench.routing.compare raises.
    """
    began = time.monotonic()
    sides: dict[Setting, Side] = {"without": Side(), "with_speech": Side(), "busy_beside": Side()}
    for n in range(rounds):
        order = list(sides) if n % 2 == 0 else list(reversed(sides))
        for name in order:
            await _turn(sides[name], name, max(1, calls // rounds), agents, rate, f"{seed} {n}")
    return Result(sides, calls, agents, rate, rounds, time.monotonic() - began)


@asynccontextmanager
async def _busy(settings: Settings) -> AsyncIterator[None]:
    """A speech worker that understands one recording after the other, for nobody."""
    chosen = choose(Speech().model, settings.models_dir)
    sounds = [audio.decode(one.sound.read_bytes()) for one in spoken(load_form())]
    async with own_worker(chosen, settings.log_dir / "beside.log") as pool:

        async def work() -> None:
            for sound in itertools.cycle(sounds):
                await transcribe(pool, sound)

        working = asyncio.create_task(work())
        try:
            yield
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)


async def _turn(side: Side, name: Setting, calls: int, agents: int, rate: float, seed: str) -> None:
    numbers = (Did(number="12345", flow="city"), Did(number=NUMBER, flow="bench"))
    load = loads(agents, rate)["busy"]
    async with AsyncExitStack() as opened:
        off = "" if name == "with_speech" else _OFF
        settings = await opened.enter_async_context(own_stack(numbers, 0.0, 15.0, off))
        stack = await opened.enter_async_context(Stack(settings))
        if name == "with_speech":
            side.streams = await _streams(stack)
        elif name == "busy_beside":
            await opened.enter_async_context(_busy(settings))
        made = await stack.add_test_agents(agents, {"general": 3}, "bench", 0.0)
        ids = [agent.id for agent in made]
        with tempfile.TemporaryDirectory(prefix="yihu-sipp-") as folder:
            server = Server(settings.asterisk.host, settings.asterisk.sip_port)
            manner = AgentManner(random.Random(seed), load.talk_s, load.answer_s)
            sounds = [one.sound.read_bytes() for one in spoken(load_form())]
            async with Director(server, Path(folder), manner, sounds) as director:
                await director.add_agents({agent.id: agent.sip_password for agent in made})
                for agent in ids:
                    await stack.set_status(agent, "ready", "bench")
                plans = [Plan(f"136{n:08d}", NUMBER, Outcome.CHOOSES_NO_RATING, sample=n) for n in range(calls)]
                looking = asyncio.create_task(_look(stack, side))
                try:
                    await director.place(plans, load.rate, 120.0)
                finally:
                    looking.cancel()
                    await asyncio.gather(looking, return_exceptions=True)
                found: Samples = measured(director.account, ids, {plan.number for plan in plans})
                side.to_invite_ms += found.agent_free_to_invite
                talked = {leg.caller for leg in director.account.legs.values() if leg.confirmed_at is not None}
                side.not_taken += sum(plan.number not in talked for plan in plans)


async def _streams(stack: Stack) -> int:
    """How many streams there are, as soon as somebody listens."""
    ends = time.monotonic() + _READY_S
    while not (state := await stack.speech()).get("workers"):
        if time.monotonic() > ends:
            raise BenchError(f"no speech worker is ready after {_READY_S:g} s: {state.get('text', '')}")
        await asyncio.sleep(0.1)
    return int(state["streams"])


async def _look(stack: Stack, side: Side) -> None:
    while True:
        side.live.append(int((await stack.speech()).get("live", 0)))
        await asyncio.sleep(_LOOK_S)


_NAMES: dict[Setting, str] = {
    "without": "without speech",
    "with_speech": "with speech",
    "busy_beside": "without, a core busy beside it",
}


def said(result: Result) -> Sequence[str]:
    """For people."""
    lines = []
    for name, side in result.sides.items():
        row = side.as_json()
        shown = row["agent_free_to_invite_ms"]
        lines.append(
            f"{_NAMES[name]}: agent free to INVITE, ms: p50 {shown['p50']}, p95 {shown['p95']}, p99 {shown['p99']}, "
            f"max {shown['max']}; n = {shown['n']}"
            + (f"; streams used {row['streams_used_p50']} (p50) of {row['streams']}" if side.streams else "")
            + (f"; calls that no agent took: {side.not_taken}" if side.not_taken else "")
        )
    pairs: tuple[tuple[Setting, Setting], ...] = (
        ("with_speech", "without"),
        ("busy_beside", "without"),
        ("with_speech", "busy_beside"),
    )
    for one, other in pairs:
        ratio = result.ratio(one, other)
        low, high = ratio["p99_interval"] or (None, None)
        lines.append(f"{one} / {other}: p50 {ratio['p50']}, p95 {ratio['p95']}, p99 {ratio['p99']} ({low} to {high})")
    lines.append(
        f"asked: p99 with / without at most {LIMIT:g}; {result.agents} agents, {result.rate:g} calls/s, "
        f"{result.rounds} turns each, {result.seconds:.0f} s"
    )
    return lines
