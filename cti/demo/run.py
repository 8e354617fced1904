"""A demonstration: real SIP calls by citizens of every kind, agents who answer, and proof that all was recorded."""

from __future__ import annotations

import asyncio
import contextlib
import random
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cti.demo import audio
from cti.demo.client import Stack, TestAgent
from cti.demo.director import Director
from cti.demo.plan import AgentManner, Menu, Plan, draw
from cti.demo.progress import Display, Progress
from cti.demo.reconcile import Difference, offers_of, reached, reconcile
from cti.demo.shown import differing
from cti.demo.sipp import CITIZEN_HOST, Server
from cti.demo.stack import own_stack
from cti.metrics.record import CallRecord
from cti.metrics.report import Report
from cti.numbers import NUMBERS, Did, NumberTable, read_numbers
from cti.settings import Settings
from cti.watched_file import read_document

WRAP_UP_S = 1.0
OFFER_TIMEOUT_S = 4.0
"""Of a stack of our own: an offer that is left ringing should not make up half of a demonstration"""
_RECORDS_LIMIT_S = 20.0
_SHOWN_LIMIT_S = 5.0
_SKILLS = ({"general": 3, "enterprise": 4, "video": 2}, {"general": 3, "social_security": 4, "enterprise": 2})
"""Two kinds of agents, so that a caller's key decides who answers him first"""


class DemoRefused(Exception):
    """A demonstration would disturb somebody or cannot work here; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Result:
    seed: int
    agents: int
    own_stack: bool
    seconds: float
    report: Report
    differences: list[Difference]
    outcomes: dict[str, dict[str, int]]
    offers: dict[str, int]
    """What became of the calls that rang at agents: answered, no_answer, caller_left"""
    heard_s: float
    """Seconds of sound (no silence) that all citizens heard together"""
    complaints: list[str] = field(default_factory=list)
    """What SIPp found unexpected"""

    def as_json(self) -> dict[str, Any]:
        return {
            "demonstration": True,
            "reconciled": not self.differences,
            "differences": [str(difference) for difference in self.differences],
            **self.report.as_json(),
            "outcomes": {name: count["reached"] for name, count in self.outcomes.items()},
            "outcomes_planned": {name: count["planned"] for name, count in self.outcomes.items()},
            "agents": self.agents,
            "offers": self.offers,
            "seed": self.seed,
            "own_stack": self.own_stack,
            "sound_heard_s": round(self.heard_s, 1),
            "sipp_complaints": self.complaints,
            "seconds": round(self.seconds, 1),
        }


async def demonstrate(settings: Settings, calls: int, agents: int, rate: float, seed: int) -> Result:
    """Uses the stack that runs with these settings, or one of its own. Raises StackAway, StackRefused, StackFailed,
    DemoRefused, SippError, ProgramMissing."""
    began = time.monotonic()
    async with _stack(settings) as (used, is_own), Stack(used) as stack:
        with tempfile.TemporaryDirectory(prefix="yihu-sipp-") as folder:
            run = _Run(used, stack, Path(folder), is_own, calls, agents, rate, seed)
            report, differences, director = await run.play()
    outcomes = reached(director.account, director.plans, used.calls.survey_scale)
    heard_s = sum(director.heard_s.values())
    seconds = time.monotonic() - began
    offers = offers_of(director.account)
    return Result(seed, agents, is_own, seconds, report, differences, outcomes, offers, heard_s, director.complaints)


@contextlib.asynccontextmanager
async def _stack(settings: Settings) -> AsyncIterator[tuple[Settings, bool]]:
    async with Stack(settings) as stack:
        running = await stack.health() is not None
    if running:
        yield settings, False
        return
    # In working hours and out of them alike the callers of our own stack hear the menu; 12333 goes without one.
    shipped = read_numbers(NUMBERS, "").did
    did = (Did(number="12345", flow="city", entry="short_menu"), *(d for d in shipped if d.number != "12345"))
    async with own_stack(did, WRAP_UP_S, OFFER_TIMEOUT_S) as own:
        yield own, True


def _numbers(settings: Settings) -> NumberTable:
    return read_document(settings.documents / "numbers.toml", read_numbers, NUMBERS)


@dataclass(slots=True)
class _Run:
    settings: Settings
    stack: Stack
    folder: Path
    is_own: bool
    calls: int
    agents: int
    rate: float
    seed: int

    async def play(self) -> tuple[Report, list[Difference], Director]:
        await self._check()
        rng = random.Random(self.seed)
        # Numbers of their own for each run, so that a second run on the same stack is not taken for repeated calls.
        first = int(time.time()) % 90_000
        numbers = [did.number for did in _numbers(self.settings).did if did.flow == "city"]
        plans = draw(self.calls, rng, numbers, Menu(), self._full_after(), first)
        made = await self._hire()
        since = time.time() - 1.0
        try:
            director = await self._calls(plans, made, rng)
            records = await self._records(director, since)
            wall = await self._wallboard(director, records) if self.is_own else []
        finally:
            await self.stack.remove_test_agents()
        own = [record for record in records if self.is_own or record.sip_call_id in director.account.calls]
        scale = self.settings.calls.survey_scale
        differences = [*reconcile(director.account, director.plans, own, scale, alone=self.is_own), *wall]
        return Report.of([record for record in own if record.ended_at is not None]), differences, director

    async def _check(self) -> None:
        if CITIZEN_HOST not in self.settings.asterisk.trunk_addresses:
            raise DemoRefused(f"citizens call from {CITIZEN_HOST}: add it to asterisk.trunk_addresses of a test system")
        if busy := [row["id"] for row in await self.stack.agents() if row["state"] == "idle"]:
            raise DemoRefused(
                f"agents are ready for real calls ({', '.join(busy[:5])}) and a demonstration would ring them. "
                "Set them to a break, or stop the running stack: then a demonstration starts one of its own"
            )

    def _full_after(self) -> int:
        """Callers until all seats are surely taken and some wait."""
        return min(2 * self.agents + 2, 2 * self.calls // 3)

    async def _hire(self) -> list[TestAgent]:
        if self.agents == 1:
            skills = [{name: max(kind.get(name, 0) for kind in _SKILLS) for kind in _SKILLS for name in kind}]
        else:
            skills = list(_SKILLS)
        counts = [self.agents // len(skills) + (n < self.agents % len(skills)) for n in range(len(skills))]
        made: list[TestAgent] = []
        for kind, count in zip(skills, counts, strict=True):
            made += await self.stack.add_test_agents(count, kind, "demo", WRAP_UP_S)
        return made

    def _manner(self, rng: random.Random) -> AgentManner:
        """Agents talk so long that callers have to wait: about half as much work again as the seats can do."""
        talk_s = min(20.0, max(3.0, 1.5 * self.agents / (0.8 * self.rate) - WRAP_UP_S - 1.0))
        ignored = (4,) if self.agents >= 3 and self.calls >= 10 else ()
        return AgentManner(random.Random(rng.random()), (0.7 * talk_s, 1.3 * talk_s), ignored=ignored)

    async def _calls(self, plans: Sequence[Plan], made: Sequence[TestAgent], rng: random.Random) -> Director:
        asterisk = self.settings.asterisk
        samples = [audio.load(name) for name in audio.sample_names()]
        progress = Progress({plan.number for plan in plans})
        back: set[asyncio.Task[None]] = set()

        def ready_again(agent: str) -> None:
            task = asyncio.create_task(self._ready_again(agent))
            back.add(task)
            task.add_done_callback(back.discard)

        server = Server(asterisk.host, asterisk.sip_port)
        director = Director(server, self.folder, self._manner(rng), samples, ready_again)
        async with director:
            await director.add_agents({agent.id: agent.sip_password for agent in made})
            watcher = asyncio.create_task(self._watch(progress))
            try:
                for agent in made:
                    await self.stack.set_status(agent.id, "ready")
                with Display(progress, len(plans)) as display:
                    placing = asyncio.create_task(director.place(plans, self.rate))
                    while not placing.done():
                        display.show(len(director.account.calls))
                        await asyncio.wait([placing], timeout=0.25)
                    await placing
            finally:
                watcher.cancel()
                await asyncio.gather(watcher, *back, return_exceptions=True)
        return director

    async def _ready_again(self, agent: str) -> None:
        """He let it ring and was paused for it; a second later he is back."""
        await asyncio.sleep(1.0)
        await self.stack.set_status(agent, "ready")

    async def _watch(self, progress: Progress) -> None:
        async with self.stack.timeline() as milestones:
            async for milestone in milestones:
                progress.apply(milestone)

    async def _records(self, director: Director, since: float) -> list[CallRecord]:
        """All records, once each of our calls has ended in them (they reach SQL a moment after the call), or as they
        are when that does not come to pass."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + _RECORDS_LIMIT_S
        while True:
            records = await self.stack.calls_since(since)
            ended = {record.sip_call_id for record in records if record.ended_at is not None}
            if ended >= director.account.calls.keys() or loop.time() > ends:
                return records
            await asyncio.sleep(0.2)

    async def _wallboard(self, director: Director, records: Sequence[CallRecord]) -> list[Difference]:
        """Where the wallboard differs once everything has come to it."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + _SHOWN_LIMIT_S
        while True:
            found = differing(await self.stack.shown("wall"), director.account, records, self.agents)
            if not found or loop.time() > ends:
                return found
            await asyncio.sleep(0.2)


def outcome_rows(outcomes: Mapping[str, Mapping[str, int]]) -> list[tuple[str, str, str]]:
    return [(name.replace("_", " "), str(c["planned"]), str(c["reached"])) for name, c in outcomes.items()]
