"""Shifts of made-up agents of which everything is known: their milestones, and a plain account of who did what when."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

from cti.calls import AgentFact, CallFact, Milestone, Stream, Value

HALF_HOUR_MS = 1_800_000


@dataclass(slots=True)
class KnownShifts:
    milestones: list[Milestone] = field(default_factory=list)
    """By time."""
    spans: list[tuple[str, str, int, int]] = field(default_factory=list)
    """Agent, what he did, from when to when (UTC milliseconds)."""
    counts: list[tuple[str, str, int]] = field(default_factory=list)
    """Agent, what happened once, when."""

    def sums(self, since_ms: int, until_ms: int) -> dict[tuple[int, str], Counter[str]]:
        """By half hour (UTC seconds) and agent, counted a millisecond's share at a time."""
        found: dict[tuple[int, str], Counter[str]] = {}
        for agent, doing, begins, ends in self.spans:
            for half_hour in range(since_ms // HALF_HOUR_MS, until_ms // HALF_HOUR_MS + 1):
                begin = half_hour * HALF_HOUR_MS
                shared = min(ends, begin + HALF_HOUR_MS, until_ms) - max(begins, begin, since_ms)
                if shared > 0:
                    found.setdefault((begin // 1000, agent), Counter())[doing] += shared
        for agent, what, at in self.counts:
            if since_ms <= at < until_ms:
                found.setdefault((at // HALF_HOUR_MS * 1800, agent), Counter())[what] += 1
        return found


class Shift:
    def __init__(self, agent: str, begins_ms: int, rng: random.Random, known: KnownShifts) -> None:
        self.agent, self.now, self.rng, self.known = agent, begins_ms, rng, known
        self.seq: Counter[str] = Counter()
        self.calls = 0

    def says(self, kind: AgentFact, /, **data: Value) -> None:
        self._say("agent", self.agent, kind, data)

    def call(self, call_id: str, kind: CallFact, /, **data: Value) -> None:
        self._say("call", call_id, kind, {"agent": self.agent, **data})

    def passes(self, doing: str, least_ms: int, most_ms: int) -> int:
        passed = self.rng.randint(least_ms, most_ms)
        self.known.spans.append((self.agent, doing, self.now, self.now + passed))
        self.now += passed
        return passed

    def counts(self, what: str) -> None:
        self.known.counts.append((self.agent, what, self.now))

    def works(self, until_ms: int) -> None:
        self.says(AgentFact.LOGGED_IN)
        self.passes("not_ready_ms", 1000, 60_000)
        self.says(AgentFact.STATUS, status="ready", reason="")
        while self.now < until_ms:
            self.passes("idle_ms", 1, 120_000)
            self._one_call()
            if self.rng.random() < 0.05:
                self.says(AgentFact.STATUS, status="break", reason="lunch")
                self.passes("not_ready_ms", 60_000, 3_000_000)
                self.says(AgentFact.STATUS, status="ready", reason="")
        self.passes("idle_ms", 1, 1000)
        self.says(AgentFact.LOGGED_OUT, reason="logout")

    def _one_call(self) -> None:
        self.calls += 1
        call_id = f"c-{self.agent}-{self.calls}"
        self.counts("agent_offers")
        self.call(call_id, CallFact.OFFERED, n=1)
        self.passes("ringing_ms", 1000, 12_000)
        if self.rng.random() < 0.1:
            missed = self.rng.random() < 0.5
            if missed:
                self.counts("agent_missed")
            self.call(call_id, CallFact.OFFER_FAILED, n=1, outcome="no_answer" if missed else "caller_left")
            if missed:
                until = self.now + 10_000
                self.says(AgentFact.HELD_BACK, reason="no_answer", held=f"no_answer@{until / 1000:.3f}", misses=1)
                self.passes("not_answering_ms", 10_000, 10_000)
            return
        self.call(call_id, CallFact.ANSWERED, n=1)
        self.passes("talking_ms", 1000, 2_500_000 if self.rng.random() < 0.1 else 200_000)
        if self.rng.random() < 0.2:
            self.call(call_id, CallFact.HELD)
            self.passes("on_hold_ms", 1000, 40_000)
            self.call(call_id, CallFact.UNHELD)
            self.passes("talking_ms", 1, 20_000)
        self.counts("agent_talks")
        self.call(call_id, CallFact.TALK_ENDED, n=1, side="caller", talk_s=1.0)
        until = self.now + 45_000
        self.says(AgentFact.WRAP_UP_STARTED, call=call_id, kind="optional", until=until / 1000, most_until=until / 1000)
        if self.rng.random() < 0.5:
            self.passes("wrap_up_ms", 1000, 44_000)
            self.says(AgentFact.WRAP_UP_FINISHED)
        else:
            self.passes("wrap_up_ms", 45_000, 45_000)

    def _say(self, stream: Stream, id_: str, kind: str, data: dict[str, Value]) -> None:
        self.seq[id_] += 1
        self.known.milestones.append(Milestone(stream, id_, self.seq[id_], self.now / 1000, str(kind), data))


def known_shifts(agents: int, begins_ms: int, hours: int, seed: int) -> KnownShifts:
    rng, known = random.Random(seed), KnownShifts()
    for n in range(agents):
        starts = begins_ms + rng.randrange(HALF_HOUR_MS)
        Shift(f"a{1001 + n}", starts, rng, known).works(starts + hours * 3_600_000)
    known.milestones.sort(key=lambda m: m.at)
    return known
