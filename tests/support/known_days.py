"""Days of made-up calls of which everything is known: each timeline comes with a plain account of what happened in it.

The account is kept by the one who makes the calls up, in whole milliseconds, and asks nothing of the code under test.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from cti.calls import CallFact, Milestone, Need, NeedStep, SkillNeed, Value

ZONE = timezone(timedelta(hours=8))
MIDNIGHT_MS = int(datetime(2026, 11, 20, 0, 0, tzinfo=ZONE).timestamp()) * 1000
DAY_MS = 86_400_000
DAYS = 2
GAP_MS = (MIDNIGHT_MS + DAY_MS + 50_000_000, MIDNIGHT_MS + DAY_MS + 50_700_000)
"""13:53:20 to 14:05 of the second day: nobody saw what happened, so no call of that time is there."""

CITIES = ("dongguan", "huizhou")
NUMBERS = ("12345", "12333", "12315")
QUEUES = ("general", "enterprise", "social_security")
AGENTS = tuple(f"a{1000 + n}" for n in range(60))


@dataclass(slots=True)
class Account:
    """What happened in one call; moments in UTC milliseconds, None: it did not happen."""

    call_id: str
    at: int
    caller: str = ""
    city: str = ""
    number: str = ""
    queue: str = ""
    skill: str = ""
    asked: int | None = None
    queued: int | None = None
    answered: int | None = None
    ended: int = 0
    side: str = "caller"
    lost: str | None = None
    agents: list[str] = field(default_factory=list)
    offers: int = 0
    taken: int = 0
    talk: int = 0
    held: int = 0
    moved: bool = False
    linked: bool = False
    surveyed: bool = False
    score: int | None = None
    wants_callback: bool = False
    message: bool = False
    estimated: bool = False
    incomplete: bool = False
    callback: bool = False
    task: str = ""
    outcome: str = ""


class Teller:
    """Tells one call: every line is a milestone, and what it means goes to the account."""

    def __init__(self, call_id: str, at: int, rng: random.Random) -> None:
        self.rng, self.now, self.account = rng, at, Account(call_id, at)
        self.timeline: list[Milestone] = []

    def say(self, kind: CallFact, /, **data: Value) -> None:
        seq = len(self.timeline) + 1
        self.timeline.append(Milestone("call", self.account.call_id, seq, self.now / 1000, kind.value, data))

    def wait(self, least_ms: int, most_ms: int) -> int:
        """Often at the very edges: that is where definitions differ."""
        edges = (least_ms, most_ms, most_ms - 1)
        passed = self.rng.choice(edges) if self.rng.random() < 0.15 else self.rng.randint(least_ms, most_ms)
        self.now += passed
        return passed

    def arrive(self, **more: Value) -> None:
        rng, a = self.rng, self.account
        a.caller = "" if rng.random() < 0.05 else f"139{rng.randrange(7000):08d}"
        a.city, a.number = rng.choice(CITIES), rng.choice(NUMBERS)
        facts: dict[str, Value] = {"pii_caller": a.caller, "dialled": a.number, "city": a.city, "direction": "in"}
        self.say(CallFact.ARRIVED, **{**facts, "statistics": a.number, **more})
        self.say(CallFact.ENTERED, node="greeting", type="say")

    def menu(self) -> None:
        self.wait(0, 12_000)
        self.say(CallFact.MENU_ENTERED, node="menu")

    def ask(self) -> None:
        self.wait(0, 9000)
        self.account.asked = self.now
        self.say(CallFact.HUMAN_ASKED, by="key")

    def queue(self) -> None:
        a = self.account
        queue, skill = self.rng.choice(QUEUES), self.rng.choice(("", "english", "care"))
        if a.queued is None:
            a.queued, a.queue, a.skill = self.now, queue, skill
        need = Need(queue, (NeedStep((SkillNeed(skill),)),) if skill else ())
        self.say(CallFact.QUEUED, queue=queue, need=need.to_text())

    def to_queue(self) -> None:
        self.arrive()
        self.menu()
        self.ask()
        self.wait(0, 2000)
        self.queue()

    def offer(self) -> str:
        agent = self.rng.choice(AGENTS)
        self.account.offers += 1
        self.say(CallFact.OFFERED, agent=agent, n=self.account.offers, why="{}")
        return agent

    def refuse(self, agent: str, outcome: str = "no_answer") -> None:
        self.say(CallFact.OFFER_FAILED, agent=agent, n=self.account.offers, outcome=outcome)

    def answer(self, agent: str) -> None:
        a = self.account
        if a.answered is None:
            a.answered = self.now
        a.taken += 1
        a.agents.append(agent)
        self.say(CallFact.ANSWERED, agent=agent, n=a.offers, wait_s=((self.now - (a.queued or 0)) / 1000))

    def talk(self, agent: str, side: str = "agent") -> None:
        began = self.now
        self.wait(1000, 2_400_000 if self.rng.random() < 0.05 else 240_000)
        if self.rng.random() < 0.2:
            self.say(CallFact.HELD, agent=agent)
            self.account.held += self.wait(1000, 30_000)
            self.say(CallFact.UNHELD, agent=agent)
        self.account.talk += self.now - began
        talk_s = (self.now - began) / 1000
        self.say(CallFact.TALK_ENDED, agent=agent, n=self.account.offers, side=side, talk_s=talk_s)

    def connect(self) -> str:
        """Waits for an agent, and gets him."""
        self.wait(0, 32_000)
        agent = self.offer()
        self.wait(0, 12_000)
        self.answer(agent)
        return agent

    def survey(self) -> None:
        a = self.account
        if self.rng.random() < 0.7:
            a.surveyed = True
            self.say(CallFact.SURVEY_OFFERED, scale=3)
            if self.rng.random() < 0.5:
                a.score = self.rng.choice((1, 2, 3))
                self.say(CallFact.RATED, score=a.score, satisfied=a.score < 3)

    def end(self, lost: str | None, side: str = "caller", **more: Value) -> None:
        a = self.account
        a.lost, a.side, a.ended = lost, side, self.now
        facts: dict[str, Value] = {"side": side, "place": lost or "survey", "lost_at": lost, "estimated": a.estimated}
        self.say(CallFact.ENDED, **{**facts, **more})


def in_menu(t: Teller) -> None:
    t.arrive()
    t.menu()
    if t.rng.random() < 0.3:
        t.ask()
    t.wait(0, 5001)
    t.end("menu")


def served_by_itself(t: Teller) -> None:
    t.arrive()
    t.menu()
    t.wait(1000, 60_000)
    t.end(None, "system")


def linked(t: Teller) -> None:
    t.arrive()
    t.menu()
    t.account.linked = True
    t.say(CallFact.TRANSFERRED, target="110")
    t.wait(10_000, 90_000)
    t.end(None)


def answered(t: Teller) -> None:
    t.to_queue()
    t.talk(t.connect())
    t.survey()
    t.end(None)


def two_offers(t: Teller) -> None:
    t.to_queue()
    agent = t.offer()
    t.wait(8000, 12_000)
    t.refuse(agent)
    t.talk(t.connect(), "caller")
    t.end(None)


def gave_up(t: Teller) -> None:
    t.to_queue()
    t.wait(0, 5001 if t.rng.random() < 0.4 else 90_000)
    t.end(t.rng.choice(("queue", "no_seat")), t.rng.choice(("caller", "caller", "system")))


def gave_up_ringing(t: Teller) -> None:
    t.to_queue()
    t.wait(0, 40_000)
    agent = t.offer()
    t.wait(0, 9000)
    t.refuse(agent, "caller_left")
    t.end("ringing")


def overflowed(t: Teller) -> None:
    t.to_queue()
    t.wait(1000, 90_000)
    t.say(CallFact.LEFT_QUEUE, reason="left_by_key")
    t.wait(0, 9000)
    t.end("overflow")


def left_message(t: Teller) -> None:
    t.to_queue()
    t.say(CallFact.LEFT_QUEUE, reason="no_seat")
    t.wait(5000, 60_000)
    t.account.message = True
    t.say(CallFact.MESSAGE_LEFT, file="m.wav", seconds=20.0)
    t.end("message")


def fell_back(t: Teller) -> None:
    t.to_queue()
    t.wait(0, 30_000)
    t.say(CallFact.FELL_BACK, queue_status="TIMEOUT")
    t.wait(0, 60_000)
    t.end("fallback", t.rng.choice(("caller", "system")))


def fell_back_and_answered(t: Teller) -> None:
    """By an agent whom nobody knows; the end of the talk was found out later."""
    t.to_queue()
    t.wait(0, 30_000)
    t.say(CallFact.FELL_BACK, queue_status="CONTINUE")
    t.account.answered = t.now
    t.say(CallFact.ANSWERED, agent=None, n=0, wait_s=(t.now - (t.account.queued or 0)) / 1000)
    t.wait(30_000, 300_000)
    t.account.estimated = True
    t.end(None)


def crashed_in_talk(t: Teller) -> None:
    t.to_queue()
    t.connect()
    t.wait(30_000, 300_000)
    t.account.estimated = True
    t.end(None, "interrupted")


def handed_over(t: Teller) -> None:
    t.to_queue()
    first = t.connect()
    began = t.now
    t.wait(10_000, 60_000)
    second = t.rng.choice([agent for agent in AGENTS if agent != first])
    t.say(CallFact.PARTY_ASKED, p=1, kind="agent", target=second, mode="conference", by=first, agent=second)
    t.wait(2000, 9000)
    t.say(CallFact.PARTY_JOINED, p=1, agent=second, mode="conference")
    joined = t.now
    t.wait(2000, 60_000)
    talk_s = (t.now - began) / 1000
    n = t.account.offers
    t.say(CallFact.HANDED_OVER, p=1, agent=second, by=first, n=n, side="agent", talk_s=talk_s)
    t.account.agents.append(second)
    t.account.moved = True
    t.wait(10_000, 120_000)
    t.say(CallFact.PARTY_LEFT, p=1, agent=second, side="party", talk_s=(t.now - joined) / 1000)
    t.account.talk = t.now - began
    t.survey()
    t.end(None)


def sent_on(t: Teller) -> None:
    """To another queue, where somebody else answers: one answered call, in the queue that it entered first."""
    t.to_queue()
    agent = t.connect()
    t.say(CallFact.MOVED, to="enterprise", kind="queue", by=agent, agent=agent)
    t.talk(agent)
    t.queue()
    t.talk(t.connect())
    t.account.moved = True
    t.end(None)


def agent_lost(t: Teller) -> None:
    """And nobody takes him again: answered all the same."""
    t.to_queue()
    t.talk(t.connect(), "agent_lost")
    t.queue()
    t.wait(1000, 40_000)
    t.end(None)


def unheard_arrival(t: Teller) -> None:
    """Its first line is lost, and with it who called whom: it counts from the next one on."""
    answered(t)
    del t.timeline[0]
    a = t.account
    a.at = round(t.timeline[0].at * 1000)
    a.caller = a.city = a.number = ""
    # Nothing says that a line before the first one is missing.


def line_lost(t: Teller) -> None:
    answered(t)
    del t.timeline[1]
    t.account.incomplete = True


SCENES: tuple[tuple[Callable[[Teller], None], int], ...] = (
    (answered, 50),
    (in_menu, 12),
    (served_by_itself, 3),
    (linked, 1),
    (two_offers, 8),
    (gave_up, 10),
    (gave_up_ringing, 3),
    (overflowed, 2),
    (left_message, 1),
    (fell_back, 1),
    (fell_back_and_answered, 1),
    (crashed_in_talk, 1),
    (handed_over, 3),
    (sent_on, 2),
    (agent_lost, 1),
    (unheard_arrival, 1),
    (line_lost, 1),
)


@dataclass(slots=True)
class KnownDays:
    accounts: list[Account] = field(default_factory=list)
    timelines: list[list[Milestone]] = field(default_factory=list)

    def in_order(self, rng: random.Random) -> list[Milestone]:
        """All milestones as one journal has them: by time, each call's in its own order, calls mixed at random."""
        ranks = rng.sample(range(len(self.timelines)), len(self.timelines))
        tagged = [
            (milestone.at, rank, milestone.seq, milestone)
            for rank, timeline in zip(ranks, self.timelines, strict=True)
            for milestone in timeline
        ]
        return [milestone for *_, milestone in sorted(tagged, key=lambda one: one[:3])]


def known_days(calls: int, seed: int) -> KnownDays:
    """So many calls to us in two days, and what callbacks follow from them."""
    rng = random.Random(seed)
    days = KnownDays()
    scenes, weights = zip(*SCENES, strict=True)
    span = DAYS * DAY_MS
    # A bad night in the middle, so that the worst 24 hours are none from midnight to midnight.
    edges = [0, 1, DAY_MS - 1, DAY_MS, DAY_MS + 1, span - 1, 1_800_000, 1_799_999]
    for n in range(calls):
        at = MIDNIGHT_MS + (edges[n] if n < len(edges) else rng.randrange(span))
        if GAP_MS[0] <= at < GAP_MS[1]:
            continue
        night = DAY_MS // 2 < at - MIDNIGHT_MS < DAY_MS + DAY_MS // 4
        scene = gave_up if night and rng.random() < 0.2 else rng.choices(scenes, weights)[0]
        teller = Teller(f"c{n}", at, rng)
        scene(teller)
        _keep(days, teller)
        if scene is gave_up and rng.random() < 0.3:
            _call_back(days, teller.account, rng)
    for n in range(calls // 100):
        at = MIDNIGHT_MS + rng.randrange(span)
        if GAP_MS[0] <= at < GAP_MS[1]:
            continue
        teller = Teller(f"k{n}", at, rng)
        teller.to_queue()
        teller.wait(1000, 40_000)
        teller.account.wants_callback = True
        teller.say(CallFact.CALLBACK_REQUESTED, callback=f"kb{n}")
        teller.end("callback")
        _keep(days, teller)
        _call_back(days, teller.account, rng)
    return days


def _keep(days: KnownDays, teller: Teller) -> None:
    days.accounts.append(teller.account)
    days.timelines.append(teller.timeline)


def _call_back(days: KnownDays, asked: Account, rng: random.Random) -> None:
    """Up to three tries, until he is reached or nobody wants him any more."""
    at = asked.ended
    for attempt in range(1, 4):
        at += rng.randint(60_000, 3_600_000)
        t = Teller(f"{asked.call_id}-b{attempt}", at, rng)
        a = t.account
        a.callback, a.task, a.caller, a.city, a.number = True, f"t{asked.call_id}", "x", asked.city, asked.number
        arrived: dict[str, Value] = {"direction": "callback", "task": a.task, "attempt": attempt, "pii_caller": "x"}
        t.say(CallFact.ARRIVED, **arrived, city=a.city, dialled=a.number, statistics=a.number)
        a.outcome = rng.choice(("reached", "reached", "no_answer", "busy", "withdrawn", "no_agent"))
        if a.outcome == "reached":
            t.queue()
            agent = t.offer()
            t.say(CallFact.CONFIRMED, agent=agent, n=1)
            t.say(CallFact.DIALLED, agent=agent, n=1)
            t.wait(3000, 20_000)
            t.answer(agent)
            t.talk(agent)
        t.end(None, "system", outcome=a.outcome)
        _keep(days, t)
        at = a.ended
        if a.outcome in ("reached", "withdrawn"):
            return
