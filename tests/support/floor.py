"""A shift on the real switchboard: agents with names and skills, a clock in our hand, and the journal that results."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from agents.roster import Agent
from cti.calls import AgentFact, AgentId, CallFact, CallId, CityFact, Milestone, Need, Value
from cti.metrics.around import Around
from cti.metrics.explain import Why, explain, window
from cti.storage.store import DESK_FACTS
from cti.switchboard import Effects, Switchboard
from queues.needs import Overflow

ZONE = ZoneInfo("Asia/Shanghai")
TEN = datetime(2026, 11, 21, 10, tzinfo=ZONE).timestamp()


class Floor:
    """Begins at ten o'clock with every agent ready; `at` moves the clock, in seconds from then."""

    def __init__(self, agents: Mapping[str, tuple[str, dict[str, int]]], overflow: tuple[Overflow, ...] = ()) -> None:
        self.now = TEN
        self.journal: list[Milestone] = []
        self.board = Switchboard(0.0, overflow=overflow)
        self.roster = {AgentId(a): Agent(AgentId(a), name, skills) for a, (name, skills) in agents.items()}
        self.board.set_roster(self.roster)
        for agent in agents:
            self.agent(AgentFact.LOGGED_IN, agent)
            self.agent(AgentFact.STATUS, agent, status="ready")

    def at(self, seconds: float) -> None:
        """Time passes, and whatever is due by itself happens at its moment."""
        while (due := self.board.next_tick_at(self.now)) is not None and due <= TEN + seconds:
            self.now = due
            self._keep(self.board.tick(due))
        self.now = TEN + seconds

    def call(self, kind: CallFact, call: str, /, **data: Value) -> None:
        self._keep(self.board.apply(kind, CallId(call), self.now, data))

    def agent(self, kind: AgentFact, agent: str, **data: str) -> None:
        self._keep(self.board.apply_agent(kind, AgentId(agent), self.now, data))

    def rung(self, name: str, on: bool, by: str = "rule") -> None:
        self._keep(self.board.apply_city(CityFact.RUNG, name, self.now, {"on": on, "by": by}))

    def arrives(self, call: str, **data: Value) -> None:
        facts = {"dialled": "12345", "direction": "in", "pii_caller": "13800138000", "sip_call_id": f"{call}@sip"}
        self.call(CallFact.ARRIVED, call, **facts | data)
        self.board.attach(CallId(call), self, self.now)

    def queues(self, call: str, need: Need, **data: Value) -> None:
        if call not in self.board.calls:
            self.arrives(call)
        self.call(CallFact.QUEUED, call, queue=need.queue, need=need.to_text(), **data)

    def answers(self, call: str) -> None:
        live = self.board.calls[CallId(call)]
        self.call(CallFact.ANSWERED, call, agent=live.agent, n=live.offers, wait_s=self.now - live.queued_at)

    def rings_in_vain(self, call: str, outcome: str = "no_answer") -> None:
        live = self.board.calls[CallId(call)]
        self.call(CallFact.OFFER_FAILED, call, agent=live.agent, n=live.offers, outcome=outcome)

    def talk_ends(self, call: str, side: str = "agent", talk_s: float = 60.0) -> None:
        live = self.board.calls[CallId(call)]
        self.call(CallFact.TALK_ENDED, call, agent=live.agent, n=live.offers, side=side, talk_s=talk_s)

    def ends(self, call: str, side: str = "caller", lost_at: str | None = None, **data: Value) -> None:
        place = lost_at or "talk"
        self.call(CallFact.ENDED, call, side=side, place=place, lost_at=lost_at, estimated=False, **data)

    def timeline(self, call: str) -> list[Milestone]:
        return [m for m in self.journal if m.stream == "call" and m.id == call]

    def around(self, call: str) -> Around:
        """As the store gives it."""
        span = window(self.timeline(call), self.now)
        if span is None:
            return Around()
        within = [m for m in self.journal if span[0] <= m.at < span[1]]
        return Around(
            [m for m in within if m.kind in DESK_FACTS],
            [m for m in within if m.stream == "agent"],
            [m for m in within if m.stream == "city"],
        )

    def why(self, call: str) -> Why:
        found = explain(self.timeline(call), self.around(call), self.roster, self.now)
        assert found is not None
        return found

    def _keep(self, effects: Effects) -> None:
        self.journal += effects.milestones
