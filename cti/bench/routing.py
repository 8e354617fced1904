"""Our router and Asterisk's own app_queue side by side: same Asterisk, same telephones, same calls, in turns.

Two loads in each round: more calls than the agents can take (what an agent who has just become free waits for), and
few calls with an agent always idle (what a fresh call waits for).
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cti import secrets
from cti.asterisk.server import AsteriskServer
from cti.bench.errors import BenchError
from cti.bench.timing import Samples, figures, measure
from cti.demo import audio
from cti.demo.client import Stack, TestAgent
from cti.demo.director import Director
from cti.demo.plan import AgentManner, Outcome, Plan
from cti.demo.sipp import Server
from cti.demo.stack import own_stack
from cti.numbers import Did
from cti.programs import find_asterisk
from cti.settings import Settings

OURS, APP_QUEUE = "ours", "app_queue"
_NUMBERS = {OURS: "19999", APP_QUEUE: "19998"}
_ADDITIONS = Path(__file__).with_name("app_queue.conf")
METRICS = ("agent_free_to_invite_ms", "idle_to_invite_ms")


@dataclass(frozen=True, slots=True)
class Load:
    rate: float
    talk_s: tuple[float, float]
    answer_s: tuple[float, float]


def loads(agents: int, rate: float) -> dict[str, Load]:
    """busy: a third more calls than the agents can take; idle: a quarter of them busy."""
    mean_s = 1.33 * agents / rate - 0.2
    idle_s = max(0.3, 0.25 * agents / rate - 0.2)
    return {
        "busy": Load(rate, (0.6 * mean_s, 1.4 * mean_s), (0.1, 0.3)),
        "idle": Load(rate, (0.6 * idle_s, 1.4 * idle_s), (0.1, 0.3)),
    }


@dataclass(frozen=True, slots=True)
class Result:
    calls: int
    agents: int
    registered: int
    rate: float
    rounds: int
    seconds: float
    samples: dict[str, Samples]
    failed: dict[str, int]
    """Calls that no agent took, by system; figures of a run with any are not worth much"""

    def figures(self, system: str) -> dict[str, dict[str, float | int | None]]:
        samples = self.samples[system]
        return dict(zip(METRICS, (figures(samples.agent_free_to_invite), figures(samples.idle_to_invite)), strict=True))

    def ratio(self, metric: str, which: str) -> float | None:
        """app_queue / ours; above 1 we are quicker."""
        ours, theirs = (self.figures(system)[metric][which] for system in (OURS, APP_QUEUE))
        return round(theirs / ours, 2) if ours and theirs and ours > 0 else None

    def remarks(self) -> list[str]:
        """Who is quicker where, with figures."""
        said = []
        for metric in METRICS:
            ours, theirs = (self.figures(system)[metric] for system in (OURS, APP_QUEUE))
            for which in ("p50", "p95"):
                a, b = ours[which], theirs[which]
                if a is not None and b is not None and a != b:
                    quicker = "ours is quicker" if a < b else "app_queue is quicker"
                    said.append(f"{metric} {which}: {quicker} ({a:g} ms ours, {b:g} ms app_queue)")
        return said

    def as_json(self) -> dict[str, Any]:
        ratios = {m: {which: self.ratio(m, which) for which in ("p50", "p95", "p99", "max")} for m in METRICS}
        return {
            **self.figures(OURS),
            APP_QUEUE: self.figures(APP_QUEUE),
            "ratio_app_queue_to_ours": ratios,
            "remarks": self.remarks(),
            "calls_each": self.calls,
            "agents": self.agents,
            "registered": self.registered,
            "rate": self.rate,
            "rounds": self.rounds,
            "calls_not_taken": self.failed,
            "seconds": round(self.seconds, 1),
        }


async def compare(calls: int, agents: int, registered: int, rate: float, rounds: int, seed: int) -> Result:
    """`calls` busy ones and half as many idle ones for each system, in `rounds` turns, on a stack of its own.

    `agents` work; as many more as make `registered` are there with their telephones and on a break.

    Raises BenchError, StackFailed, StackRefused, SippError, ProgramMissing.
    """
    began = time.monotonic()
    did = (Did(number="12345", flow="city"), Did(number=_NUMBERS[OURS], flow="bench"))
    # app_queue's calls are not listened to either.
    async with own_stack(did, 0.0, 15.0, 'speech = {model = "off"}') as settings, Stack(settings) as stack:
        asterisk = await asyncio.to_thread(_add_app_queue, settings)
        made = await stack.add_test_agents(max(agents, registered), {"general": 3}, "bench", 0.0)
        with tempfile.TemporaryDirectory(prefix="yihu-sipp-") as folder:
            server = Server(settings.asterisk.host, settings.asterisk.sip_port)
            manner = AgentManner(random.Random(seed))
            async with Director(server, Path(folder), manner, [audio.load(audio.sample_names()[0])]) as director:
                await director.add_agents({agent.id: agent.sip_password for agent in made})
                await asyncio.to_thread(_rest, asterisk, made[agents:])
                turns = _Turns(stack, asterisk, director, made[:agents], seed)
                for n in range(rounds):
                    # Who begins changes, so that a machine that warms up or tires favours neither.
                    for system in (OURS, APP_QUEUE) if n % 2 == 0 else (APP_QUEUE, OURS):
                        await turns.one(system, n, max(1, calls // rounds), loads(agents, rate))
    seconds = time.monotonic() - began
    return Result(calls, agents, len(made), rate, rounds, seconds, turns.samples, turns.failed)


def _rest(asterisk: AsteriskServer, agents: Sequence[TestAgent]) -> None:
    """To app_queue too they are members on a break; to us they are since they were made."""
    for agent in agents:
        asterisk.cli("queue", "add", "member", f"PJSIP/{agent.id}", "to", "bench")
        asterisk.cli("queue", "pause", "member", f"PJSIP/{agent.id}", "queue", "bench")


def _add_app_queue(settings: Settings) -> AsteriskServer:
    """Gives the running Asterisk of this stack its second queue."""
    known = secrets.load_or_create(settings)
    asterisk = AsteriskServer(settings, find_asterisk(), known.ami_ro, known.ami_ctl)
    for part in _ADDITIONS.read_text(encoding="utf-8").split("; -- ")[1:]:
        name, _, text = part.partition("\n")
        with (settings.asterisk_etc / name.strip()).open("a", encoding="utf-8") as file:
            file.write("\n" + text)
    asterisk.cli("dialplan", "reload")
    asterisk.cli("queue", "reload", "all")
    if "bench" not in asterisk.cli("queue", "show"):
        raise BenchError("Asterisk did not take the queue to compare with: look into its messages.log")
    return asterisk


class _Turns:
    def __init__(
        self, stack: Stack, asterisk: AsteriskServer, director: Director, agents: Sequence[TestAgent], seed: int
    ) -> None:
        self.samples = {OURS: Samples([], []), APP_QUEUE: Samples([], [])}
        self.failed = {OURS: 0, APP_QUEUE: 0}
        self._stack, self._asterisk, self._director, self._agents = stack, asterisk, director, agents
        self._seed = seed
        self._number = 13800000000

    async def one(self, system: str, n: int, calls: int, kinds: dict[str, Load]) -> None:
        """One turn: both loads. The same seed for both systems, so that they get the same talks."""
        await self._hand_over(system)
        for name, count in (("busy", calls), ("idle", max(1, calls // 2))):
            load = kinds[name]
            self._director.manner = AgentManner(random.Random(f"{self._seed} {n} {name}"), load.talk_s, load.answer_s)
            plans = [self._plan(system) for _ in range(count)]
            await self._director.place(plans, load.rate, 120.0)
            numbers = {plan.number for plan in plans}
            samples = measure(self._director.account, [agent.id for agent in self._agents], numbers)
            # Each load gives the figure it is made for; a lucky moment of the other would mix two situations.
            if name == "busy":
                self.samples[system] += Samples(samples.agent_free_to_invite, [])
            else:
                self.samples[system] += Samples([], samples.idle_to_invite)
            talked = {leg.caller for leg in self._director.account.legs.values() if leg.confirmed_at is not None}
            self.failed[system] += len(numbers - talked)

    def _plan(self, system: str) -> Plan:
        self._number += 1
        return Plan(str(self._number), _NUMBERS[system], Outcome.CHOOSES_NO_RATING)

    async def _hand_over(self, system: str) -> None:
        """The agents work for one system only."""
        for agent in self._agents:
            await self._stack.set_status(agent.id, "ready" if system == OURS else "break", "bench")
            verb, word = ("remove", "from") if system == OURS else ("add", "to")
            await asyncio.to_thread(self._asterisk.cli, "queue", verb, "member", f"PJSIP/{agent.id}", word, "bench")
